"""The bot's own posts about somebody, and their deletion where Slack still lets it."""

from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import exists, func, select

from bot.audit.entries import Came, ShownTo
from bot.audit.forget import Doomed
from bot.domain.asking import Way
from bot.slack.client import SlackAway
from bot.storage.store import Store
from bot.storage.tables import audit, posts

# `channel_not_found` is none of them: Slack says so of a private channel that the bot was removed from.
_GONE = frozenset({"message_not_found", "thread_not_found"})
# What stands in the register in place of a time for a message that one person alone was shown.
_NOT_A_TIME = "given"
Place = tuple[str, str]
"""A channel's id and a message's time."""


@dataclass(frozen=True, slots=True)
class LeftPost:
    """A post that stays in Slack, and Slack's word for why."""

    channel: str
    ts: str
    why: str


@dataclass(frozen=True, slots=True)
class Removed:
    """How many posts were deleted (or were gone already), how many were edited, and those that are left."""

    deleted: int = 0
    edited: int = 0
    left: tuple[LeftPost, ...] = ()

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(self.deleted + other.deleted, self.edited + other.edited, self.left + other.left)


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """
    What was told about somebody and can be taken back by no app.

    `cards` are those below other people's messages, `shown_to_one` are answers that one person alone was
    shown, `desk_notes` are notes in their tickets, `workflow_answers` went to a workflow, which may
    have posted them.
    """

    cards: int = 0
    shown_to_one: int = 0
    desk_notes: int = 0
    workflow_answers: int = 0


# Posts about sessions of which nobody knew any more whose they are, and the messages that were pressed on.
_OF_SESSIONS = (
    select(posts.c.channel, posts.c.ts, audit.c.message_ts)
    .join(audit, audit.c.job == posts.c.job)
    .where(audit.c.subject.is_(None), audit.c.way.in_((Way.SESSION_ERRORS, Way.SESSION_SUMMARY)))
    .where(audit.c.message_ts.is_not(None), posts.c.ts.is_not(None))
)


async def posts_about(store: Store, doomed: Doomed) -> list[Place]:
    """Where the bot's posts about somebody are: those of jobs about them, and those that took their place."""
    theirs = [str(key[0]) for key in doomed.rows[audit]]
    async with store.read(is_long=True) as connection:
        ours = select(posts.c.channel, posts.c.ts).where(
            posts.c.job.in_(doomed.jobs), posts.c.ts.is_not(None)
        )
        found = {(row.channel, row.ts) for row in (await connection.execute(ours)).all()}
        placed = select(audit.c.channel, audit.c.message_ts).where(
            audit.c.job.in_(doomed.jobs) | audit.c.id.in_(theirs), audit.c.message_ts.is_not(None)
        )
        found |= {(row.channel, row.message_ts) for row in (await connection.execute(placed)).all()}
        read = (await connection.execute(_OF_SESSIONS)).all()
        found |= {(row.channel, row.ts) for row in read if (row.channel, row.message_ts) in found}
    return sorted((channel, ts) for channel, ts in found if channel and ts != _NOT_A_TIME)


async def out_of_reach(store: Store, doomed: Doomed) -> OutOfReach:
    """What was told about somebody and can be taken back by no app, by the audit trail's rows about them."""
    theirs = audit.c.id.in_([str(key[0]) for key in doomed.rows[audit]])
    told = theirs & audit.c.outcome.in_((Came.FOUND, Came.NOBODY, Came.NO_ANSWER, Came.NOTED))
    # In a direct message the answer is a post like any other.
    has_post = exists().where(posts.c.job == audit.c.job, posts.c.ts.is_not(None), posts.c.ts != _NOT_A_TIME)
    told &= ~has_post & audit.c.message_ts.is_(None)
    query = select(audit.c.way, audit.c.shown_to, func.count()).group_by(audit.c.way, audit.c.shown_to)
    cards = shown_to_one = desk_notes = workflow_answers = 0
    async with store.read(is_long=True) as connection:
        for way, shown_to, count in (await connection.execute(query.where(told))).all():
            cards += count if way == Way.CARD and shown_to == ShownTo.PUBLIC else 0
            shown_to_one += count if shown_to == ShownTo.ASKER and way not in _OUTSIDE_SLACK else 0
            desk_notes += count if shown_to == ShownTo.DESK else 0
            workflow_answers += count if way == Way.WORKFLOW and shown_to in _HANDED_ON else 0
    return OutOfReach(cards, shown_to_one, desk_notes, workflow_answers)


# What these show to one person is not in Slack.
_OUTSIDE_SLACK = frozenset({Way.TERMINAL, Way.MCP, Way.PLAIN})
# So a workflow's step was answered that has handed something on.
_HANDED_ON = frozenset({ShownTo.PUBLIC, ShownTo.MASKED})


async def remove_posts(slack: AsyncWebClient, places: Iterable[Place]) -> Removed:
    """Delete posts, replies before what they hang below."""
    removed = Removed()
    for channel, ts in sorted(places, reverse=True):
        removed += await remove_post(slack, channel, ts)
    return removed


async def remove_post(slack: AsyncWebClient, channel: str, ts: str) -> Removed:
    """Delete a post; one that is gone already counts as deleted."""
    try:
        await slack.chat_delete(channel=channel, ts=ts)
    except (SlackApiError, SlackAway) as error:
        return not_removed(channel, ts, error)
    return Removed(deleted=1)


def not_removed(channel: str, ts: str, error: SlackApiError | SlackAway) -> Removed:
    """What has become of a post that Slack did not delete or edit: it was gone already, or is left."""
    why = str(error.response.get("error")) if isinstance(error, SlackApiError) else str(error)
    return Removed(deleted=1) if why in _GONE else Removed(left=(LeftPost(channel, ts, why),))

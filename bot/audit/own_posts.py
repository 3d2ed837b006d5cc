"""The bot's own posts about somebody, and their deletion where Slack still lets it."""

from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select

from bot.audit.forget import Doomed
from bot.slack.client import SlackAway
from bot.storage.store import Store
from bot.storage.tables import audit, posts

_GONE = frozenset({"message_not_found", "channel_not_found", "thread_not_found"})
# What stands in the register in place of a time for a message that one person alone was shown.
_NOT_A_TIME = "given"
Place = tuple[str, str]
"""A channel's id and a message's time."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How many posts were deleted (or were gone already), and how many Slack does not let us delete."""

    deleted: int = 0
    left: int = 0


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
    return sorted((channel, ts) for channel, ts in found if channel and ts != _NOT_A_TIME)


async def remove_posts(slack: AsyncWebClient, places: Iterable[Place]) -> Removed:
    """Delete posts, replies before what they hang below."""
    deleted = left = 0
    for channel, ts in sorted(places, reverse=True):
        try:
            await slack.chat_delete(channel=channel, ts=ts)
        except SlackApiError as error:
            gone = error.response.get("error") in _GONE
            deleted, left = deleted + gone, left + (not gone)
        except SlackAway:
            left += 1
        else:
            deleted += 1
    return Removed(deleted, left)

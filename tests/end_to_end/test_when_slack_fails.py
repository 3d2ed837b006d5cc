"""Slack loses answers, wants to be left alone, or is ill; and Casefile has too much to do, or no database."""

import asyncio

import pytest

from bot.answers.buttons import REFRESH
from bot.audit.search import search
from bot.storage.database import StoreAway
from sandbox.slack import Message, plain_text
from tests.end_to_end.conftest import BY_BOTH_TRANSPORTS, Desk

JANE = "jane@contoso.example"
# What is not to be acknowledged is waited for no longer than that; over Socket Mode there is no refusal.
NOT_ACKNOWLEDGED_AFTER_SECONDS = 1.0
BUSY = "more lookups under way than it can take on"


def seen(desk: Desk, channel: str, such: str) -> list[Message]:
    """The messages in a channel that only the agent sees."""
    slack = desk.world.slack
    return [m for m in slack.ephemerals(channel, slack.people.agent) if such in plain_text(m)]


async def test_where_the_bot_may_not_look_for_a_lost_post_the_person_is_told(desk: Desk) -> None:
    slack = desk.world.slack
    slack.scopes.difference_update({"channels:history", "groups:history"})
    slack.fail_next("chat.postMessage", lose_answer=True)
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.ephemeral(such="Slack did not say whether it took")
        await desk.idle(bot)
    assert len(desk.posts()) == 1


async def test_what_only_the_asker_sees_is_said_once_where_slacks_answer_is_lost(desk: Desk) -> None:
    slack = desk.world.slack
    place = slack.places.direct_between_people
    slack.fail_next("response_url", lose_answer=True)
    async with desk.casefile() as bot:
        await desk.ask("cust-8841", channel=place)
        await slack.wait_for(lambda: seen(desk, place, "cust-8841"))
        await desk.idle(bot)
    assert len(seen(desk, place, "cust-8841")) == 1


async def test_what_only_the_asker_sees_is_said_when_slack_takes_it_again(desk: Desk) -> None:
    place = desk.world.slack.places.direct_between_people
    desk.world.slack.fail_next("response_url", retry_after=1)
    async with desk.casefile() as bot:
        await desk.ask(JANE, channel=place)
        await desk.ephemeral(channel=place, such="On the site now")
        await desk.idle(bot)
    assert len(seen(desk, place, JANE)) == 1


async def test_a_private_answer_that_breaks_in_the_middle_is_said_to_be_broken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = desk.world.slack.places.direct_between_people

    async def broken(*_: object, **__: object) -> bool:
        monkeypatch.undo()
        raise RuntimeError("invented")

    async with desk.casefile() as bot:
        monkeypatch.setattr(bot.poster, "respond", broken)
        await desk.ask(JANE, channel=place)
        await desk.ephemeral(channel=place, such="could not finish this lookup")
        await desk.idle(bot)
    assert len(seen(desk, place, "could not finish")) == 1


async def test_a_private_answer_that_was_not_yet_shown_is_given_after_a_restart(desk: Desk) -> None:
    place = desk.world.slack.places.direct_between_people
    for vendor in desk.world.vendors:
        vendor.hold = asyncio.Event()
    async with desk.casefile():
        await desk.ask(JANE, channel=place)
    for vendor in desk.world.vendors:
        vendor.hold = None
    async with desk.casefile() as bot:
        await desk.ephemeral(channel=place, such="On the site now")
        await desk.idle(bot)
    assert len(seen(desk, place, JANE)) == 1


async def test_an_answer_that_comes_after_half_an_hour_is_shown_without_the_response_url(desk: Desk) -> None:
    slack, hold = desk.world.slack, asyncio.Event()
    place = slack.places.random
    slack.fail_next("users.info", hold=hold)
    desk.world.rybbit.latency = 0.3
    desk.extra["VISIBILITY"] = "ephemeral"
    async with desk.casefile() as bot:
        await desk.ask(JANE, channel=place)
        desk.world.clock.advance(31 * 60)
        hold.set()
        await desk.ephemeral(channel=place, such="visits")
        await desk.idle(bot)
    assert len(seen(desk, place, JANE)) == 1
    # The sandbox has the URL that had expired on its record.
    slack.violations.clear()


@BY_BOTH_TRANSPORTS
async def test_whoever_asks_in_any_way_while_too_much_waits_is_told_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask("cust-8841")
        _, reply = await desk.thread()
        await desk.idle(bot)
        monkeypatch.setattr("bot.jobs.worker._MOST_WAITING", 0)
        calls = len(desk.world.fullstory.calls)
        outcome = await desk.ask(JANE)
        await slack.press(reply.channel, reply.ts, REFRESH, slack.people.agent)
        await slack.post_as_user(slack.places.support, slack.people.agent, f"<@{slack.people.bot}> {JANE}")
        await slack.post_as_user(slack.places.direct_with_bot, slack.people.agent, JANE)
        await slack.wait_for(lambda: len(seen(desk, slack.places.support, BUSY)) == 3)
        await slack.wait_for(
            lambda: [m for m in slack.messages(slack.places.direct_with_bot) if BUSY in plain_text(m)]
        )
        await desk.idle(bot)
        rows = await search(bot.engine.store, bot.engine.keyring, by=slack.people.agent)
        refused = [row.way for row in rows if row.outcome == "refused_too_many"]
        assert sorted(refused) == ["command", "direct_message", "mention", "refresh"]
    assert BUSY in str(outcome.delivery and outcome.delivery.body)
    assert len(desk.world.fullstory.calls) == calls


@BY_BOTH_TRANSPORTS
async def test_without_a_database_a_button_is_answered_with_a_plain_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = desk.world.slack

    async def away(*_: object) -> None:
        raise StoreAway("invented")

    async with desk.casefile() as bot:
        await desk.ask("cust-8841")
        _, reply = await desk.thread()
        await desk.idle(bot)
        monkeypatch.setattr(bot.inbox, "accept", away)
        pressed = await slack.press(reply.channel, reply.ts, REFRESH, slack.people.agent)
        assert pressed.error is None
        await desk.ephemeral(such="cannot reach its database")
        # What cannot be answered at once is refused, and comes again when the database is back.
        slack.courier.retry_waits = (0.1, 0.5, 1.0, 1.0)
        patience, slack.courier.ack_seconds = slack.courier.ack_seconds, NOT_ACKNOWLEDGED_AFTER_SECONDS
        mention = await slack.post_as_user(
            slack.places.support, slack.people.agent, f"<@{slack.people.bot}> u-77"
        )
        assert not slack.deliveries[-1].acknowledged
        slack.courier.ack_seconds = patience
        monkeypatch.undo()
        await slack.wait_for(lambda: slack.replies(mention.channel, mention.ts))
        await desk.idle(bot)
    assert len(slack.replies(mention.channel, mention.ts)) == 1
    # The refused deliveries are on the sandbox's record, as they must be.
    slack.violations.clear()

"""The rule of who may look up whom, and where, over both transports."""

import asyncio
from typing import Any

import pytest

from bot.answers.buttons import REFRESH
from sandbox.slack import plain_text
from tests.end_to_end.conftest import Desk

JANE = "jane@contoso.example"


@pytest.fixture(params=["socket"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


@pytest.mark.parametrize("who", ["guest", "single_channel_guest"])
async def test_guests_are_refused_unless_allowed(desk: Desk, who: str) -> None:
    guest = getattr(desk.world.slack.people, who)
    desk.world.slack.state.invite(desk.world.slack.places.support, guest)
    async with desk.casefile():
        await desk.ask(JANE, user=guest)
        await desk.ephemeral(user=guest, such="Guests of this workspace cannot")
    assert desk.world.fullstory.calls == []
    desk.extra["ACCESS__GUESTS"] = "true"
    async with desk.casefile():
        await desk.ask(JANE, user=guest)
        await desk.thread()


async def test_nobody_is_looked_up_in_a_channel_shared_with_another_company(desk: Desk) -> None:
    shared = desk.world.slack.places.shared
    async with desk.casefile():
        await desk.ask(JANE, channel=shared)
        await desk.ephemeral(channel=shared, such="shared with another company")
    assert desk.posts(shared) == []
    assert desk.world.fullstory.calls == []


async def test_only_the_configured_channels_are_answered_in(desk: Desk) -> None:
    slack = desk.world.slack
    desk.extra["ACCESS__CHANNELS"] = slack.places.random
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.ephemeral(such="Customers are looked up in")
        await desk.ask(JANE, channel=slack.places.random)
        await desk.thread(channel=slack.places.random)
    assert desk.posts() == []


async def test_only_members_of_the_configured_user_groups_may_ask(desk: Desk) -> None:
    slack = desk.world.slack
    desk.extra["ACCESS__USER_GROUPS"] = "S0DESK0001"
    async with desk.casefile():
        await desk.ask(JANE, user=slack.people.admin)
        await desk.ephemeral(user=slack.people.admin, such="certain user groups")
        await desk.ask(JANE, user=slack.people.agent)
        await desk.thread()


async def test_somebody_from_another_company_cannot_press_refresh(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        _, reply = await desk.thread()
        calls = len(desk.world.fullstory.calls)
        slack.state.invite(reply.channel, slack.people.stranger)
        await slack.press(reply.channel, reply.ts, REFRESH, slack.people.stranger)
        await desk.idle(bot)
        await desk.ephemeral(user=slack.people.stranger, such="Only members of this workspace")
    assert len(desk.world.fullstory.calls) == calls


async def test_where_slack_refuses_to_say_who_asks_nobody_is_looked_up(desk: Desk) -> None:
    desk.world.slack.fail_next("users.info", error="access_denied")
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.ephemeral(such="Slack could not confirm who you are")
    assert desk.world.fullstory.calls == []


@pytest.mark.parametrize("trouble", [{"error": "internal_error"}, {"lose_answer": True}], ids=str)
async def test_while_slack_cannot_say_who_asks_nobody_is_looked_up_and_then_it_is_asked_again(
    desk: Desk, trouble: dict[str, Any]
) -> None:
    slack, hold = desk.world.slack, asyncio.Event()
    # The HTTP client repeats a lost GET once by itself.
    for _ in range(2):
        slack.fail_next("users.info", **trouble)
    slack.fail_next("users.info", hold=hold)
    async with desk.casefile():
        await desk.ask(JANE)
        tries = 2 if "error" in trouble else 3
        await slack.wait_for(lambda: sum(c.method == "users.info" for c in slack.api_calls) >= tries)
        assert desk.world.fullstory.calls == []
        hold.set()
        await desk.thread()
    assert len(desk.posts()) == 1


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("private_without_bot", "/invite @Casefile"),
        ("direct_between_people", "cannot post in messages between people"),
    ],
)
async def test_where_the_bot_may_not_post_only_the_asker_sees_the_answer(
    desk: Desk, place: str, hint: str
) -> None:
    channel = getattr(desk.world.slack.places, place)
    async with desk.casefile():
        await desk.ask(JANE, channel=channel)
        message = await desk.ephemeral(channel=channel, such="On the site now")
    assert hint in plain_text(message)
    assert desk.posts(channel) == []


async def test_a_public_channel_without_the_bot_is_answered_in(desk: Desk) -> None:
    general = desk.world.slack.places.general
    async with desk.casefile():
        await desk.ask(JANE, channel=general)
        await desk.thread(channel=general)


async def test_without_the_scope_for_it_the_asker_is_told_to_invite_the_bot(desk: Desk) -> None:
    general = desk.world.slack.places.general
    desk.world.slack.scopes.discard("chat:write.public")
    async with desk.casefile():
        await desk.ask(JANE, channel=general)
        await desk.ephemeral(channel=general, such="/invite @Casefile")


async def test_without_a_needed_scope_the_asker_is_told_whom_to_ask(desk: Desk) -> None:
    desk.world.slack.scopes.discard("chat:write")
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.ephemeral(such="casefile doctor")


async def test_with_visibility_ephemeral_only_the_asker_sees_the_answer(desk: Desk) -> None:
    desk.extra["VISIBILITY"] = "ephemeral"
    desk.world.raygun.latency = 0.3
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.idle(bot)
        message = await desk.ephemeral(such="4 tools, all live")
        await desk.world.slack.press(message.channel, message.ts, REFRESH, desk.world.slack.people.agent)
        await desk.idle(bot)
    assert desk.posts() == []

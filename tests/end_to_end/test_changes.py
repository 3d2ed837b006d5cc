"""What Slack says of a channel, a person or a button is believed at once."""

from dataclasses import replace
from typing import Any

import pytest

from bot.answers.buttons import REFRESH
from bot.audit.search import search
from sandbox.slack import plain_text
from sandbox.slack.people import OTHER_TEAM
from tests.end_to_end.conftest import Desk

JANE = "jane@contoso.example"


@pytest.fixture(params=["socket"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is believed is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


def share(desk: Desk, channel: str, *, shared: bool = True) -> None:
    """Share a channel with another company, or stop sharing it."""
    channels = desk.world.slack.state.channels
    channels[channel] = replace(channels[channel], shared=shared)


async def outcomes(desk: Desk, bot: Any) -> list[str]:
    await desk.idle(bot)
    return [row.outcome for row in await search(bot.engine.store, bot.engine.keyring)]


async def test_who_became_a_guest_a_moment_ago_is_refused(desk: Desk) -> None:
    slack = desk.world.slack
    agent = slack.people.agent
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.thread()
        slack.state.users[agent] = replace(slack.state.users[agent], restricted=True)
        user = slack.state.users[agent].as_slack(with_email=False)
        await slack.send_event({"type": "user_change", "user": user, "event_ts": slack.state.next_ts()})
        await desk.ask(JANE)
        await desk.ephemeral(such="Guests of this workspace cannot")
        assert (await outcomes(desk, bot))[-1] == "refused_guest"


async def test_a_channel_that_was_shared_a_moment_ago_is_not_answered_in(desk: Desk) -> None:
    slack = desk.world.slack
    support = slack.places.support
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.thread()
        share(desk, support)
        event = {"channel": support, "connected_team_id": OTHER_TEAM, "event_ts": slack.state.next_ts()}
        await slack.send_event({"type": "channel_shared", **event})
        await desk.ask(JANE)
        await desk.ephemeral(such="shared with another company")
        assert (await outcomes(desk, bot))[-1] == "refused_shared_channel"
        share(desk, support, shared=False)
        await slack.send_event({"type": "channel_unshared", "is_ext_shared": False, **event})
        await desk.ask(JANE)
        await desk.thread(number=2)


async def test_a_shared_channel_that_the_bot_has_left_gets_nothing(desk: Desk) -> None:
    slack = desk.world.slack
    private = slack.places.private_with_bot
    async with desk.casefile() as bot:
        share(desk, private)
        await desk.ask(JANE, channel=private)
        await desk.ephemeral(channel=private, such="shared with another company")
        slack.state.remove_from(private)
        left = {"user": slack.people.bot, "channel": private, "event_ts": slack.state.next_ts()}
        await slack.send_event({"type": "member_left_channel", **left})
        await desk.ask(JANE, channel=private)
        assert await outcomes(desk, bot) == ["refused_shared_channel"] * 2
    assert desk.world.fullstory.calls == []


async def test_an_envelope_is_believed_before_slack_is_asked(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        event = {
            "type": "app_mention",
            "user": slack.people.agent,
            "text": f"<@{slack.people.bot}> {JANE}",
            "ts": slack.state.next_ts(),
            "channel": slack.places.support,
            "event_ts": slack.state.next_ts(),
        }
        await slack.send_event(event, shared=True)
        assert await outcomes(desk, bot) == ["refused_shared_channel"]
        foreign = event | {"ts": slack.state.next_ts(), "user_team": OTHER_TEAM}
        await slack.send_event(foreign, shared=False)
        assert (await outcomes(desk, bot))[-1] == "refused_stranger"
    assert not [call for call in slack.api_calls if call.method in ("users.info", "conversations.info")]


@pytest.mark.parametrize(
    ("more", "outcome"),
    [({"bot_id": "B0HELPDESK"}, "refused_app"), ({"edited": {"user": "U0", "ts": "1.0"}}, "refused_edited")],
)
async def test_a_mention_that_is_not_answered_leaves_one_row_however_often_it_is_delivered(
    desk: Desk, more: dict[str, Any], outcome: str
) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        event = {
            "type": "app_mention",
            "user": slack.people.agent,
            "text": f"<@{slack.people.bot}> {JANE}",
            "ts": slack.state.next_ts(),
            "channel": slack.places.support,
            "event_ts": slack.state.next_ts(),
        }
        delivery = await slack.send_event(event | more)
        await slack.redeliver(delivery)
        assert await outcomes(desk, bot) == [outcome]
    assert desk.posts() == []


async def test_an_altered_button_is_refused_with_a_word(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        _, reply = await desk.thread()
        calls = len(desk.world.fullstory.calls)
        for block in reply.blocks:
            for element in block.get("elements", ()):
                if isinstance(element, dict) and element.get("action_id") == REFRESH:
                    element["value"] = element["value"].replace(JANE, "eve@fabrikam.example")
        await slack.press(reply.channel, reply.ts, REFRESH, slack.people.agent)
        told = plain_text(await desk.ephemeral(such="was altered"))
        assert "nobody was looked up" in told
        assert await outcomes(desk, bot) == ["found", "refused_altered_button"]
        assert len(desk.world.fullstory.calls) == calls


async def test_with_user_groups_a_ticket_gets_an_offer_unless_its_app_is_allowed_by_id(desk: Desk) -> None:
    slack = desk.world.slack
    desk.extra["ACCESS__USER_GROUPS"] = "S0DESK0001"
    text = f"New <https://acme.zendesk.com/agent/tickets/9|#9>\nRequester: {JANE}"
    for number, allowed in enumerate(("", "B0HELPDESK")):
        desk.extra |= {"TICKETS__APPS": allowed} if allowed else {}
        async with desk.casefile() as bot:
            await slack.post_as_app(slack.places.support, text, subtype="bot_message")
            expected = ["offered", "found"][: number + 1]
            assert await outcomes(desk, bot) == expected


async def test_tickets_keep_to_the_configured_channels(desk: Desk) -> None:
    slack = desk.world.slack
    desk.extra["ACCESS__CHANNELS"] = slack.places.random
    text = f"New <https://acme.zendesk.com/agent/tickets/9|#9>\nRequester: {JANE}"
    async with desk.casefile() as bot:
        await slack.post_as_app(slack.places.support, text, subtype="bot_message")
        assert await outcomes(desk, bot) == ["refused_channel"]
    assert desk.world.fullstory.calls == []

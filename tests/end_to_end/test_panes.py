"""A card as a Work Object, from the pasted address to the side pane, its buttons and a fresh card."""

from typing import Any

import pytest

from bot.answers.buttons import MORE_OF_PERSON
from bot.app import Bot
from sandbox.slack import Message, plain_text
from sandbox.slack.entities import Previews
from tests.end_to_end.conftest import Desk
from tests.end_to_end.test_unfurls import noors, paste


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Payloads are the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def pasted(desk: Desk, bot: Bot, url: str) -> Message:
    """The message below which the card of an address stands."""
    message = await paste(desk, url)
    await desk.idle(bot)
    found = desk.world.slack.state.find(message.channel, message.ts)
    assert found is not None
    return found


def fields(entity: dict[str, Any] | None) -> dict[str, Any]:
    assert entity is not None
    return {one["key"]: one["value"] for one in entity["entity_payload"]["custom_fields"]}


async def test_a_click_on_a_card_shows_the_visit_and_its_button_answers_in_the_thread(desk: Desk) -> None:
    slack = desk.world.slack
    agent, url = slack.people.agent, noors(desk.world, "uxcam")[0]
    async with desk.casefile() as bot:
        message = await pasted(desk, bot, url)
        await slack.open_pane(agent, message, url)
        await desk.idle(bot)
        told = fields(slack.state.panes[agent].shown)
        assert "noor@contoso.example" in told["customer"]
        assert "Android 16" in told["device"]
        assert url.rpartition("/")[2] in told["link_1"]
        await slack.press_in_pane(agent, MORE_OF_PERSON)
        await desk.idle(bot)
        [answer] = slack.replies(message.channel, message.ts)
        assert "noor@contoso.example" in plain_text(answer)
        # The refresh button makes the card anew, though it has just been made.
        calls = len([call for call in slack.api_calls if call.method == "chat.unfurl"])
        await slack.refresh_card(slack.people.colleague, message, url)
        await desk.idle(bot)
        assert len([call for call in slack.api_calls if call.method == "chat.unfurl"]) == calls + 1


async def test_a_pane_that_a_search_opens_is_in_no_channel_and_shows_the_same(desk: Desk) -> None:
    slack = desk.world.slack
    agent, guest, url = slack.people.agent, slack.people.guest, noors(desk.world, "uxcam")[0]
    async with desk.casefile() as bot:
        for who, page in ((agent, url), (guest, url), (slack.people.colleague, "https://shop.example/u/9")):
            known = {"entity_url": page, "link": {"url": page, "domain": "uxcam.com"}}
            trigger = {"trigger_id": slack.state.new_trigger(who), "event_ts": slack.state.next_ts()}
            await slack.send_event({"type": "entity_details_requested", "user": who} | known | trigger)
            await desk.idle(bot)
    pane = slack.state.panes[agent].shown
    assert "noor@contoso.example" in fields(pane)["customer"]
    assert "Find all sessions" not in str(pane)
    refused, unknown = slack.state.panes[guest].error, slack.state.panes[slack.people.colleague].error
    assert refused
    assert refused["status"] == "restricted"
    assert unknown
    assert unknown["status"] == "not_found"


async def test_answers_that_are_masked_since_a_moment_stay_so_though_a_pane_is_opened(desk: Desk) -> None:
    slack = desk.world.slack
    agent, url = slack.people.agent, noors(desk.world, "uxcam")[0]
    async with desk.casefile() as bot:
        message = await pasted(desk, bot, url)
    desk.extra["VISIBILITY"] = "masked"
    async with desk.casefile() as bot:
        slack.api_calls.clear()
        await slack.open_pane(agent, message, url)
        await slack.refresh_card(agent, message, url)
        await desk.idle(bot)
        assert "noor@contoso.example" in fields(slack.state.panes[agent].shown)["customer"]
        await slack.press_in_pane(agent, MORE_OF_PERSON)
        await desk.idle(bot)
        assert "chat.unfurl" not in {call.method for call in slack.api_calls}
        # Whoever presses sees the answer, and nobody else.
        assert slack.replies(message.channel, message.ts) == []
        [answer] = slack.ephemerals(message.channel, agent)
        assert "noor@contoso.example" in plain_text(answer)


async def test_where_work_objects_are_off_a_card_is_as_it_was_and_its_button_answers(desk: Desk) -> None:
    slack = desk.world.slack
    slack.state.work_objects = Previews.REFUSED
    url = noors(desk.world, "uxcam")[0]
    async with desk.casefile() as bot:
        message = await pasted(desk, bot, url)
        assert (list(message.unfurls), message.entities) == ([url], {})
        await slack.press(message.channel, message.ts, MORE_OF_PERSON, slack.people.agent)
        await desk.idle(bot)
        assert slack.replies(message.channel, message.ts)

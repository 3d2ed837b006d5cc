"""The Home tab: what each person sees there, lookups that are answered there, and the admins' switches."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.answers.buttons import ANSWER_MENU, LOOK_FURTHER, REFRESH, SHOW_MORE
from bot.audit.search import search
from bot.domain.addresses import read_address
from bot.jobs.home.view import AGAIN, CHANNELS, CLEAR, DEFAULTS, LOOK_UP, OFFER, SUBJECT_BLOCK, SUBJECT_INPUT
from sandbox.ticket_samples import post_sample
from tests.end_to_end.conftest import Desk

JANE = "jane@contoso.example"
ZENDESK = "05_zendesk_trigger_attachment_fields"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Events and clicks come alike by both transports: other tests run both."""
    return str(request.param)


def tab(desk: Desk, user: str) -> str:
    """All that stands on somebody's tab."""
    home = desk.world.slack.state.homes.get(user)
    return str(home.body["blocks"]) if home else ""


async def until(desk: Desk, user: str, so: Callable[[str], bool]) -> str:
    return await desk.world.slack.wait_for(lambda: shown if so(shown := tab(desk, user)) else None)


async def opened(desk: Desk, user: str) -> str:
    await desk.world.slack.open_home(user)
    return await until(desk, user, lambda shown: "Casefile" in shown)


def typed(words: str) -> dict[str, Any]:
    return {"option": words, "values": {SUBJECT_BLOCK: {SUBJECT_INPUT: words}}}


async def test_the_tab_says_how_the_sources_are_and_what_one_may_do(desk: Desk) -> None:
    async with desk.casefile():
        shown = await opened(desk, desk.world.slack.people.agent)
    assert "50 of 50 calls left in 24 h" in shown
    assert "You have looked nobody up lately" in shown
    assert "You may look customers up" in shown
    assert CHANNELS not in shown


async def test_who_is_asked_for_on_the_tab_is_answered_there_and_nowhere_else(desk: Desk) -> None:
    slack, agent = desk.world.slack, desk.world.slack.people.agent
    async with desk.casefile() as bot:
        await opened(desk, agent)
        await slack.press_in_home(agent, SUBJECT_INPUT, **typed(JANE))
        await until(desk, agent, lambda shown: f"`{JANE}`" in shown and "in the last" in shown)
        await desk.idle(bot)
        shown = tab(desk, agent)
        assert "asking" not in shown
        assert "app.fullstory.com" in shown
        assert AGAIN in shown
        assert all(not slack.messages(channel) for channel in slack.state.channels)
        calls = len(desk.world.fullstory.calls)
        await slack.press_in_home(agent, AGAIN)
        await desk.idle(bot)
        assert len(desk.world.fullstory.calls) == calls
        other = await opened(desk, slack.people.colleague)
        assert f"`{JANE}`" not in other


async def test_whoever_is_asked_for_again_is_the_same_in_the_audit_trail_also_with_a_unicode_domain(
    desk: Desk,
) -> None:
    slack, agent, jo = desk.world.slack, desk.world.slack.people.agent, read_address("jo@müller.example")
    async with desk.casefile() as bot:
        await opened(desk, agent)
        await slack.press_in_home(agent, SUBJECT_INPUT, **typed("jo@müller.example"))
        await until(desk, agent, lambda shown: AGAIN in shown)
        await desk.idle(bot)
        await slack.press_in_home(agent, AGAIN)
        await desk.idle(bot)
        rows = await search(bot.engine.store, bot.engine.keyring, subject=jo)
    assert [row.outcome for row in rows] == ["nobody", "nobody"]


async def growing(desk: Desk, user: str) -> asyncio.Event:
    """An answer on somebody's tab that grows when the event is set: FullStory has not answered yet."""
    held = desk.world.fullstory.hold = asyncio.Event()
    await opened(desk, user)
    await desk.world.slack.press_in_home(user, SUBJECT_INPUT, **typed(JANE))
    await until(desk, user, lambda shown: "FullStory: asking" in shown and "in the last 30 days" in shown)
    return held


async def test_an_answer_that_is_closed_while_it_grows_does_not_come_back(desk: Desk) -> None:
    slack, agent = desk.world.slack, desk.world.slack.people.agent
    async with desk.casefile() as bot:
        held = await growing(desk, agent)
        await slack.press_in_home(agent, CLEAR)
        await until(desk, agent, lambda shown: "in the last 30 days" not in shown)
        held.set()
        await desk.idle(bot)
        assert "in the last 30 days" not in tab(desk, agent)
        # It was looked up all the same, and stands among one's own.
        await slack.open_home(agent)
        await until(desk, agent, lambda shown: f"`{JANE}`" in shown)


async def test_an_answer_is_still_there_and_grows_when_its_tab_is_left_and_opened_again(desk: Desk) -> None:
    agent = desk.world.slack.people.agent
    async with desk.casefile() as bot:
        held = await growing(desk, agent)
        await desk.world.slack.open_home(agent)
        held.set()
        await until(desk, agent, lambda shown: "app.fullstory.com" in shown)
        await desk.world.slack.open_home(agent)
        await desk.idle(bot)
        assert "app.fullstory.com" in tab(desk, agent)
        view = desk.world.slack.state.homes[agent].body
        long_ago = json.loads(view["private_metadata"]) | {"answered_at": "2020-01-01T00:00:00+00:00"}
        view["private_metadata"] = json.dumps(long_ago)
        await desk.world.slack.open_home(agent)
        await until(desk, agent, lambda shown: "app.fullstory.com" not in shown)


async def test_the_buttons_of_an_answer_on_the_tab_work_there(desk: Desk) -> None:
    slack, agent = desk.world.slack, desk.world.slack.people.agent
    async with desk.casefile() as bot:
        await opened(desk, agent)
        await slack.press_in_home(agent, SUBJECT_INPUT, **typed("busy@tailspin.example"))
        await until(desk, agent, lambda shown: SHOW_MORE in shown and "asking" not in shown)
        await desk.idle(bot)
        before, calls = tab(desk, agent), len(desk.world.fullstory.calls)
        await slack.press_in_home(agent, SHOW_MORE)
        await until(desk, agent, lambda shown: shown.count("Replay: ") > before.count("Replay: "))
        assert len(desk.world.fullstory.calls) == calls
        await slack.press_in_home(agent, REFRESH)
        await slack.wait_for(lambda: len(desk.world.fullstory.calls) > calls)
        await desk.idle(bot)
        await slack.press_in_home(agent, LOOK_FURTHER)
        await until(desk, agent, lambda shown: "in the last 60 days" in shown)
        await desk.idle(bot)
        assert all(not slack.messages(channel) for channel in slack.state.channels)


async def test_on_the_tab_others_are_counted_above_the_answer(desk: Desk) -> None:
    slack, agent = desk.world.slack, desk.world.slack.people.agent
    async with desk.casefile() as bot:
        await opened(desk, agent)
        await slack.press_in_home(agent, SUBJECT_INPUT, **typed(JANE))
        await until(desk, agent, lambda shown: ANSWER_MENU in shown)
        await desk.idle(bot)
        menus = [
            element
            for block in slack.state.homes[agent].body["blocks"]
            for element in block.get("elements", ())
            if element.get("action_id") == ANSWER_MENU
        ]
        [others] = [one["value"] for one in menus[0]["options"] if "~others:" in one["value"]]
        await slack.press_in_home(agent, ANSWER_MENU, option=others)
        shown = await until(desk, agent, lambda shown: "Not just" in shown)
        await desk.idle(bot)
        assert "% of sessions" in shown
        assert shown.index("Not just") < shown.index("app.fullstory.com")
        assert ANSWER_MENU in shown
        assert all(not slack.messages(channel) for channel in slack.state.channels)


async def test_what_is_no_subject_is_said_below_the_field(desk: Desk) -> None:
    slack, agent = desk.world.slack, desk.world.slack.people.agent
    async with desk.casefile() as bot:
        await opened(desk, agent)
        await slack.press_in_home(agent, LOOK_UP, values={SUBJECT_BLOCK: {SUBJECT_INPUT: None}})
        await until(desk, agent, lambda shown: "Type an email address or a uid first" in shown)
        await slack.press_in_home(agent, SUBJECT_INPUT, **typed("two words"))
        await until(desk, agent, lambda shown: "first" not in shown and "appears here" not in shown)
        await desk.idle(bot)
    assert desk.world.fullstory.calls == []


async def test_a_lookup_in_a_thread_is_among_ones_own_on_the_tab(desk: Desk) -> None:
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.thread()
        await desk.idle(bot)
        assert f"`{JANE}`" in await opened(desk, desk.world.slack.people.agent)


async def test_whoever_may_not_ask_sees_why_and_nothing_else(desk: Desk) -> None:
    slack, guest = desk.world.slack, desk.world.slack.people.guest
    async with desk.casefile() as bot:
        shown = await opened(desk, guest)
        assert "Guests of this workspace cannot look customers up" in shown
        assert "calls left" not in shown
        assert SUBJECT_INPUT not in shown
        # As if their tab were from before they became a guest.
        await opened(desk, slack.people.agent)
        slack.state.homes[guest] = slack.state.homes[slack.people.agent]
        await slack.press_in_home(guest, SUBJECT_INPUT, **typed(JANE))
        await until(desk, guest, lambda shown: "Guests of this workspace" in shown)
        await desk.idle(bot)
    assert desk.world.fullstory.calls == []


async def test_an_admin_chooses_where_tickets_are_read_and_a_restart_keeps_it(desk: Desk) -> None:
    slack, admin = desk.world.slack, desk.world.slack.people.admin
    sample = next(one for one in desk.world.tickets if one.name == ZENDESK)
    async with desk.casefile():
        assert CHANNELS in await opened(desk, admin)
        await slack.press_in_home(admin, CHANNELS, option=[slack.places.random])
        await until(desk, admin, lambda shown: slack.places.random in shown)
    async with desk.casefile() as bot:
        ignored = await post_sample(slack, sample, ticket_id="501")
        answered = await post_sample(slack, sample, channel=slack.places.random, ticket_id="502")
        await slack.wait_for(lambda: slack.replies(answered.channel, answered.ts))
        await desk.idle(bot)
        assert slack.replies(ignored.channel, ignored.ts) == []
        await slack.press_in_home(admin, DEFAULTS)
        await until(desk, admin, lambda shown: DEFAULTS not in shown)
        again = await post_sample(slack, sample, ticket_id="503")
        await slack.wait_for(lambda: slack.replies(again.channel, again.ts))


async def test_an_admin_switches_offers_off(desk: Desk) -> None:
    slack, admin = desk.world.slack, desk.world.slack.people.admin
    sample = next(one for one in desk.world.tickets if one.name == "104_zammad_webhook_body")
    async with desk.casefile() as bot:
        await opened(desk, admin)
        await slack.press_in_home(admin, OFFER, option="silent")
        await until(desk, admin, lambda shown: DEFAULTS in shown)
        posted = await post_sample(slack, sample)
        await desk.idle(bot)
        assert slack.replies(posted.channel, posted.ts) == []


async def test_nobody_but_an_admin_switches_anything(desk: Desk) -> None:
    slack, agent, admin = desk.world.slack, desk.world.slack.people.agent, desk.world.slack.people.admin
    async with desk.casefile() as bot:
        await opened(desk, admin)
        # As if they had been an admin when their tab was drawn.
        slack.state.homes[agent] = slack.state.homes[admin]
        await slack.press_in_home(agent, OFFER, option="silent")
        await until(desk, agent, lambda shown: CHANNELS not in shown)
        await desk.idle(bot)
        assert (await bot.inbound.home.switches.now()).switched is False

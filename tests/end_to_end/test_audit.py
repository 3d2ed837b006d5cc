"""Who looked whom up is written down, by whatever way they asked."""

import asyncio

import pytest

from bot.answers.buttons import REFRESH
from bot.app import Bot
from bot.audit.search import AuditRow, search
from bot.jobs.home.view import MAKE_TOKEN
from sandbox.faults import Fault
from sandbox.slack import plain_text
from sandbox.slack.api_views import views_of
from tests.end_to_end.conftest import Desk

JANE = "jane@contoso.example"


@pytest.fixture(params=["socket"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is written down is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def trail(desk: Desk, bot: Bot) -> list[AuditRow]:
    await desk.idle(bot)
    return list(await search(bot.engine.store, bot.engine.keyring))


async def test_a_refresh_is_written_down_with_who_pressed_it(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        _, reply = await desk.thread()
        await slack.press(reply.channel, reply.ts, REFRESH, slack.people.colleague)
        asked, pressed = await trail(desk, bot)
    assert (asked.who, asked.way, asked.shown_to) == (slack.people.agent, "command", "public")
    assert (pressed.who, pressed.way, pressed.shown_to) == (slack.people.colleague, "refresh", "public")
    for row in (asked, pressed):
        assert row.subject is not None
        assert (row.subject.value, row.channel, row.outcome) == (JANE, slack.places.support, "found")
        assert row.sessions > 0
        assert "rybbit/www" in row.sources


async def test_a_refused_guest_and_a_form_that_was_not_opened_are_written_down(desk: Desk) -> None:
    slack = desk.world.slack
    guest = slack.people.guest
    async with desk.casefile() as bot:
        await desk.ask(JANE, user=guest)
        message = await slack.post_as_user(slack.places.support, slack.people.agent, "hello")
        await slack.use_shortcut(message.channel, message.ts, "find_sessions", guest)
        rows = await trail(desk, bot)
    assert {(row.who, row.way, row.outcome) for row in rows} == {
        (guest, "command", "refused_guest"),
        (guest, "shortcut", "refused_guest"),
    }
    assert {row.shown_to for row in rows} == {"nobody"}


async def test_a_pasted_page_without_a_card_is_written_down_with_whom_it_is_about(desk: Desk) -> None:
    slack = desk.world.slack
    desk.world.rybbit.fault = Fault.BROKEN
    async with desk.casefile() as bot:
        page = "<https://app.rybbit.io/1407/user/u-205>"
        await slack.post_as_user(slack.places.support, slack.people.agent, page)
        [row] = await trail(desk, bot)
    assert row.subject is not None
    assert (row.way, row.outcome, row.subject.value) == ("card", "no_card", "u-205")


async def test_a_guests_home_tab_says_so_when_it_is_written_down(desk: Desk) -> None:
    slack, drawn = desk.world.slack, asyncio.Event()
    guest = slack.people.guest
    async with desk.casefile() as bot:
        slack.fail_next("views.publish", hold=drawn)
        await slack.open_home(guest)
        # Slack draws the tab, and has not said so yet.
        await slack.wait_for(lambda: "Guests of this workspace" in str(slack.state.homes.get(guest)))
        [row] = await search(bot.engine.store, bot.engine.keyring)
        drawn.set()
        await desk.idle(bot)
    assert (row.who, row.way, row.outcome) == (guest, "home", "refused_guest")


async def test_a_token_is_shown_when_it_is_written_down_and_ended_where_it_was_not_shown(desk: Desk) -> None:
    slack, said = desk.world.slack, asyncio.Event()
    agent = slack.people.agent
    desk.extra["MCP_TOKEN"] = "a-shared-token-of-this-test"
    async with desk.casefile() as bot:
        await slack.open_home(agent)
        await slack.wait_for(lambda: MAKE_TOKEN in str(slack.state.homes.get(agent)))
        slack.fail_next("views.open", error="expired_trigger_id")
        await slack.press_in_home(agent, MAKE_TOKEN)
        await desk.idle(bot)
        # Slack shows the second one, and has not said so yet.
        slack.fail_next("views.open", hold=said)
        await slack.press_in_home(agent, MAKE_TOKEN)
        await slack.wait_for(lambda: views_of(slack.state, agent))
        rows = await search(bot.engine.store, bot.engine.keyring)
        said.set()
        await desk.idle(bot)
    assert [(row.who, row.outcome) for row in rows] == [
        (agent, outcome) for outcome in ("token_made", "token_ended", "token_made")
    ]


async def test_debug_tells_an_admin_where_the_trail_is_and_nobody_else(desk: Desk) -> None:
    people = desk.world.slack.people
    async with desk.casefile():
        await desk.ask("debug", user=people.admin)
        told = await desk.ephemeral(user=people.admin, such="How the tools are")
        assert "casefile audit" in plain_text(told)
        await desk.ask("debug")
        assert "casefile audit" not in plain_text(await desk.ephemeral(such="How the tools are"))

"""Every way of asking, tried by every kind of person in every kind of place; buttons have their own file."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from bot.answers.buttons import ASK_CUSTOMER
from bot.answers.prompts import SUBJECT_BLOCK, SUBJECT_INPUT
from bot.domain.asking import Asker
from bot.domain.model import Session, SourceName
from bot.jobs.home import view as home
from bot.replay.addresses import replay_addresses
from bot.slack.manifest import STEP
from sandbox.slack.commands import deliver_command
from sandbox.slack.payloads import command as command_of
from sandbox.slack.people import TEAM
from sandbox.slack.steps import install, started
from sandbox.vendors.uxcam import session_url as uxcam_url
from tests.end_to_end.conftest import Desk
from tests.end_to_end.every_way_in import JANE, PASSES, Act, Row, Table, fill

NOBODY_NAMED = "Something is wrong with the shop"
OFFERED = "New <https://acme.zendesk.com/agent/tickets/9|#9>\n\nplease write to bob@x.example"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Who is let in is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def command(table: Table) -> Act:
    state = table.slack.state

    async def act(who: str, channel: str) -> None:
        # As Slack would not let everybody type it, it is sent as it is.
        url = state.response_urls.make(channel, who, state.clock())
        payload = command_of(state, state.channels[channel], state.users[who], f"/sessions {JANE}", url)
        await deliver_command(state, table.slack.courier, payload, url)

    return act


async def mention(table: Table) -> Act:
    async def act(who: str, channel: str) -> None:
        await table.event("app_mention", who, channel, text=f"<@{table.slack.people.bot}> {JANE}")

    return act


async def direct_message(table: Table) -> Act:
    async def act(who: str, _channel: str) -> None:
        channel = table.slack.state.open_direct(who)
        await table.event("message", who, channel, text=JANE, channel_type="im")

    return act


async def shortcut(table: Table) -> Act:
    return await _shortcut(table, f"Please help {JANE}")


async def shortcut_that_opens_the_form(table: Table) -> Act:
    return await _shortcut(table, NOBODY_NAMED)


async def _shortcut(table: Table, text: str) -> Act:
    slack = table.slack

    async def act(who: str, channel: str) -> None:
        message = await slack.post_as_user(channel, table.admin, text)
        user = slack.state.users[who]
        # Slack offers other companies' people no shortcut; somebody may send it all the same.
        slack.state.users[who] = replace(user, stranger=False)
        try:
            await slack.use_shortcut(channel, message.ts, "find_sessions", who)
        finally:
            slack.state.users[who] = user

    return act


async def form(table: Table) -> Act:
    slack = table.slack
    message = await slack.post_as_user(table.support, table.admin, NOBODY_NAMED)

    async def act(who: str, _channel: str) -> None:
        await slack.use_shortcut(table.support, message.ts, "find_sessions", table.admin)
        opened = await slack.wait_for(lambda: next(iter(slack.state.views.values()), None))
        # Whoever has the form open was somebody who may when it was opened.
        slack.state.views = {opened.id: replace(opened, user=who)}
        await slack.submit_view(opened.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: JANE}})
        slack.state.views.clear()

    return act


async def somebody_else_in_an_offer(table: Table) -> Act:
    slack = table.slack
    root = await slack.post_as_app(table.support, OFFERED)
    [ours] = await slack.wait_for(lambda: slack.replies(root.channel, root.ts))

    async def act(who: str, channel: str) -> None:
        await table.press(ours, ASK_CUSTOMER, who, channel)

    return act


def page(table: Table, who: str) -> str:
    """A session's page: of the same one there is one card in half an hour."""
    noor = next(person for person in table.desk.world.people if person.email == "noor@contoso.example")
    return uxcam_url(noor, noor.visits[int(who == table.ids["member"])])


async def card(table: Table) -> Act:
    async def act(who: str, channel: str) -> None:
        ts = table.slack.state.next_ts()
        links = [{"domain": "uxcam.com", "url": page(table, who)}]
        source = {"message_ts": ts, "unfurl_id": ts, "source": "conversations_history"}
        await table.event("link_shared", who, channel, links=links, **source)

    return act


async def pane(table: Table) -> Act:
    """A card below somebody's message, clicked: the side pane is judged anew."""
    url = page(table, table.ids["member"])
    message = await table.slack.post_as_user(table.support, table.admin, f"<{url}>")
    await table.desk.idle(table.bot)
    entity = table.slack.state.find(table.support, message.ts).entities[url]

    async def act(who: str, channel: str) -> None:
        known = {"external_ref": entity["external_ref"], "entity_url": url, "app_unfurl_url": url}
        trigger = table.slack.state.new_trigger(who)
        await table.event("entity_details_requested", who, channel, trigger_id=trigger, **known)

    return act


async def replay(table: Table) -> Act:
    """The address of a replay, which nobody gets who may not open a side pane, played all the same."""
    engine = table.bot.engine
    addresses = replay_addresses(engine.settings, engine.keyring, engine.clock, engine.sources)
    assert addresses
    recorded = table.desk.world.rybbit.data.sites[0].visits[0]
    session = Session(SourceName("rybbit", "www"), recorded.id)

    async def act(who: str, channel: str) -> None:
        address = addresses.address(session, None, Asker(who, channel, TEAM))
        async with httpx2.AsyncClient(timeout=120) as client:
            await client.post(f"{table.desk.origin}{urlsplit(address).path}/events")

    return act


async def workflow_step(table: Table) -> Act:
    """A step of whoever runs a workflow; Slack itself would not run it for everybody."""
    state = table.slack.state
    install(state)

    async def act(who: str, channel: str) -> None:
        inputs = {"customer": JANE, "channel": channel, "person": {"id": who, "secret": "a secret"}}
        await table.slack.send_event(started(state, STEP, inputs))

    return act


async def composer(table: Table) -> Act:
    async def act(who: str, _channel: str) -> None:
        await table.slack.compose(who, f"<{page(table, who)}>")

    return act


async def field_of_the_home_tab(table: Table) -> Act:
    values = {home.SUBJECT_BLOCK: {home.SUBJECT_INPUT: JANE}}
    return await _home(table, home.LOOK_UP, values=values)


async def again_on_the_home_tab(table: Table) -> Act:
    await table.desk.ask(JANE, user=table.admin)
    await table.desk.idle(table.bot)
    return await _home(table, home.AGAIN)


async def close_on_the_home_tab(table: Table) -> Act:
    slack = table.slack
    await slack.open_home(table.admin)
    await table.desk.idle(table.bot)
    typed = {home.SUBJECT_BLOCK: {home.SUBJECT_INPUT: JANE}}
    await slack.press_in_home(table.admin, home.LOOK_UP, values=typed)
    await table.desk.idle(table.bot)
    return await _home(table, home.CLEAR, opens=False)


async def channels_on_the_home_tab(table: Table) -> Act:
    return await _home(table, home.CHANNELS, option=[table.slack.places.random])


async def offers_on_the_home_tab(table: Table) -> Act:
    return await _home(table, home.OFFER, option="silent")


async def defaults_on_the_home_tab(table: Table) -> Act:
    await table.bot.inbound.home.switches.choose_offer("silent")
    return await _home(table, home.DEFAULTS)


async def _home(table: Table, action: str, *, opens: bool = True, **given: Any) -> Act:
    """Use an element of the admin's tab, as if everybody had theirs from when they were an admin."""
    slack = table.slack
    if opens:
        await slack.open_home(table.admin)
        await table.desk.idle(table.bot)
    tab = slack.state.homes[table.admin]
    table.given.add(tab.hash)

    async def act(who: str, _channel: str) -> None:
        slack.state.open_direct(who)
        slack.state.homes[who] = replace(tab, user=who)
        await slack.press_in_home(who, action, **given)

    return act


async def opening_the_home_tab(table: Table) -> Act:
    async def act(who: str, _channel: str) -> None:
        await table.slack.open_home(who)

    return act


FOUND = "found"
NOT_ADMIN = ("home", "refused_not_admin")
GUESTS = dict.fromkeys(("guest", "single_channel_guest", "a_guest_since_a_moment"), PASSES)
ROWS = {
    "command": Row(command, "command", ("command", FOUND)),
    "command where guests may": Row(
        command,
        "command",
        ("command", FOUND),
        environment={"ACCESS__GUESTS": "true"},
        differing=GUESTS,
    ),
    "mention": Row(mention, "mention", ("mention", FOUND)),
    "direct message": Row(direct_message, "direct_message", ("direct_message", FOUND), has_places=False),
    "shortcut": Row(shortcut, "shortcut", ("shortcut", FOUND)),
    "shortcut that opens the form": Row(shortcut_that_opens_the_form, "shortcut", None),
    "form": Row(form, "modal", ("modal", FOUND), has_places=False),
    "Somebody else in an offer": Row(somebody_else_in_an_offer, "open_modal", None),
    "card": Row(card, "card", ("card", FOUND)),
    "step of a workflow": Row(workflow_step, "workflow", ("workflow", FOUND)),
    "step of a workflow where guests may": Row(
        workflow_step,
        "workflow",
        ("workflow", FOUND),
        environment={"ACCESS__GUESTS": "true"},
        differing=GUESTS,
    ),
    "side pane": Row(pane, "pane", ("pane", FOUND)),
    "replay": Row(replay, "replay", ("replay", FOUND), environment={"EMBED_URL": "https://casefile.example"}),
    "composer": Row(composer, "composer", ("composer", FOUND), has_places=False),
    "opening Home": Row(opening_the_home_tab, "home", None, has_places=False),
    "Home's field": Row(field_of_the_home_tab, "home", ("home", FOUND), has_places=False),
    "Home's Look up again": Row(again_on_the_home_tab, "home", ("home", FOUND), has_places=False),
    "Home's Close this answer": Row(close_on_the_home_tab, "home", None, has_places=False),
    "Home's channels": Row(channels_on_the_home_tab, "home", NOT_ADMIN, has_places=False),
    "Home's offers": Row(offers_on_the_home_tab, "home", NOT_ADMIN, has_places=False),
    "Home's defaults": Row(defaults_on_the_home_tab, "home", NOT_ADMIN, has_places=False),
}


async def test_a_ticket_is_answered_where_it_may_be_and_each_place_is_in_the_trail(desk: Desk) -> None:
    async def ticket(table: Table) -> Act:
        async def act(_who: str, channel: str) -> None:
            number = channel[-3:]
            link = f"<https://acme.zendesk.com/agent/tickets/{number}|#{number}>"
            await table.slack.post_as_app(channel, f"New {link}\nRequester: {JANE}")

        return act

    told, expected, wronged = await fill(desk, Row(ticket, "ticket", ("ticket", FOUND), has_people=False))
    assert told == expected
    assert wronged == []


@pytest.mark.parametrize("name", ROWS)
async def test_only_who_may_passes_and_each_try_is_in_the_trail(desk: Desk, name: str) -> None:
    told, expected, wronged = await fill(desk, ROWS[name])
    assert told == expected
    assert wronged == []

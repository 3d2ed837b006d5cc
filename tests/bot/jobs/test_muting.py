"""Channels in which tickets get no reply, because somebody who may look customers up there said so."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.asking import Way
from bot.jobs.admission import Admission
from bot.jobs.payloads import MUTE, MutePayload
from bot.jobs.tickets.muting import MuteJobs
from bot.operations.clock import system_clock
from bot.settings.behaviour import AccessSettings
from bot.settings.model import load_settings
from bot.slack.access import Access
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import audit
from bot.tickets.switches import Switches
from sandbox.slack import plain_text
from tests.bot.jobs.known_people import JANE
from tests.bot.jobs.ticket_desk import WWW, Desk, open_desk


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the switches', which have tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring, WWW, limits={}) as opened:
        yield opened


async def switch(desk: Desk, *, is_on: bool, channel: str | None = None) -> str:
    """What the agent is told who mutes a channel, or undoes it."""
    at, memory = desk.at, Memory(desk.at.store, desk.at.keyring, system_clock)
    access = Access(at.client, AccessSettings(), memory)
    trail = at.process.trail(at, desk.metrics)
    admission = Admission(access, at.poster, at.posts, desk.metrics, trail)
    switches = Switches(at.store, load_settings({}).tickets, system_clock)
    payload = MutePayload(at.agent(channel=channel), is_on)
    job = await at.accept(MUTE.name, MUTE.write(payload))
    for _ in range(2):
        # Whoever takes it over after a kill does the same.
        await MuteJobs(admission, switches, "/find").switch(job)
    await at.inbox.finish(job)
    return "".join(map(plain_text, at.seen_by_agent(channel)[-1:]))


async def test_tickets_in_a_muted_channel_get_nothing_until_that_is_undone(desk: Desk) -> None:
    desk.knows(JANE)
    told = await switch(desk, is_on=True)
    assert "get neither a reply nor an offer" in told
    assert "`/find unmute`" in told
    muted = await desk.ticket()
    assert await desk.answer(muted, JANE) == []
    assert await desk.answer(await desk.ticket()) == []
    elsewhere = await desk.ticket(channel=desk.at.slack.places.random)
    assert len(await desk.answer(elsewhere, JANE)) == 1
    assert "get a reply again" in await switch(desk, is_on=False)
    assert len(await desk.answer(await desk.ticket(), JANE)) == 1
    assert len(desk.at.seen_by_agent()) == 2
    async with desk.at.store.read() as connection:
        rows = (await connection.execute(select(audit.c.way, audit.c.outcome, audit.c.who))).all()
    mine = [row.outcome for row in rows if row.who == desk.at.slack.people.agent]
    assert mine == ["muted", "unmuted"]
    assert [row.outcome for row in rows if row.way == Way.TICKET][:2] == ["refused_muted"] * 2


async def test_where_no_tickets_are_read_there_is_nothing_to_mute(desk: Desk) -> None:
    places = desk.at.slack.places
    await switch(desk, is_on=True, channel=places.direct_with_bot)
    [told] = desk.at.posted(places.direct_with_bot)
    assert "nothing to mute" in plain_text(told)
    assert (await Switches(desk.at.store, load_settings({}).tickets, system_clock).now()).muted == ()

"""Internal notes in a ticket's help desk: one a ticket, whoever asks, whatever dies."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.domain.asking import Asker, Way
from bot.domain.model import Reason, Session, SourceName, TicketReference
from bot.jobs.inbox import Job
from bot.jobs.payloads import DESK_NOTE, DESK_NOTE_UNASKED, DeskNotePayload
from bot.jobs.results import PutOff
from bot.operations.clock import system_clock
from bot.sources.http import CallFailed
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import audit, jobs
from bot.tickets.book import BeingAnswered
from sandbox.slack import Message
from sandbox.slack.people import TEAM
from tests.bot.in_slack import Process
from tests.bot.jobs.known_people import BROKEN, JANE
from tests.bot.jobs.ticket_desk import Desk, open_desk
from tests.bot.killed import run_until_killed

MAIN = SourceName("fullstory", "main")
URL = "https://acme.zendesk.com/agent/tickets/9"
TICKET_9 = TicketReference("zendesk", "9", URL)
NOTES = {"HELPDESK__NOTES": "true"}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the inbox's and the leases', which have tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring, MAIN, settings=dict(NOTES)) as opened:
        started = system_clock() - timedelta(minutes=5)
        visit = Session(MAIN, "1:2", "https://app.fullstory.com/ui/o/session/1:2", started_at=started)
        opened.fullstory.people[JANE.value] = (replace(visit, entry_page="/<pay>"),)
        yield opened


def noted(desk: Desk) -> list[str]:
    return desk.help_desk.noted.get("9", []) if desk.help_desk else []


async def owed(desk: Desk, root: Message) -> Job:
    """A note that is to be written by itself."""
    asker = Asker("", root.channel, TEAM, root.ts)
    payload = DeskNotePayload(asker, (JANE,), 30, system_clock(), TICKET_9)
    return await desk.at.accept(DESK_NOTE_UNASKED.name, DESK_NOTE.write(payload))


async def press(desk: Desk, root: Message, user: str | None = None) -> Job:
    """Press *Note in ticket* in the thread of a message that names ticket 9."""
    who = user or desk.at.slack.people.agent
    asker = Asker(who, root.channel, TEAM, root.ts, way=Way.DESK_NOTE)
    payload = DeskNotePayload(asker, (JANE,), 30, system_clock())
    job = await desk.at.accept(DESK_NOTE.name, DESK_NOTE.write(payload))
    await desk.notes().write_asked(job)
    await desk.at.inbox.finish(job)
    return job


async def root_of(desk: Desk) -> Message:
    return await desk.ticket(f"New ticket <{URL}|#9>\nRequester: jane@contoso.example")


async def test_a_note_has_the_visit_the_links_and_nothing_unescaped_and_the_thread_says_so(
    desk: Desk,
) -> None:
    root = await root_of(desk)
    await press(desk, root)
    [html] = noted(desk)
    assert "jane@contoso.example" in html
    assert '<a href="https://app.fullstory.com/ui/o/session/1:2' in html
    assert "<pay>" not in html
    [said] = desk.below(root)
    assert "Noted in the ticket at Zendesk" in said.text
    assert f"<@{desk.at.slack.people.agent}>" in said.text


async def test_a_ticket_has_one_note_however_often_and_by_whomever_it_is_asked_for(desk: Desk) -> None:
    root = await root_of(desk)
    await press(desk, root)
    await press(desk, root, desk.at.slack.people.colleague)
    assert len(noted(desk)) == 1
    assert len(desk.below(root)) == 1
    ephemeral = desk.at.slack.ephemerals(root.channel, desk.at.slack.people.colleague)
    assert "has Casefile’s note already" in ephemeral[-1].text


async def test_a_ticket_that_is_linked_by_another_of_its_addresses_has_one_note(desk: Desk) -> None:
    await press(desk, await root_of(desk))
    elsewhere = URL.replace("/agent/", "/hc/en-us/").replace("tickets", "requests")
    await press(desk, await desk.ticket(f"Ticket <{elsewhere}|#9>\nRequester: jane@contoso.example"))
    assert len(noted(desk)) == 1
    assert "has Casefile’s note already" in desk.at.seen_by_agent()[-1].text


async def test_a_note_says_which_tools_could_not_answer(desk: Desk) -> None:
    desk.fullstory.people.clear()
    desk.fullstory.failure = BROKEN
    await press(desk, await root_of(desk))
    [html] = noted(desk)
    assert "Nothing found so far · FullStory could not answer" in html


async def test_who_may_not_ask_writes_nothing_and_leaves_a_row(desk: Desk) -> None:
    job = await press(desk, await root_of(desk), desk.at.slack.people.guest)
    assert noted(desk) == []
    async with desk.at.store.read() as connection:
        [row] = (await connection.execute(select(audit).where(audit.c.job == job.id))).all()
    assert (row.outcome, row.way) == ("refused_guest", "desk_note")


async def test_a_message_without_a_desks_ticket_gets_a_word_about_that(desk: Desk) -> None:
    await press(desk, await desk.ticket("hello"))
    assert "names no ticket" in desk.at.seen_by_agent()[-1].text


async def by_itself(desk: Desk, process: Process | None = None) -> None:
    """Do what is owed to help desks."""
    by = process or desk.at.process
    for job in await by.inbox.take_over(10):
        assert job.kind == DESK_NOTE_UNASKED.name
        await desk.notes(by).write_unasked(job)
        await by.inbox.finish(job)


async def test_a_note_is_written_by_itself_where_that_is_switched_on(desk: Desk) -> None:
    desk.knows(JANE)
    await desk.answer(await root_of(desk), JANE, ticket=TICKET_9)
    await by_itself(desk)
    assert noted(desk) == []
    desk.settings["HELPDESK__AUTOMATIC"] = "true"
    root = await root_of(desk)
    await desk.answer(root, JANE, ticket=replace(TICKET_9, url=f"{URL}?again"))
    await by_itself(desk)
    assert len(noted(desk)) == 1
    assert desk.below(root)[-1].text == "Noted in the ticket at Zendesk, where customers do not see it."


async def test_no_note_is_written_by_itself_where_the_answer_was_removed_as_wrong(desk: Desk) -> None:
    desk.settings["HELPDESK__AUTOMATIC"] = "true"
    root = await root_of(desk)
    [reply] = await desk.answer(root, JANE, ticket=TICKET_9)
    await desk.remove(reply, desk.at.slack.people.agent)
    await by_itself(desk)
    assert noted(desk) == []


class Fails:
    """A help desk's way of writing a note that fails, before or after it has taken it."""

    def __init__(self, desk: Desk, reason: Reason, *, taken: bool) -> None:
        assert desk.help_desk is not None
        self.write, self.reason, self.taken = desk.help_desk.write_note, reason, taken

    async def __call__(self, *arguments: Any) -> None:
        if self.taken:
            await self.write(*arguments)
        raise CallFailed(self.reason, "Zendesk refuses our key")


async def test_why_there_is_no_note_is_said_in_the_thread(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await root_of(desk)
    desk.notes()
    fails = Fails(desk, Reason.NOT_AUTHORISED, taken=False)
    monkeypatch.setattr(desk.help_desk, "write_note", fails)
    await press(desk, root)
    assert "could not be written: Zendesk refuses our key. Nothing was written" in desk.below(root)[-1].text


async def test_a_note_whose_answer_was_lost_is_looked_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await root_of(desk)
    desk.notes()
    monkeypatch.setattr(desk.help_desk, "write_note", Fails(desk, Reason.TIMED_OUT, taken=True))
    await press(desk, root)
    assert len(noted(desk)) == 1
    assert "Noted in the ticket" in desk.below(root)[-1].text


async def test_a_note_that_nobody_waits_for_is_put_off_while_the_desk_takes_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await root_of(desk)
    desk.notes()
    monkeypatch.setattr(desk.help_desk, "write_note", Fails(desk, Reason.QUOTA_SPENT, taken=False))
    job = await owed(desk, root)
    with pytest.raises(PutOff):
        await desk.notes().write_unasked(job)
    assert desk.below(root) == []
    desk.settings["VISIBILITY"] = "masked"
    await desk.notes().write_unasked(replace(job, created_ms=job.created_ms - 3 * 3_600_000))
    # Below a masked answer there is no button that tries again.
    assert desk.below(root)[-1].text.endswith(
        "could not be written: Zendesk refuses our key. Nothing was written."
    )


async def test_a_second_process_waits_while_a_note_is_being_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await root_of(desk)
    first, second = await owed(desk, root), await owed(desk, root)
    writing = asyncio.Event()
    goes_on = asyncio.Event()
    desk.notes()
    assert desk.help_desk is not None
    notes = desk.help_desk.notes

    async def slow(*arguments: Any) -> list[str]:
        writing.set()
        await goes_on.wait()
        return await notes(*arguments)

    monkeypatch.setattr(desk.help_desk, "notes", slow)
    task = asyncio.create_task(desk.notes().write_unasked(first))
    await writing.wait()
    with pytest.raises(BeingAnswered):
        await desk.notes().write_unasked(second)
    goes_on.set()
    await task
    await desk.notes().write_unasked(second)
    assert len(noted(desk)) == 1


async def test_a_process_that_dies_while_it_writes_leaves_one_note_and_one_line(desk: Desk) -> None:
    root = await root_of(desk)
    await owed(desk, root)
    for waits in (1, 2, 4, 6, 8, 11, 14, 17, 20, 23):
        process = desk.at.another_process()
        async with desk.at.store.write() as connection:
            await connection.execute(update(jobs).values(leased_until_ms=0))
        await run_until_killed(by_itself(desk, process), waits)
    async with desk.at.store.write() as connection:
        await connection.execute(update(jobs).values(leased_until_ms=0))
    await by_itself(desk, desk.at.another_process())
    assert len(noted(desk)) == 1
    assert len(desk.below(root)) == 1

"""
A lookup whose process is stopped at any of its awaits, and taken up by another process.

A call that was on its way when the process stopped, or whose answer was not yet kept, is made once more, for
nobody can know what it was answered; sources are asked side by side, so that may be one call of each. A call
whose answer was kept is never made again.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.domain.asking import AnswerForm
from bot.domain.model import Session, SourceName, Subject, SubjectKind
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import LOOKUP, LookupPayload
from bot.jobs.people import PeopleJobs
from bot.jobs.tickets.notes import DeskNoteJobs
from bot.lookup import ask_source
from bot.lookup.answer_cache import AnswerCache
from bot.operations.clock import system_clock
from bot.operations.metrics import make_metrics
from bot.settings.model import load_settings
from bot.slack.access import Access
from bot.sources.http import Calls
from bot.sources.protocol import Effort
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import turns
from bot.tickets.book import TicketBook
from bot.tickets.desks.ask import Desks
from bot.tickets.rules import Us, ticket_rules
from bot.tickets.with_requester import TicketReader
from sandbox.slack import Message, plain_text
from tests.bot.in_slack import InSlack, Process, in_slack
from tests.bot.jobs.known_people import Finding, Knows, finding
from tests.bot.jobs.watching_of import watching_of
from tests.bot.killed import Killed, run_until_killed

NAMES = SourceName("rybbit", "www"), SourceName("fullstory", "main"), SourceName("uxcam", "ios")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stopped process asked may be asked by another one as soon as that."""
    monkeypatch.setattr(ask_source, "_LEASE_LASTS", timedelta(seconds=0.3))


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    # How fast may be posted in one channel is not what this is about.
    async with in_slack(store, keyring, limits={}) as opened:
        yield opened


def jobs_of(at: InSlack, by: Process, found: Finding) -> PeopleJobs:
    """What answers people in one process."""
    settings, memory = load_settings({}), Memory(at.store, at.keyring, system_clock)
    metrics = found.lookup.metrics
    access = Access(by.client, settings.access, memory)
    admission = Admission(access, by.poster, by.posts, metrics, by.trail(at, metrics))
    reader = TicketReader(
        ticket_rules(settings.tickets, Us(at.slack.people.bot_id, at.slack.people.bot)),
        Desks([], memory, found.flights, system_clock),
    )
    book = TicketBook(at.store, at.keyring)
    watching = watching_of(at, by, found.lookup, settings)
    parts = (admission, found.lookup, by.poster, by.posts, reader, book, by.client)
    leases = Leases(at.store, at.keyring)
    writing = (admission, by.inbox, found.lookup, leases, by.poster, reader, by.client)
    notes = DeskNoteJobs(*writing, book, at.keyring, settings, metrics, 0)
    return PeopleJobs(*parts, settings, at.keyring, metrics, watching, notes)


@dataclass(frozen=True)
class Ended:
    """What came of a lookup: how often its first process had waited, its answer, and whom each asked."""

    waits: int
    parents: list[Message]
    replies: list[Message]
    before: list[int]
    after: list[int]
    # Of which sources an answer was kept when the first process stopped.
    kept: list[bool]


async def look_up(at: InSlack, number: int, kill_after: int) -> Ended:
    """Look somebody up in a process that is killed when it has waited so often, and then in another one."""
    subject = Subject(SubjectKind.UID, f"u-{number}-", f"u-{number}-")
    before: list[int] = []
    after: list[int] = []
    async with at.store.write() as connection:
        await connection.execute(delete(turns))
    asker = at.agent()
    payload = LookupPayload((subject,), 30, Effort.FRESH, 5, asker, asker.user, AnswerForm.PAIR)
    first, second = at.another_process(), at.another_process()
    job = await at.accept(LOOKUP.name, LOOKUP.write(payload), by=first)
    killed = await run(at, first, job, subject, kill_after, before)
    kept = [await is_kept(at, name, subject) for name in NAMES]
    again = await at.taken_over(second)
    await run(at, second, again, subject, 1_000_000, after)
    await second.inbox.finish(again)
    parents = [message for message in at.posted() if subject.value in message.text]
    replies = [reply for parent in parents for reply in at.below(parent.ts)]
    return Ended(killed.waits, parents, replies, before, after, kept)


async def is_kept(at: InSlack, name: SourceName, subject: Subject) -> bool:
    """Whether the answer of a source about somebody is in the database."""
    key = at.keyring.hash("finding", str(name), subject.kind, *subject.spellings)
    cache = AnswerCache(at.store, at.keyring, system_clock, timedelta(days=1))
    return await cache.latest(key, 30) is not None


async def run(
    at: InSlack, process: Process, job: Job, subject: Subject, kill_after: int, asked: list[int]
) -> Killed:
    """Answer a job in a process with nothing in memory, to its end or until it is killed."""
    metrics = make_metrics()
    async with finding(at.store, at.keyring, system_clock, metrics, NAMES, OnTheWay) as found:
        for source in found.sources:
            source.people[subject.value] = (session_of(source, subject),)
        killed = await run_until_killed(jobs_of(at, process, found).look_up(job), kill_after)
        asked += [len(source.asked) for source in found.sources]
    return killed


class OnTheWay(Knows):
    """A source whose calls are on their way for a while, as a vendor's are."""

    async def _answer(self, about: str, calls: Calls) -> None:
        await super()._answer(about, calls)
        for _ in range(3):
            await asyncio.sleep(0)


def session_of(source: Knows, subject: Subject) -> Session:
    return Session(source.name, subject.value, started_at=system_clock() - timedelta(hours=1))


async def test_a_lookup_that_is_stopped_at_any_await_ends_whole_and_only_calls_on_their_way_are_made_again(
    at: InSlack,
) -> None:
    undisturbed = await look_up(at, 0, 1_000_000)
    assert (len(undisturbed.parents), undisturbed.before, undisturbed.after) == (1, [1, 1, 1], [0, 0, 0])
    number = 0
    while True:
        number += 1
        ended = await look_up(at, number, number)
        where = f"stopped when it had waited {number} times"
        assert [len(ended.parents), len(ended.replies)] == [1, 1], where
        for message in (*ended.parents, *ended.replies):
            assert "visit" in message.text, where
            assert "asking" not in message.text + plain_text(message), where
        for before, after, kept in zip(ended.before, ended.after, ended.kept, strict=True):
            assert before <= 1, where
            # Each question is asked once more at most, and not where its answer was kept.
            assert after == (0 if kept else 1), where
        if ended.waits < number:
            break
    assert number > 20


async def test_a_lookups_seconds_count_from_when_it_was_accepted_however_late_it_was_begun(
    at: InSlack,
) -> None:
    subject, asker, metrics = Subject(SubjectKind.UID, "u-1", "u-1"), at.agent(), make_metrics()
    payload = LookupPayload((subject,), 30, Effort.USUAL, 5, asker, asker.user, AnswerForm.PAIR)
    process = at.another_process()
    job = await at.accept(LOOKUP.name, LOOKUP.write(payload), by=process)
    waited = replace(job, created_ms=job.created_ms - 60_000)
    async with finding(at.store, at.keyring, system_clock, metrics, NAMES) as found:
        await jobs_of(at, process, found).look_up(waited)
    told = metrics.text().decode()
    assert "\ncasefile_lookup_seconds_count 1.0" in told
    assert float(told.partition("\ncasefile_lookup_seconds_sum ")[2].split()[0]) >= 60

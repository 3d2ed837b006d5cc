"""
Internal notes in a ticket's help desk: written once a ticket, and looked for before they are written.

A note carries a mark, the same for a ticket whoever asks, however often, and by whichever of its URLs. Where
it is not known whether one was written, because a process died or the desk did not answer, it is looked for
after a settling time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.block_kit import note
from bot.answers.desk_note import desk_note
from bot.answers.mrkdwn import escaped, local_time
from bot.answers.words import table
from bot.audit.entries import AuditEntry, Came, ShownTo
from bot.domain.asking import Asker, Way
from bot.domain.model import CaseFiles, Failure, Reason, Subject, TicketReference
from bot.engine.parts import Engine
from bot.jobs.admission import Admission
from bot.jobs.inbox import Inbox, Job
from bot.jobs.payloads import DESK_NOTE, DESK_NOTE_UNASKED, DeskNotePayload
from bot.jobs.results import PutOff
from bot.lookup.fan_out import Lookup
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Verdict
from bot.slack.lost_posts import Spot
from bot.slack.messages import read_files, read_root
from bot.slack.poster import NotHere, Poster
from bot.slack.posts import Part
from bot.slack.priority_lock import Rank
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Purpose
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.tickets.book import BeingAnswered, TicketBook
from bot.tickets.desks.noting import KeptBy, NotWritten, find_note, write_note
from bot.tickets.with_requester import TicketReader

# One job at a time is at work on a ticket's note; it may wait for a slow desk several times.
_LEASE_LASTS = timedelta(minutes=3)
_MARK = 12
# A desk that takes no more notes for a while is asked again later, for so long.
_LATER = frozenset({Reason.QUOTA_SPENT, Reason.RATE_LIMITED})
_LONGEST_PUT_OFF_SECONDS, _SHORTEST_WAIT = 2 * 3600.0, timedelta(seconds=1)


class DeskNoteJobs:
    """
    Writes notes.

    Args:
        admission: who may press the button, and private messages to them.
        inbox: the jobs.
        lookup: finds people.
        leases: lets one job at a time work on a ticket's note.
        poster: says in the thread what came of it.
        reader: reads a thread's head as a ticket; knows the help desks.
        slack: reads that head.
        book: knows whose answer was removed as wrong.
        keyring: makes marks.
        settings: whether notes are written, and by themselves.
        metrics: counts.
        settling_seconds: how long a desk is given before a note is looked for that may have been written.

    """

    def __init__(
        self,
        admission: Admission,
        inbox: Inbox,
        lookup: Lookup,
        leases: Leases,
        poster: Poster,
        reader: TicketReader,
        slack: AsyncWebClient,
        book: TicketBook,
        keyring: Keyring,
        settings: Settings,
        metrics: Metrics,
        settling_seconds: float,
    ) -> None:
        self._admission = admission
        self._inbox = inbox
        self._lookup = lookup
        self._leases = leases
        self._poster = poster
        self._reader = reader
        self._slack = slack
        self._book = book
        self._keyring = keyring
        self._settings = settings
        self._metrics = metrics
        self._settling_seconds = settling_seconds
        self._log = structlog.get_logger("desk_notes")

    @property
    def are_on(self) -> bool:
        """Whether notes may be written: switched on, with a help desk configured."""
        return self._settings.helpdesk.notes and bool(self._reader.desks.all)

    def write_later(
        self, job: Job, asker: Asker, subjects: Sequence[Subject], ticket: TicketReference, at: datetime
    ) -> None:
        """Have a note written into a ticket when the job that answers it has ended, where that is on."""
        if not (self.are_on and self._settings.helpdesk.automatic and self._reader.desks.serves(ticket)):
            return
        payload = DeskNotePayload(asker, tuple(subjects), self._settings.lookup.days, at, ticket)
        new = (DESK_NOTE_UNASKED.name, f"{ticket.system} {ticket.url}", DESK_NOTE_UNASKED.write(payload))

        async def write(connection: Connection) -> None:
            await self._inbox.add(connection, [new])
            self._inbox.look_after(job.id)

        self._inbox.write_later(job.id, write)

    async def write_unasked(self, job: Job) -> None:
        """Write a note by itself."""
        payload = DESK_NOTE_UNASKED.read(job.payload)
        self._note(job, payload, Came.LEFT, ShownTo.NOBODY)
        if not self.are_on or payload.ticket is None:
            return
        if await self._book.is_wrong(payload.asker.channel, payload.asker.thread_ts or ""):
            self._count(job, "removed")
            return
        await self._write(job, payload, payload.ticket, None)

    async def write_asked(self, job: Job) -> None:
        """Write a note for whoever pressed the button, or tell them why not."""
        payload = DESK_NOTE.read(job.payload)
        verdict = await self._admission.admit(job, payload.asker, payload.subjects)
        if verdict is None:
            return
        ticket = await self._ticket(payload) if self.are_on else None
        if ticket is None or not self._reader.desks.serves(ticket):
            self._note(job, payload, Came.LEFT, ShownTo.NOBODY)
            await self._admission.tell(job, payload.asker, table.NO_TICKET_HERE)
        else:
            await self._write(job, payload, ticket, verdict)

    async def _ticket(self, payload: DeskNotePayload) -> TicketReference | None:
        asker = payload.asker
        root = await read_root(self._slack, asker.channel, asker.thread_ts) if asker.thread_ts else None
        reading = await self._reader.read_candidates(root or {}, lambda some: read_files(self._slack, some))
        return reading.ticket

    async def _write(
        self, job: Job, payload: DeskNotePayload, ticket: TicketReference, verdict: Verdict | None
    ) -> None:
        claim = f"desk note {ticket.system} {ticket.id}"
        if not await self._leases.take(claim, job.id, _LEASE_LASTS):
            raise BeingAnswered
        try:
            await self._write_once(job, payload, ticket, verdict)
        finally:
            await self._leases.release(claim, job.id)

    async def _write_once(
        self, job: Job, payload: DeskNotePayload, ticket: TicketReference, verdict: Verdict | None
    ) -> None:
        purpose = Purpose.PERSON if verdict else Purpose.TICKET
        marks = self._marks(ticket)
        if job.attempts > 1:
            # Whoever began it was stopped in the middle: the desk may be taking the note just now.
            await asyncio.sleep(self._settling_seconds)
        found = await find_note(self._reader.desks.all, ticket, marks, purpose)
        if not isinstance(found, KeptBy):
            await self._say_not(job, payload, verdict, found)
        elif found.noted:
            self._note(job, payload, Came.NOTED, ShownTo.DESK)
            await self._say_noted(job, payload, verdict, found, anew=job.attempts > 1)
        else:
            await self._write_into(job, payload, ticket, verdict, found, marks)

    def _marks(self, ticket: TicketReference) -> Sequence[str]:
        """What a ticket's note is found by: it is written with the first."""
        # Other tickets have other notes. Earlier versions took the URL, of which a ticket has several.
        named = (ticket.id, ticket.url)
        hashes = [self._keyring.hashes("desk note", ticket.system, one) for one in named]
        return [one[:_MARK] for some in hashes for one in some]

    async def _write_into(
        self,
        job: Job,
        payload: DeskNotePayload,
        ticket: TicketReference,
        verdict: Verdict | None,
        kept: KeptBy,
        marks: Sequence[str],
    ) -> None:
        purpose = Purpose.PERSON if verdict else Purpose.TICKET
        html = desk_note(await self._known(payload, purpose, job), payload.ticket_at, marks[0])
        failed = await write_note(kept.desk, ticket, html, purpose)
        if failed and failed.unsure:
            await asyncio.sleep(self._settling_seconds)
            again = await find_note([kept.desk], ticket, marks, purpose)
            failed = None if isinstance(again, KeptBy) and again.noted else failed
        if failed:
            await self._say_not(job, payload, verdict, failed)
            return
        self._note(job, payload, Came.NOTED, ShownTo.DESK)
        await self._say_noted(job, payload, verdict, kept, anew=True)

    async def _known(self, payload: DeskNotePayload, purpose: Purpose, job: Job) -> CaseFiles:
        """What is known of the people: the answer above has just said it."""
        questions = [
            Question(one, payload.days, purpose, Effort.KNOWN, heard_since=job.heard_since)
            for one in payload.subjects
        ]
        return await self._lookup.ask_all(questions, lambda _grown: None)

    async def _say_noted(
        self, job: Job, payload: DeskNotePayload, verdict: Verdict | None, kept: KeptBy, *, anew: bool
    ) -> None:
        self._count(job, "written" if anew else "there_already")
        if not anew:
            if verdict:
                said = table.NOTED_ALREADY.format(desk=kept.desk.title)
                await self._admission.tell(job, payload.asker, said)
            return
        noted = table.NOTED.format(desk=kept.desk.title)
        who = f"<@{payload.asker.user}>"
        said = table.NOTED_FOR.format(noted=noted, person=who) if verdict else f"{noted}."
        await self._say(job, payload, verdict, said)

    async def _say_not(
        self, job: Job, payload: DeskNotePayload, verdict: Verdict | None, failed: NotWritten | None
    ) -> None:
        wait = self._wait(job, failed.failure) if failed and verdict is None else None
        if failed and wait is not None:
            raise PutOff(f"a help desk takes no note now: {failed.failure.reason}", wait)
        self._count(job, str(failed.failure.reason) if failed else "no_ticket")
        self._note(job, payload, Came.NO_ANSWER, ShownTo.NOBODY)
        why = _why(failed.failure) if failed else table.NOT_IN_DESK.rstrip(".")
        # What is shown masked has no such button.
        again = table.NOTHING_WRITTEN if self._settings.visibility == "masked" else table.NOTE_AGAIN
        advice = table.NOTE_MAYBE if failed and failed.unsure else again
        await self._say(job, payload, verdict, table.NOT_NOTED.format(why=why, advice=advice))

    def _wait(self, job: Job, failure: Failure) -> timedelta | None:
        """How long a note that nobody waits for is put off; None where it is not, or was for long enough."""
        now = self._lookup.clock()
        if failure.reason not in _LATER or now.timestamp() - job.created_ms / 1000 > _LONGEST_PUT_OFF_SECONDS:
            return None
        until = failure.until or now
        return max(until - now, _SHORTEST_WAIT)

    async def _say(self, job: Job, payload: DeskNotePayload, verdict: Verdict | None, said: str) -> None:
        """Say it in the thread; where that is not possible, to whoever asked alone."""
        asker = payload.asker
        is_private = self._settings.visibility == "ephemeral" or (verdict and not verdict.in_public)
        if not is_private:
            spot = Spot(asker.channel, asker.thread_ts)
            rank = Rank.PERSON if verdict else Rank.UNASKED
            try:
                await self._poster.post(job, Part("noted"), spot, note(said), rank)
            except NotHere as refusal:
                self._log.info("desk_note.not_posted", job=job.id, slack=refusal.code)
            else:
                return
        if verdict:
            await self._admission.tell(job, asker, said)

    def _note(self, job: Job, payload: DeskNotePayload, outcome: str, shown_to: ShownTo) -> None:
        asker = payload.asker
        entry = AuditEntry(asker.user or None, asker.channel, Way.DESK_NOTE, outcome, shown_to=shown_to)
        entries = [replace(entry, subject=subject) for subject in payload.subjects] or [entry]
        self._admission.trail.note(job, entries)

    def _count(self, job: Job, outcome: str) -> None:
        self._metrics.desk_notes.labels(outcome).inc()
        self._log.info("desk_note.done", job=job.id, outcome=outcome)


def _why(failure: Failure) -> str:
    again = f" (again: {local_time(failure.until)})" if failure.until else ""
    return escaped(failure.message, 300) + again


def desk_note_jobs(
    engine: Engine,
    admission: Admission,
    inbox: Inbox,
    poster: Poster,
    reader: TicketReader,
    slack: AsyncWebClient,
    settling_seconds: float,
) -> DeskNoteJobs:
    """What writes notes, by the engine's lookup, leases, settings and metrics."""
    book = TicketBook(engine.store, engine.keyring)
    parts = (admission, inbox, engine.lookup, engine.leases, poster, reader, slack, book, engine.keyring)
    return DeskNoteJobs(*parts, engine.settings, engine.metrics, settling_seconds)

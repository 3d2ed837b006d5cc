"""
Tickets answered by themselves: a reply in the thread, an offer, or nothing; and the reply removed again.

One message of ours stands below a ticket at most: what comes later takes its place.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from cachetools import LRUCache

from bot.answers.buttons import ButtonValue
from bot.answers.case_file_message import nobody
from bot.answers.progress import CaseFiles, present
from bot.answers.prompts import Spare, offer, private_offer
from bot.answers.targets import MessageSurface, view_of
from bot.domain.asking import Asker, Form
from bot.domain.message import Message
from bot.jobs.inbox import Job
from bot.jobs.means import Means
from bot.jobs.payloads import REMOVE_REQUEST, TICKET_REQUEST, LookupRequest
from bot.slack.messages import read_files
from bot.slack.poster import NotHere, Part, Spot
from bot.slack.priority_lock import Rank
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Purpose
from bot.tickets.book import Entry, TicketMessage, TicketState
from bot.tickets.decide import Action, TicketReading
from bot.tickets.with_requester import ticket_moment

_PLACES_KEPT = 1_000
_GONE = "That answer is gone already."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done about a ticket, and where our message stands."""

    state: TicketState
    reply_ts: str | None = None


class TicketAnswers:
    """Answers tickets' jobs."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._lookup = means.lookup
        self._poster = means.poster
        self._settings = means.settings
        self._turns: LRUCache[tuple[str, str], asyncio.Lock] = LRUCache(_PLACES_KEPT)
        self._log = structlog.get_logger("tickets")

    async def answer(self, job: Job) -> None:
        """
        Deal with a ticket's message.

        Raises:
            Busy: while another process is at work on it.

        """
        request = TICKET_REQUEST.validate_json(job.payload)
        reading = request.reading
        if request.envelope is not None:
            reading = await self._means.desk.read_ticket(
                request.envelope, lambda files: read_files(self._means.slack, files)
            )
        if reading.action is Action.IGNORE:
            self._count(job, reading, "ignored")
            return
        place = await self._means.access.place(reading.channel)
        if place.is_shared or not place.is_seen:
            self._count(job, reading, "not_ours")
            return
        message = TicketMessage(reading.channel, reading.root_ts, reading.ticket)
        async with self._turn(message):
            entry = await self._means.book.take(job.id, message, reading.subjects)
            if entry is None:
                self._count(job, reading, "seen_before")
                return
            try:
                outcome = await self._deal(job, reading, message, entry, request.team)
            except NotHere as refusal:
                self._log.info("ticket.not_posted", job=job.id, slack=refusal.code)
                outcome = Outcome(TicketState.LEFT)
            await self._means.book.settle(message, job.id, outcome.state, outcome.reply_ts)
        self._count(job, reading, outcome.state)

    async def remove(self, job: Job) -> None:
        """Take an automatic answer away, for whoever may ask, and remember its ticket as wrongly answered."""
        request = REMOVE_REQUEST.validate_json(job.payload)
        asker = request.asker
        if await self._means.reception.admit(job, asker) is None:
            return
        if asker.thread_ts:
            await self._means.book.decide(asker.channel, asker.thread_ts, TicketState.WRONG)
        if await self._poster.remove(asker.channel, request.message_ts):
            self._means.metrics.tickets.labels("removed").inc()
            self._log.info("ticket.removed", job=job.id)
        elif job.attempts == 1:
            # Otherwise it may well have been this job that removed it.
            await self._means.reception.tell(job, asker, _GONE)

    async def _deal(
        self, job: Job, reading: TicketReading, message: TicketMessage, entry: Entry, team: str
    ) -> Outcome:
        reading = await self._means.desk.with_requester(reading, Purpose.TICKET)
        if reading.subjects and await self._means.book.is_answered_elsewhere(message, reading.subjects):
            return Outcome(TicketState.LEFT)
        if reading.subjects and self._settings.visibility == "thread":
            return await self._reply(job, reading, entry, team)
        return await self._offer(job, reading, entry)

    async def _reply(self, job: Job, reading: TicketReading, entry: Entry, team: str) -> Outcome:
        request = self._request(reading, team)
        surface = MessageSurface(
            self._poster, self._means.jobs, job, request, waits=True, stands=entry.reply_ts, rank=Rank.UNASKED
        )
        questions = [Question(s, request.days, Purpose.TICKET) for s in request.subjects]
        case_files = await present(self._lookup.follow_all(questions), surface)
        if surface.post is None:
            surface.waits = False
            return await self._when_empty(job, reading, surface, case_files)
        return Outcome(TicketState.ANSWERED, surface.post.ts)

    async def _when_empty(
        self, job: Job, reading: TicketReading, surface: MessageSurface, case_files: CaseFiles
    ) -> Outcome:
        """Say nothing, or a line; where no source could answer, say that, for then nobody was looked up."""
        if case_files and not any(case_file.answered for case_file in case_files):
            await surface.show(case_files)
            return Outcome(TicketState.ANSWERED, surface.post.ts if surface.post else None)
        if self._settings.tickets.when_empty == "silent":
            return Outcome(TicketState.EMPTY, surface.stands)
        line = nobody(case_files, view_of(surface.request))
        return Outcome(TicketState.EMPTY, await self._stand(job, reading, surface.stands, line))

    async def _offer(self, job: Job, reading: TicketReading, entry: Entry) -> Outcome:
        if self._settings.tickets.offer == "silent" or not self._lookup.sources:
            return Outcome(TicketState.LEFT, entry.reply_ts)
        people = (*reading.subjects, *reading.mentioned)
        offering = offer if self._settings.visibility == "thread" else private_offer
        message = offering(people, Spare(self._value(reading)))
        return Outcome(TicketState.OFFERED, await self._stand(job, reading, entry.reply_ts, message))

    async def _stand(
        self, job: Job, reading: TicketReading, stands: str | None, message: Message
    ) -> str | None:
        """Let a message stand below the ticket, in place of what stands there."""
        if stands and await self._poster.edit(reading.channel, stands, message):
            return stands
        spot = Spot(reading.channel, reading.root_ts)
        return (await self._poster.post(job, Part("answer"), spot, message, rank=Rank.UNASKED)).post.ts

    def _request(self, reading: TicketReading, team: str) -> LookupRequest:
        value = self._value(reading)
        asker = Asker("", reading.channel, team, reading.root_ts)
        return LookupRequest(
            reading.subjects,
            value.days,
            Effort.USUAL,
            value.shown,
            asker,
            None,
            Form.TICKET,
            ticket_at=value.ticket_at,
        )

    def _value(self, reading: TicketReading) -> ButtonValue:
        lookup = self._settings.lookup
        moment = ticket_moment(reading.root_ts) or datetime.fromtimestamp(0, UTC)
        return ButtonValue(
            (), lookup.days, lookup.shown, None, Form.ANSWER, moment, thread_ts=reading.root_ts
        )

    def _turn(self, message: TicketMessage) -> asyncio.Lock:
        """Give the lock of a message: its jobs go one after the other."""
        key = (message.channel, message.root_ts)
        return self._turns.setdefault(key, asyncio.Lock())

    def _count(self, job: Job, reading: TicketReading, outcome: str) -> None:
        self._means.metrics.tickets.labels(str(outcome)).inc()
        self._log.info("ticket.done", job=job.id, outcome=str(outcome), action=str(reading.action))

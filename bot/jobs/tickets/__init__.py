"""
Tickets answered by themselves: a reply in the thread, an offer, or nothing; and the reply removed again.

There is at most one message of ours below a ticket: what comes later replaces it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog
from cachetools import LRUCache
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.buttons import ButtonValue
from bot.answers.case_file_message import View
from bot.answers.progress import present
from bot.answers.prompts import Spare, offer, private_offer
from bot.answers.targets import MessageTarget
from bot.answers.targets.masked import MaskedView, nobody
from bot.answers.words import table
from bot.audit.entries import AuditEntry, Came, ShownTo
from bot.audit.trail import AuditTrail
from bot.domain.asking import AnswerForm, Asker, Way
from bot.domain.message import Message
from bot.domain.model import CaseFiles, Subject
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import REMOVE, TICKET, TicketPayload
from bot.jobs.tickets.digest import DigestJobs
from bot.jobs.tickets.digest_message import digest_line
from bot.jobs.tickets.notes import DeskNoteJobs
from bot.jobs.tickets.places import why_not_in
from bot.jobs.tickets.watching import Watching
from bot.lookup.absence import is_surely_nobody
from bot.lookup.fan_out import Lookup
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.slack.lost_posts import Spot
from bot.slack.messages import read_files, read_root
from bot.slack.poster import NotHere, Poster
from bot.slack.posts import Part, Posts
from bot.slack.priority_lock import Rank
from bot.sources.protocol import Question
from bot.sources.quota import Purpose
from bot.tickets.book import Entry, TicketBook, TicketMessage, TicketState
from bot.tickets.decide import Action, TicketReading
from bot.tickets.switches import Switches
from bot.tickets.with_requester import TicketReader, ticket_moment

_PLACES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Done:
    """What was done about a ticket, where our message is, and by which shape the requester was found."""

    state: TicketState
    reply_ts: str | None = None
    shape: str = ""


class TicketJobs:
    """
    Answers tickets.

    Args:
        admission: who may remove an answer.
        access: what Slack says of a channel.
        lookup: finds people.
        poster: posts and edits.
        posts: where the parts of answers are.
        reader: reads messages as tickets, and asks help desks.
        book: what was done about each ticket.
        slack: reads files.
        settings: how far back, how much, for whose eyes.
        metrics: counts.
        switches: whether something is offered, and in which channels tickets are read.
        seal: seals what a button holds where the channel is to see no address.
        watching: has threads watched.
        notes: has notes written into help desks.
        digest: lists tickets where they are too many to answer each.

    """

    def __init__(
        self,
        admission: Admission,
        access: Access,
        lookup: Lookup,
        poster: Poster,
        posts: Posts,
        reader: TicketReader,
        book: TicketBook,
        slack: AsyncWebClient,
        settings: Settings,
        metrics: Metrics,
        switches: Switches,
        seal: Callable[[str], str],
        watching: Watching,
        notes: DeskNoteJobs,
        digest: DigestJobs,
    ) -> None:
        self._digest = digest
        self._notes = notes
        self._watching = watching
        self._admission = admission
        self._access = access
        self._lookup = lookup
        self._poster = poster
        self._posts = posts
        self._reader = reader
        self._book = book
        self._slack = slack
        self._settings = settings
        self._metrics = metrics
        self._switches = switches
        self._seal = seal
        self._turns: LRUCache[tuple[str, str], asyncio.Lock] = LRUCache(_PLACES_KEPT)
        self._log = structlog.get_logger("tickets")

    async def answer(self, job: Job) -> None:
        """
        Deal with a ticket's message.

        Raises:
            BeingAnswered: while another process is at work on it.

        """
        payload = TICKET.read(job.payload)
        reading = payload.reading
        if payload.is_shared:
            self._refuse(job, reading, "shared_channel")
            return
        if payload.envelope is not None:
            reader = replace(self._reader, rules=await self._switches.rules(self._reader.rules))
            reading = await reader.read_ticket(payload.envelope, lambda files: read_files(self._slack, files))
        if reading.action is Action.IGNORE:
            self._count(job, reading, "ignored")
            return
        if reason := await why_not_in(self._access, self._switches, reading.channel):
            self._refuse(job, reading, reason)
            return
        message = TicketMessage(reading.channel, reading.root_ts, reading.ticket)
        async with self._turn(message):
            entry = await self._book.take(job.id, message, reading.subjects)
            if entry is None:
                self._count(job, reading, "seen_before")
                return
            try:
                outcome = await self._deal(job, reading, message, entry, payload)
            except NotHere as refusal:
                self._log.info("ticket.not_posted", job=job.id, slack=refusal.code)
                self._trail.note(job, _entries(reading))
                outcome = Done(TicketState.LEFT)
            await self._book.settle(message, job.id, outcome.state, outcome.reply_ts, outcome.shape)
        self._count(job, reading, outcome.state)

    def _refuse(self, job: Job, reading: TicketReading, reason: str) -> None:
        self._trail.note_refusal(job, _entries(reading), reason)
        self._count(job, reading, "not_ours")

    async def remove(self, job: Job) -> None:
        """
        Take an answer in a ticket's thread away, for whoever may ask.

        One that came by itself is deleted, and its ticket is remembered as wrongly answered. In place of one
        that a person had chosen from an offer, the offer comes back.
        """
        payload = REMOVE.read(job.payload)
        asker = payload.asker
        if await self._admission.admit(job, asker) is None:
            return
        self._admission.note(job, asker, Came.REMOVED, ShownTo.NOBODY)
        if payload.was_chosen and asker.thread_ts and await self._offers():
            await self._offer_again(job, asker, asker.thread_ts, payload.message_ts)
            return
        if asker.thread_ts:
            await self._book.decide(asker.channel, asker.thread_ts, TicketState.WRONG)
            await self._watching.book.stop(asker.channel, asker.thread_ts)
        if await self._poster.remove(asker.channel, payload.message_ts):
            self._metrics.tickets.labels("removed").inc()
            self._log.info("ticket.removed", job=job.id)
        elif job.attempts == 1:
            # Otherwise it may well have been this job that removed it.
            await self._admission.tell(job, asker, table.GONE_ALREADY)

    async def _offer_again(self, job: Job, asker: Asker, root_ts: str, message_ts: str) -> None:
        """Put the ticket's offer back in place of an answer about somebody whom a person had chosen."""
        root = await read_root(self._slack, asker.channel, root_ts)
        reading = await self._reader.read_candidates(root or {}, lambda files: read_files(self._slack, files))
        message = self._offer_of(replace(reading, root_ts=root_ts))
        await self._book.decide(asker.channel, root_ts, TicketState.OFFERED)
        await self._watching.book.drop(asker.channel, root_ts)
        if await self._poster.edit(asker.channel, message_ts, message):
            self._metrics.tickets.labels("offered_again").inc()
            self._log.info("ticket.offered_again", job=job.id)
        else:
            await self._admission.tell(job, asker, table.GONE_ALREADY)

    async def _deal(
        self, job: Job, reading: TicketReading, message: TicketMessage, entry: Entry, payload: TicketPayload
    ) -> Done:
        if await self._book.is_wrong_shape(reading.shape):
            reading = reading.as_offer("An answer to a message of this kind was removed as wrong.")
        reading = await self._reader.with_requester(reading, Purpose.TICKET)
        if self._settings.access.user_groups and not payload.by_allowed_app:
            # Who reads here is not known: whoever presses is asked about.
            reading = reading.as_offer("Looking customers up is for certain user groups.")
        self._trail.note(job, [replace(one, outcome=Came.LEFT) for one in _entries(reading)])
        if reading.subjects and await self._book.is_answered_elsewhere(message, reading.subjects):
            return Done(TicketState.LEFT)
        if (page := await self._page_of(reading, entry)) is not None:
            return await self._list(job, reading, page)
        if reading.subjects and self._settings.visibility != "ephemeral":
            return await self._reply(job, reading, entry, payload.team)
        return await self._offer(job, reading, entry)

    async def _page_of(self, reading: TicketReading, entry: Entry) -> str | None:
        """The page on which the ticket is to be listed; None where it is answered, or nothing is said."""
        is_silent = not reading.subjects and not await self._offers()
        if entry.reply_ts is not None or is_silent or not self._lookup.sources:
            return None
        return await self._digest.page_of(reading.channel, reading.root_ts)

    async def _list(self, job: Job, reading: TicketReading, page: str) -> Done:
        """Look the ticket's people up, and list it instead of answering in its thread."""
        line, subjects = table.DIGEST_NOT_SURE, reading.subjects
        if subjects and self._settings.visibility == "ephemeral":
            line, subjects = table.DIGEST_PRIVATE, ()
        entries: Sequence[AuditEntry] = [replace(_entry(reading), outcome=Came.OFFERED)]
        if subjects:
            masked = self._settings.visibility == "masked"
            case_files = await self._lookup.ask_all(self._questions(job, reading), lambda _grown: None)
            line = digest_line(case_files, masked=masked)
            entries = _entry(reading).about(case_files, ShownTo.MASKED if masked else ShownTo.PUBLIC)
        self._trail.note(job, entries)
        await self._digest.add(job, reading.channel, page, reading.root_ts, line, subjects)
        return Done(TicketState.LISTED)

    def _questions(self, job: Job, reading: TicketReading) -> Sequence[Question]:
        days = self._settings.lookup.days
        return [Question(one, days, Purpose.TICKET, heard_since=job.heard_since) for one in reading.subjects]

    async def _reply(self, job: Job, reading: TicketReading, entry: Entry, team: str) -> Done:
        lookup = self._settings.lookup
        asker = Asker("", reading.channel, team, reading.root_ts)
        view = View(
            None,
            lookup.shown,
            form=AnswerForm.TICKET,
            ticket_at=_moment(reading),
            watches=self._watching.is_on,
            notes=self._notes.are_on and reading.ticket is not None,
        )
        if self._settings.visibility == "masked":
            view = MaskedView(shown=view.shown, form=view.form, ticket_at=view.ticket_at, seal=self._seal)
        target = MessageTarget(
            self._poster,
            self._posts,
            job,
            asker,
            view,
            waits=True,
            replaces=entry.reply_ts,
            rank=Rank.UNASKED,
        )
        self._trail.note(job, _entries(reading))
        case_files = await present(partial(self._lookup.ask_all, self._questions(job, reading)), target)
        seen_by = ShownTo.MASKED if isinstance(view, MaskedView) else ShownTo.PUBLIC
        seen_by = ShownTo.NOBODY if target.post is None else seen_by
        self._trail.note(job, _entry(reading, target.replaces).about(case_files, seen_by))
        if target.post is None:
            target.waits = False
            return await self._when_empty(job, reading, target, case_files)
        await self._watching.begin(job, Spot(reading.channel, reading.root_ts), case_files)
        if reading.ticket is not None:
            self._notes.write_later(job, asker, reading.subjects, reading.ticket, _moment(reading))
        return Done(TicketState.ANSWERED, target.post.ts, reading.shape)

    async def _when_empty(
        self, job: Job, reading: TicketReading, target: MessageTarget, case_files: CaseFiles
    ) -> Done:
        """
        Say nothing, or a line; where no source could answer, say that, for then nobody was looked up.

        A ticket is closed as empty only where there is surely nobody: otherwise its next notification is
        looked up again.
        """
        if case_files and not any(case_file.answered for case_file in case_files):
            await target.show(case_files)
            return Done(TicketState.ANSWERED, target.post.ts if target.post else None)
        state = TicketState.EMPTY if is_surely_nobody(case_files) else TicketState.LEFT
        if self._settings.tickets.when_empty == "silent":
            return Done(state, target.replaces)
        line = nobody(case_files, target.view)
        return Done(state, await self._put_below(job, reading, target.replaces, line))

    async def _offer(self, job: Job, reading: TicketReading, entry: Entry) -> Done:
        if not self._lookup.sources or not await self._offers():
            return Done(TicketState.LEFT, entry.reply_ts)
        message = self._offer_of(reading)
        offered = replace(_entry(reading, entry.reply_ts), outcome=Came.OFFERED, shown_to=ShownTo.PUBLIC)
        # Whoever is forgotten is taken out of offers that name them too.
        named = [replace(offered, subject=one) for one in self._offered(reading)]
        self._trail.note(job, named or [offered])
        return Done(TicketState.OFFERED, await self._put_below(job, reading, entry.reply_ts, message))

    async def _offers(self) -> bool:
        return (await self._switches.now()).offer == "button"

    def _offer_of(self, reading: TicketReading) -> Message:
        offering = private_offer if self._is_private else offer
        return offering(self._offered(reading), Spare(self._value(reading)))

    def _offered(self, reading: TicketReading) -> Sequence[Subject]:
        """Whom an offer names: nobody, where the channel is to see no address."""
        masked = self._settings.visibility == "masked"
        return () if masked else (*reading.subjects, *reading.mentioned)

    async def _put_below(
        self, job: Job, reading: TicketReading, replaces: str | None, message: Message
    ) -> str | None:
        """Post a message below the ticket, or put it in place of our earlier one there."""
        if replaces and await self._poster.edit(reading.channel, replaces, message):
            return replaces
        spot = Spot(reading.channel, reading.root_ts)
        return (await self._poster.post(job, Part("answer"), spot, message, rank=Rank.UNASKED)).post.ts

    def _value(self, reading: TicketReading) -> ButtonValue:
        lookup = self._settings.lookup
        moment = _moment(reading)
        form = AnswerForm.ANSWER if self._is_private else AnswerForm.OFFERED
        return ButtonValue((), lookup.days, lookup.shown, None, form, moment, thread_ts=reading.root_ts)

    @property
    def _trail(self) -> AuditTrail:
        return self._admission.trail

    @property
    def _is_private(self) -> bool:
        return self._settings.visibility != "thread"

    def _turn(self, message: TicketMessage) -> asyncio.Lock:
        """The lock of a message: its jobs run one after the other."""
        key = (message.channel, message.root_ts)
        return self._turns.setdefault(key, asyncio.Lock())

    def _count(self, job: Job, reading: TicketReading, outcome: str) -> None:
        self._metrics.tickets.labels(str(outcome)).inc()
        self._log.info("ticket.done", job=job.id, outcome=str(outcome), action=str(reading.action))


def _entry(reading: TicketReading, message_ts: str | None = None) -> AuditEntry:
    """What the audit trail says of a ticket that nobody was looked up for yet."""
    return AuditEntry(None, reading.channel, Way.TICKET, message_ts=message_ts)


def _entries(reading: TicketReading) -> Sequence[AuditEntry]:
    entry = _entry(reading)
    return [replace(entry, subject=subject) for subject in reading.subjects] or [entry]


def _moment(reading: TicketReading) -> datetime:
    """When the ticket's message was posted; 1970 where its time cannot be read."""
    return ticket_moment(reading.root_ts) or datetime.fromtimestamp(0, UTC)

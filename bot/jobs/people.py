"""What people asked for, answered in Slack: a lookup, the sources' states, whom a message is about."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.block_kit import note
from bot.answers.buttons import ButtonValue
from bot.answers.case_file_message import View
from bot.answers.progress import Target, present
from bot.answers.prompts import Spare, choice, nobody_named
from bot.answers.targets import EditTarget, EphemeralTarget, MessageTarget, PairTarget, ResponseUrlTarget
from bot.answers.targets.masked import MaskedView, PrivateView, SharedView
from bot.answers.words import table
from bot.answers.words.quota import quota_lines
from bot.audit.entries import Came, ShownTo, asked_by
from bot.domain.asking import AnswerForm, Asker, Way
from bot.domain.model import Subject
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import DEBUG, LOOKUP, NOTE, POINTED, LookupPayload, PointedPayload
from bot.jobs.tickets.notes import DeskNoteJobs
from bot.jobs.tickets.watching import Watching
from bot.lookup.fan_out import Lookup
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Verdict
from bot.slack.lost_posts import Spot
from bot.slack.messages import NOT_GRANTED, read_files, read_root
from bot.slack.poster import NotHere, Poster
from bot.slack.posts import Posts
from bot.sources.protocol import Effort, Question
from bot.sources.quota_status import quota_states
from bot.storage.keyring import Keyring
from bot.tickets.book import TicketBook, TicketState
from bot.tickets.decide import TicketReading
from bot.tickets.with_requester import TicketReader, ticket_moment

_HINTS = {
    "not_in_channel": table.NOT_INVITED,
    "channel_not_found": table.NOT_INVITED,
    "is_archived": table.ARCHIVED,
    "missing_scope": table.SCOPE_MISSING,
    "thread_not_found": table.THREAD_GONE,
}
# Where answers are masked, what these ask for is for whoever pressed.
_FOR_ONE = frozenset({Way.SHOW_ME, Way.MODAL, Way.LOOK_UP, Way.LOOK_FURTHER, Way.TRY_OTHER, Way.MORE})


class PeopleJobs:
    """
    Answers what people ask for: a lookup, the state of the sources, about whom a message is.

    Args:
        admission: who may ask, and private messages to the asker.
        lookup: finds people.
        poster: posts and edits.
        posts: where the parts of answers are.
        reader: reads messages as tickets.
        book: what was done about each ticket.
        slack: reads messages and files.
        settings: how far back, how much, for whose eyes.
        keyring: names subjects in the log.
        metrics: counts.
        watching: has threads watched.
        notes: knows whether help desks get notes.

    """

    def __init__(
        self,
        admission: Admission,
        lookup: Lookup,
        poster: Poster,
        posts: Posts,
        reader: TicketReader,
        book: TicketBook,
        slack: AsyncWebClient,
        settings: Settings,
        keyring: Keyring,
        metrics: Metrics,
        watching: Watching,
        notes: DeskNoteJobs,
    ) -> None:
        self._notes = notes
        self._watching = watching
        self._admission = admission
        self._lookup = lookup
        self._poster = poster
        self._posts = posts
        self._reader = reader
        self._book = book
        self._slack = slack
        self._settings = settings
        self._keyring = keyring
        self._metrics = metrics
        self._log = structlog.get_logger("people")

    async def look_up(self, job: Job) -> None:
        """Answer a lookup."""
        payload = LOOKUP.read(job.payload)
        verdict = await self._admission.admit(job, payload.asker, payload.subjects)
        if verdict is not None:
            await self._answer(job, payload, verdict)

    async def debug(self, job: Job) -> None:
        """Answer a question about the sources' states."""
        payload = DEBUG.read(job.payload)
        verdict = await self._admission.admit(job, payload.asker)
        if verdict is None:
            return
        desks = self._reader.desks
        states = await quota_states(self._lookup.sources, desks.all)
        lines = quota_lines(states, await desks.troubles())
        lines += [table.TRAIL] if verdict.is_admin else []
        self._admission.note(job, payload.asker, Came.TOLD)
        await self._admission.tell(job, payload.asker, "\n".join([f"*{table.SOURCES_NOW}*", *lines]))

    async def tell(self, job: Job) -> None:
        """Send one person a message, such as the usage text."""
        payload = NOTE.read(job.payload)
        if await self._admission.admit(job, payload.asker) is not None:
            self._admission.note(job, payload.asker, Came.TOLD)
            await self._admission.tell(job, payload.asker, note(payload.text))

    async def read_for(self, job: Job) -> None:
        """Look up the person named in a message, or ask which one is meant."""
        payload = POINTED.read(job.payload)
        verdict = await self._admission.admit(job, payload.asker)
        if verdict is None:
            return
        reading, why_not = await self._read(payload)
        asker = payload.asker
        self._admission.note(job, asker, Came.TOLD)
        if reading is None:
            await self._admission.tell(job, asker, why_not)
            return
        asked = self._lookup_of(asker, reading.subjects, ticket_at=reading.root_ts)
        if len(reading.subjects) == 1:
            self._admission.trail.note(job, asked_by(asker, reading.subjects))
            await self._answer(job, asked, verdict)
            return
        value = ButtonValue(
            (), asked.days, asked.shown, asker.user, asked.form, asked.ticket_at, asker.thread_ts
        )
        people = (*reading.subjects, *reading.mentioned)
        question = choice(people, Spare(value)) if people else nobody_named(Spare(value))
        await self._admission.tell(job, asker, question)

    async def _read(self, payload: PointedPayload) -> tuple[TicketReading | None, str]:
        """Read the message that somebody points at; None, and why, where the bot may not read it."""
        refused: list[str] = []

        async def fetch(files: Sequence[str]) -> dict[str, Any]:
            found = await read_files(self._slack, files)
            refused.extend(file for file, told in found.items() if told == NOT_GRANTED)
            return found

        message: dict[str, Any] | None = payload.message
        if message is None and payload.asker.thread_ts:
            message = await read_root(self._slack, payload.asker.channel, payload.asker.thread_ts)
        if message is None:
            return None, table.HEAD_NOT_READ
        reading = await self._reader.read_for_person(message, fetch)
        if refused and not (reading.subjects or reading.mentioned):
            return None, table.FILE_NOT_READ
        return reading, ""

    def _lookup_of(
        self, asker: Asker, subjects: tuple[Subject, ...], *, ticket_at: str = ""
    ) -> LookupPayload:
        settings = self._settings.lookup
        moment = ticket_moment(ticket_at)
        return LookupPayload(
            subjects,
            settings.days,
            Effort.USUAL,
            settings.shown,
            asker,
            asker.user,
            AnswerForm.ANSWER,
            ticket_at=moment,
        )

    async def _answer(self, job: Job, payload: LookupPayload, verdict: Verdict) -> None:
        asker = payload.asker
        if not self._lookup.sources:
            await self._admission.tell(job, asker, table.NO_SOURCE)
            return
        if (hint := self._private_because(payload, verdict)) is not None:
            await self._in_private(job, payload, hint)
            return
        try:
            await self._present(job, payload, self._target(job, payload), self._seen_by(payload))
        except NotHere as refusal:
            # As another try of the job: what the sources have said for it is not asked for twice.
            another = replace(job, attempts=job.attempts + 1)
            await self._in_private(another, payload, _hint(asker, refusal.code))
        if payload.offered_below:
            await self._book.decide(asker.channel, payload.offered_below, TicketState.BY_PERSON)
        if payload.dismisses and asker.response_url:
            await self._poster.dismiss(asker.response_url)

    def _private_because(self, payload: LookupPayload, verdict: Verdict) -> str | None:
        """Why only the asker may see the answer; None where everybody may."""
        if payload.on is not None and payload.on.ephemeral:
            return table.ONLY_YOU
        if self._settings.visibility == "ephemeral" and not payload.asker.is_direct:
            return table.PRIVATE_BY_SETTING
        if self._is_masked(payload) and payload.asker.way in _FOR_ONE:
            return table.ONLY_YOU
        if payload.on is not None:
            return None
        return None if verdict.in_public else _hint(payload.asker, "channel_not_found")

    def _is_masked(self, payload: LookupPayload) -> bool:
        return self._settings.visibility == "masked" and not payload.asker.is_direct

    def _seen_by(self, payload: LookupPayload) -> ShownTo:
        if payload.asker.is_direct:
            return ShownTo.ASKER
        is_masked = isinstance(self._for_everybody(payload), MaskedView)
        return ShownTo.MASKED if is_masked else ShownTo.PUBLIC

    def _for_everybody(self, payload: LookupPayload) -> View:
        view = replace(view_of(payload), watches=self._watching.is_on, notes=self._notes.are_on)
        asked = (view.asker, view.shown, view.hint, view.buttons, view.form, view.ticket_at)
        if payload.asker.way is Way.SHARE:
            return SharedView(*asked, shared_by=payload.asker.user)
        # What is asked again in its place has been shared before.
        if self._is_masked(payload) and payload.on is None:
            return MaskedView(*asked, seal=self._keyring.seal)
        return view

    def _for_one(self, payload: LookupPayload, hint: str) -> View:
        view = view_of(payload, hint)
        if not self._is_masked(payload) or payload.form is AnswerForm.OFFERED:
            return view
        asked = (view.asker, view.shown, view.hint, view.buttons, view.form, view.ticket_at)
        return PrivateView(*asked, thread_ts=payload.asker.thread_ts)

    def _target(self, job: Job, payload: LookupPayload) -> Target:
        view = self._for_everybody(payload)
        if payload.on is not None:
            return EditTarget(self._poster, payload.asker, view, payload.on)
        if payload.form is AnswerForm.PAIR:
            return PairTarget(self._poster, self._posts, job, payload.asker, view)
        return MessageTarget(self._poster, self._posts, job, payload.asker, view)

    async def _in_private(self, job: Job, payload: LookupPayload, hint: str) -> None:
        asker = payload.asker
        if await self._admission.has_told(job):
            return
        once = partial(self._admission.at_most_once, job, asker)
        view = self._for_one(payload, hint)
        target: Target = EphemeralTarget(self._admission.say, asker, view, once)
        if asker.response_url and payload.on is not None and payload.on.ephemeral:
            target = ResponseUrlTarget(self._poster, asker, view, asker.response_url, once)
        await self._present(job, payload, target, ShownTo.ASKER)

    async def _present(self, job: Job, payload: LookupPayload, target: Target, seen_by: ShownTo) -> None:
        questions = [
            Question(
                subject,
                payload.days,
                effort=payload.effort,
                heard_since=job.heard_since,
                by=payload.asker.user,
            )
            for subject in payload.subjects
        ]
        log = self._log.bind(job=job.id, subjects=[self._named(q.subject) for q in questions])
        case_files = await present(partial(self._lookup.ask_all, questions), target)
        [entry] = asked_by(payload.asker)
        # What one person alone was shown cannot be deleted, and is not in the channel.
        in_place = payload.on if payload.on and not payload.on.ephemeral else None
        entry = replace(entry, message_ts=in_place.message_ts if in_place else None)
        self._admission.trail.note(job, entry.about(case_files, seen_by))
        if seen_by is not ShownTo.ASKER and payload.form in (AnswerForm.TICKET, AnswerForm.OFFERED):
            await self._watching.begin(job, Spot(payload.asker.channel, _thread_of(payload)), case_files)
        seconds = self._lookup.clock().timestamp() - job.created_ms / 1000
        self._metrics.lookup_seconds.observe(max(0.0, seconds))
        self._metrics.lookups.labels("answered").inc()
        log.info("lookup.done", days=payload.days)

    def _named(self, subject: Subject) -> str:
        return self._keyring.hash("log", subject.kind, subject.value)[:12]


def _thread_of(payload: LookupPayload) -> str | None:
    """The ticket's thread that an answer stands in."""
    return payload.offered_below or (payload.on.parent_ts if payload.on else None) or payload.asker.thread_ts


def view_of(payload: LookupPayload, hint: str | None = None) -> View:
    """How the answer to a lookup is to look."""
    # What only the asker sees took no offer's place, and cannot be removed for everybody.
    was_chosen = payload.form is AnswerForm.OFFERED
    form = AnswerForm.ANSWER if hint and was_chosen else payload.form
    return View(payload.named, payload.shown, hint, form=form, ticket_at=payload.ticket_at)


def _hint(asker: Asker, code: str) -> str:
    """Say why only the asker sees the answer, and what would change that."""
    if code in ("not_in_channel", "channel_not_found") and asker.is_direct:
        return table.BETWEEN_PEOPLE
    return _HINTS.get(code, table.POSTING_BARRED)

"""How people's requests are answered: from an accepted job to Slack."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog

from bot.answers.block_kit import note
from bot.answers.buttons import ButtonValue
from bot.answers.progress import Surface, present
from bot.answers.prompts import Spare, choice, nobody_named
from bot.answers.targets import EditSurface, GlimpseSurface, MessageSurface, PairSurface, WhisperSurface
from bot.domain.asking import Asker, Form
from bot.domain.model import Subject
from bot.jobs.inbox import GaveUp, Job
from bot.jobs.means import Means
from bot.jobs.payloads import (
    DEBUG_REQUEST,
    LOOKUP_REQUEST,
    NOTE_REQUEST,
    POINTED_REQUEST,
    REMOVE_REQUEST,
    SESSION_ERRORS_REQUEST,
    LookupRequest,
    PointedRequest,
)
from bot.slack.access import Verdict
from bot.slack.messages import read_files, read_root
from bot.slack.poster import NotHere
from bot.sources.protocol import Effort, Question
from bot.sources.quota_status import report_lines
from bot.tickets.book import TicketState
from bot.tickets.decide import TicketReading
from bot.tickets.with_requester import ticket_moment

_INVITE = "Only you can see this: Casefile is not in this channel. `/invite @Casefile` brings it in."
_HINTS = {
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,
    "is_archived": "Only you can see this: the channel is archived, so nothing can be posted in it.",
    "missing_scope": (
        "Only you can see this: Casefile lacks a permission it needs to post here. Whoever installed it can"
        " see which one by `casefile doctor`, and install it again with its manifest."
    ),
    "thread_not_found": "Only you can see this: the message that this thread hung from is gone.",
}
_NOT_ALLOWED = "Only you can see this: this channel’s settings do not let Casefile post in it."
_PEOPLE_ONLY = "Only you can see this: Casefile cannot post in messages between people."
_PRIVATE = "Only you can see this, as set up by whoever installed Casefile."
_ONLY_YOU = "Only you can see this."
_GAVE_UP: Mapping[GaveUp, str] = MappingProxyType(
    {
        GaveUp.UNEXPECTED: (
            "Casefile could not finish this lookup: something unexpected went wrong, and it has been logged."
            " Please try again; if it happens again, tell whoever installed Casefile."
        ),
        GaveUp.OUTCOME_UNKNOWN: (
            "Slack did not say whether it took Casefile’s answer, and Casefile may not read here to find out."
            " If you see no answer, please ask again; `/invite @Casefile` lets it look the next time."
        ),
        GaveUp.SLACK_AWAY: (
            "Casefile could not answer you in time, because Slack did not take its answer for half an hour."
            " Please ask again."
        ),
    }
)
_NO_SOURCE = "No source is configured yet: whoever installed Casefile can add one, see its README."
_NOT_READ = (
    "Casefile cannot read the message at the head of this thread. Name the customer:"
    " `@Casefile jane@contoso.example`."
)
# How an asker is read from each kind of payload, for telling them that there will be no answer.
_ASKERS: Mapping[str, Callable[[str], Asker]] = MappingProxyType(
    {
        "lookup": lambda payload: LOOKUP_REQUEST.validate_json(payload).asker,
        "debug": lambda payload: DEBUG_REQUEST.validate_json(payload).asker,
        "note": lambda payload: NOTE_REQUEST.validate_json(payload).asker,
        "pointed": lambda payload: POINTED_REQUEST.validate_json(payload).asker,
        "remove": lambda payload: REMOVE_REQUEST.validate_json(payload).asker,
        "errors": lambda payload: SESSION_ERRORS_REQUEST.validate_json(payload).asker,
    }
)


class Answering:
    """Answers people's jobs."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._reception = means.reception
        self._lookup = means.lookup
        self._poster = means.poster
        self._settings = means.settings
        self._log = structlog.get_logger("answering")

    async def look_up(self, job: Job) -> None:
        """Answer a request for case files."""
        request = LOOKUP_REQUEST.validate_json(job.payload)
        verdict = await self._reception.admit(job, request.asker)
        if verdict is not None:
            await self._answer(job, request, verdict)

    async def debug(self, job: Job) -> None:
        """Answer a request for the sources' states."""
        request = DEBUG_REQUEST.validate_json(job.payload)
        if await self._reception.admit(job, request.asker) is None:
            return
        lines = await report_lines(self._lookup.sources, self._means.desk.desks)
        await self._reception.tell(job, request.asker, "\n".join(["*How the sources are*", *lines]))

    async def tell(self, job: Job) -> None:
        """Tell somebody what is understood."""
        request = NOTE_REQUEST.validate_json(job.payload)
        if await self._reception.admit(job, request.asker) is not None:
            await self._reception.tell(job, request.asker, note(request.text))

    async def read_for(self, job: Job) -> None:
        """Answer somebody who points at a message: about whom it names, or by asking which of them."""
        request = POINTED_REQUEST.validate_json(job.payload)
        verdict = await self._reception.admit(job, request.asker)
        if verdict is None:
            return
        reading = await self._read(request)
        asker = request.asker
        if reading is None:
            await self._reception.tell(job, asker, _NOT_READ)
            return
        asked = self._request(asker, reading.subjects, ticket_at=reading.root_ts)
        if len(reading.subjects) == 1:
            await self._answer(job, asked, verdict)
            return
        value = ButtonValue(
            (), asked.days, asked.shown, asker.user, asked.form, asked.ticket_at, asker.thread_ts
        )
        people = (*reading.subjects, *reading.mentioned)
        question = choice(people, Spare(value)) if people else nobody_named(Spare(value))
        await self._reception.tell(job, asker, question)

    async def give_up(self, job: Job, why: GaveUp) -> None:
        """Tell whoever asked that there will be no answer; where Slack cannot be asked, nobody hears."""
        asker_of = _ASKERS.get(job.kind)
        if asker_of is None:
            failed = self._means.metrics.unfurls if job.kind == "unfurl" else self._means.metrics.tickets
            failed.labels("failed").inc()
            return
        self._means.metrics.lookups.labels("failed").inc()
        asker = asker_of(job.payload)
        async with self._reception.at_most_once(job, asker, "gave up") as is_first:
            if is_first:
                await self._reception.say(asker, note(_GAVE_UP[why]))

    async def _read(self, request: PointedRequest) -> TicketReading | None:
        """Read the message that somebody points at; None where the bot may not read it."""
        message: dict[str, Any] | None = request.message
        if message is None and request.asker.thread_ts:
            message = await read_root(self._means.slack, request.asker.channel, request.asker.thread_ts)
        if message is None:
            return None
        return await self._means.desk.read_for_person(
            message, lambda files: read_files(self._means.slack, files)
        )

    def _request(self, asker: Asker, subjects: tuple[Subject, ...], *, ticket_at: str = "") -> LookupRequest:
        settings = self._settings.lookup
        moment = ticket_moment(ticket_at)
        return LookupRequest(
            subjects,
            settings.days,
            Effort.USUAL,
            settings.shown,
            asker,
            asker.user,
            Form.ANSWER,
            ticket_at=moment,
        )

    async def _answer(self, job: Job, request: LookupRequest, verdict: Verdict) -> None:
        asker = request.asker
        if not self._lookup.sources:
            await self._reception.tell(job, asker, _NO_SOURCE)
            return
        if (hint := self._private_because(request, verdict)) is not None:
            await self._in_private(job, request, hint)
            return
        try:
            await self._present(job, request, self._surface(job, request))
        except NotHere as refusal:
            # What the sources said is in the cache by now, or on its way there: it is not asked for twice.
            again = replace(request, effort=Effort.USUAL)
            await self._in_private(job, again, _hint(asker, refusal.code))
        if request.offered_below:
            await self._means.book.decide(asker.channel, request.offered_below, TicketState.BY_PERSON)
        if request.dismisses and asker.response_url:
            await self._poster.dismiss(asker.response_url)

    def _private_because(self, request: LookupRequest, verdict: Verdict) -> str | None:
        """Say why only the asker may see the answer, None where everybody may."""
        if request.on is not None and request.on.ephemeral:
            return _ONLY_YOU
        if self._settings.visibility == "ephemeral" and not request.asker.is_direct:
            return _PRIVATE
        if request.on is not None:
            return None
        return None if verdict.in_public else _hint(request.asker, "channel_not_found")

    def _surface(self, job: Job, request: LookupRequest) -> Surface:
        if request.on is not None:
            return EditSurface(self._poster, request, request.on)
        if request.form is Form.PAIR:
            return PairSurface(self._poster, self._means.jobs, job, request)
        return MessageSurface(self._poster, self._means.jobs, job, request)

    async def _in_private(self, job: Job, request: LookupRequest, hint: str) -> None:
        asker = request.asker
        if await self._reception.has_told(job):
            return
        once = partial(self._reception.at_most_once, job, asker)
        surface: Surface = GlimpseSurface(self._poster, request, hint, once)
        if asker.response_url:
            surface = WhisperSurface(self._poster, request, asker.response_url, hint, once)
        await self._present(job, request, surface)

    async def _present(self, job: Job, request: LookupRequest, surface: Surface) -> None:
        questions = [Question(subject, request.days, effort=request.effort) for subject in request.subjects]
        log = self._log.bind(job=job.id, subjects=[self._named(q.subject) for q in questions])
        with self._means.metrics.lookup_seconds.time():
            await present(self._lookup.follow_all(questions), surface)
        self._means.metrics.lookups.labels("answered").inc()
        log.info("lookup.done", days=request.days)

    def _named(self, subject: Subject) -> str:
        return self._means.keyring.hash("log", subject.kind, subject.value)[:12]


def _hint(asker: Asker, code: str) -> str:
    """Say why only the asker sees the answer, and what would change that."""
    if code in ("not_in_channel", "channel_not_found") and asker.is_direct:
        return _PEOPLE_ONLY
    return _HINTS.get(code, _NOT_ALLOWED)

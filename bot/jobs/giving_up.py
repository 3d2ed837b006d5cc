"""Whoever asked is told that there will be no answer."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from prometheus_client import Counter

from bot.answers.block_kit import note
from bot.answers.words import table
from bot.answers.words.table import steps
from bot.domain.asking import Asker
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import (
    DEBUG,
    DESK_NOTE,
    DESK_NOTE_UNASKED,
    DIGEST,
    HOME_LOOKUP,
    LOOKUP,
    MUTE,
    NOTE,
    OTHERS,
    PANE,
    POINTED,
    REMOVE,
    SESSION_ERRORS,
    STEP,
    TICKET,
    UNFURL,
    WATCH,
    WATCH_LOOK,
    WATCH_NEWS,
    WATCH_TELL,
)
from bot.jobs.results import GaveUp
from bot.operations.metrics import Metrics

_GAVE_UP: Mapping[GaveUp, str] = MappingProxyType(
    {
        GaveUp.UNEXPECTED: table.UNEXPECTED,
        GaveUp.OUTCOME_UNKNOWN: table.OUTCOME_UNKNOWN,
        GaveUp.UNREACHABLE: table.UNREACHABLE,
    }
)
# How an asker is read from each kind of payload.
_ASKERS: Mapping[str, Callable[[str], Asker]] = MappingProxyType(
    {
        LOOKUP.name: lambda payload: LOOKUP.read(payload).asker,
        DEBUG.name: lambda payload: DEBUG.read(payload).asker,
        NOTE.name: lambda payload: NOTE.read(payload).asker,
        POINTED.name: lambda payload: POINTED.read(payload).asker,
        REMOVE.name: lambda payload: REMOVE.read(payload).asker,
        HOME_LOOKUP.name: lambda payload: HOME_LOOKUP.read(payload).asker,
        SESSION_ERRORS.name: lambda payload: SESSION_ERRORS.read(payload).asker,
        WATCH.name: lambda payload: WATCH.read(payload).asker,
        MUTE.name: lambda payload: MUTE.read(payload).asker,
        OTHERS.name: lambda payload: OTHERS.read(payload).asker,
        PANE.name: lambda payload: PANE.read(payload).asker,
        STEP.name: lambda payload: STEP.read(payload).asker,
        DESK_NOTE.name: lambda payload: DESK_NOTE.read(payload).asker,
    }
)
# What counts the failures of the kinds that nobody asked for.
_COUNTERS: Mapping[str, Callable[[Metrics], Counter]] = MappingProxyType(
    {
        TICKET.name: lambda metrics: metrics.tickets,
        DIGEST.name: lambda metrics: metrics.tickets,
        UNFURL.name: lambda metrics: metrics.unfurls,
        WATCH_NEWS.name: lambda metrics: metrics.watches,
        WATCH_TELL.name: lambda metrics: metrics.watches,
        WATCH_LOOK.name: lambda metrics: metrics.watches,
        DESK_NOTE_UNASKED.name: lambda metrics: metrics.desk_notes,
    }
)
# In which channel they answer; the others answer in none, or in several.
_CHANNELS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        TICKET.name: lambda payload: TICKET.read(payload).reading.channel,
        UNFURL.name: lambda payload: UNFURL.read(payload).channel,
        DIGEST.name: lambda payload: DIGEST.read(payload).page,
        WATCH_TELL.name: lambda payload: WATCH_TELL.read(payload).channel,
        DESK_NOTE_UNASKED.name: lambda payload: DESK_NOTE_UNASKED.read(payload).asker.channel,
    }
)


def party_of(job: Job) -> str:
    """Whose job it is: the id of whoever asked, or of the channel; the job's own where neither is known."""
    try:
        if job.kind in _ASKERS:
            return _ASKERS[job.kind](job.payload).user or job.id
        return _CHANNELS[job.kind](job.payload) if job.kind in _CHANNELS else job.id
    except ValueError:
        # Its handler says what is wrong with it.
        return job.id


class GivingUp:
    """
    Tells askers of failed jobs; for tickets and unfurls only counts the failure.

    `end_step` ends a workflow's step with an error, in these words.
    """

    def __init__(
        self, admission: Admission, metrics: Metrics, end_step: Callable[[Job, str], Awaitable[None]]
    ) -> None:
        self._admission = admission
        self._metrics = metrics
        self._end_step = end_step

    async def tell(self, job: Job, why: GaveUp) -> None:
        """
        Tell whoever asked that there will be no answer, and why.

        Raises:
            SlackAway: when they cannot be told.

        """
        if counter_of := _COUNTERS.get(job.kind):
            counter_of(self._metrics).labels("failed").inc()
            return
        self._metrics.lookups.labels("failed").inc()
        if job.kind == STEP.name:
            await self._end_step(job, steps.UNEXPECTED)
            return
        asker = _ASKERS[job.kind](job.payload)
        async with self._admission.at_most_once(job, asker, "gave up") as is_first:
            if is_first:
                await self._admission.say(asker, note(_GAVE_UP[why]))

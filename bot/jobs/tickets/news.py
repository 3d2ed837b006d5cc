"""What watched threads are told, posted; the buttons that begin and end that; who is back on the site."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog
from slack_sdk.errors import SlackApiError

from bot.answers.block_kit import note
from bot.answers.buttons import ButtonValue
from bot.answers.news import ThreadNews, Topic, channel_news, not_watched, stopped, thread_news, watched
from bot.answers.words import table
from bot.audit.entries import AuditEntry, Came, ShownTo
from bot.audit.mentions import mentions_in
from bot.domain.asking import AnswerForm, Way
from bot.domain.model import CaseFiles, Session, Subject, SubjectKind
from bot.engine.parts import Engine
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import (
    WATCH,
    WATCH_LOOK,
    WATCH_NEWS,
    WATCH_TELL,
    WatchPayload,
    WatchTellPayload,
)
from bot.jobs.tickets.watching import Watching
from bot.lookup.fan_out import Lookup
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.slack.lost_posts import Spot
from bot.slack.poster import NotHere, Poster
from bot.slack.posts import Part
from bot.slack.priority_lock import Rank
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Account, Purpose, Refused, Window
from bot.sources.quota.ledger import Ledger
from bot.tickets.switches import Switches
from bot.tickets.watches import Watch

# So often a day it is looked, in all, whether a customer is back: a small budget of its own.
LOOKS = Account("casefile/watch", (Window(200, 24 * 3600),))
# So many lines a day the owner's channel is told: whoever has the webhook's address could fill it otherwise.
CHANNEL_LINES = Account("casefile/watch_channel", (Window(100, 24 * 3600),))
# While Slack is away lines wait for it longer than answers do: nobody would hear of it otherwise.
LASTING: Mapping[str, timedelta] = MappingProxyType({WATCH_TELL.name: timedelta(hours=8)})
_BETWEEN_LOOKS_SECONDS = 60.0
# So many people whom an error's title names stand in the trail.
_MOST_NAMED = 10


class WatchJobs:
    """
    Tells watched threads, and has people begin and end it.

    Args:
        watching: the threads.
        admission: who may press a button.
        access: what Slack says of a channel.
        lookup: finds people.
        poster: posts.
        ledger: counts how often it is looked whether customers are back, and lines in the owner's channel.
        settings: for how long, for whose eyes.
        metrics: counts.
        switches: which channels are muted: there a thread is told something where a person asked for it.

    """

    def __init__(
        self,
        watching: Watching,
        admission: Admission,
        access: Access,
        lookup: Lookup,
        poster: Poster,
        ledger: Ledger,
        settings: Settings,
        metrics: Metrics,
        switches: Switches,
    ) -> None:
        self.watching = watching
        self._switches = switches
        self._admission = admission
        self._access = access
        self._lookup = lookup
        self._poster = poster
        self._ledger = ledger
        self._settings = settings
        self._metrics = metrics
        self._log = structlog.get_logger("watch")

    async def spread(self, job: Job) -> None:
        """Find the threads that news concerns."""
        await self.watching.spread(WATCH_NEWS.read(job.payload).news)

    async def tell(self, job: Job) -> None:
        """Post what a thread, or the channel of the owner's choice, is told."""
        payload = WATCH_TELL.read(job.payload)
        watch = await self.watching.book.watched(payload.place) if payload.root_ts else None
        if not self.watching.is_on or (payload.root_ts and watch is None):
            self._count(job, "stopped")
            return
        if watch is not None and await self._is_muted(watch):
            self._count(job, "muted")
            return
        if reason := await self._refused(payload):
            self._note(job, payload, watch, Came.refused(reason), ShownTo.NOBODY)
            self._count(job, reason)
            return
        # What is tried again, say as Slack was away, is counted already.
        if not payload.root_ts and job.attempts == 1 and await self._is_full():
            self._note(job, payload, watch, Came.LEFT, ShownTo.NOBODY)
            self._count(job, "too_many")
            return
        masked = self._settings.visibility == "masked"
        write = thread_news if payload.root_ts else channel_news
        seen_by, named = (ShownTo.MASKED, ()) if masked else (ShownTo.PUBLIC, _named_in(payload.told))
        self._note(job, payload, watch, Came.TOLD, seen_by, named)
        told = await self.watching.as_of_now(payload.told)
        spot, message = Spot(payload.channel, payload.root_ts), write(told, masked=masked)
        try:
            await self._poster.post(job, Part("news"), spot, message, Rank.UNASKED)
        except NotHere as refusal:
            self._log.info("watch.not_posted", job=job.id, slack=refusal.code)
            self._note(job, payload, watch, Came.LEFT, ShownTo.NOBODY)
            self._count(job, "not_posted")
            return
        self._count(job, str(payload.told.topic))

    async def _is_muted(self, watch: Watch) -> bool:
        """Whether a thread is told nothing for now, as its channel is muted; unless a person asked for it."""
        return not watch.asked and await self._switches.is_muted(watch.channel)

    async def _is_full(self) -> bool:
        """Whether the owner's channel has been told as much in a day as it may be; else a line is counted."""
        return isinstance(await self._ledger.spend(CHANNEL_LINES, Purpose.PERSON), Refused)

    async def _refused(self, payload: WatchTellPayload) -> str | None:
        """Why nothing may be said in a channel; None where it may."""
        if payload.root_ts and self._access.refuses_tickets(payload.channel):
            return "channel"
        try:
            place = await self._access.place(payload.channel)
        except SlackApiError as error:
            self._log.warning("access.unknown", slack=error.response.get("error"))
            return "unsure"
        if place.is_shared:
            return "shared_channel"
        return None if place.is_seen else "not_seen"

    async def press(self, job: Job) -> None:
        """Watch a thread, tell it nothing more, or say which of the two holds, for whoever may ask."""
        payload = WATCH.read(job.payload)
        asker = payload.asker
        book = self.watching.book
        place = book.place(asker.channel, asker.thread_ts or "")
        watch = await book.watched(place)
        about = payload.subjects or (watch.subjects if watch else ())
        verdict = await self._admission.admit(job, asker, about)
        if verdict is None:
            return
        if payload.is_on is False:
            self._admission.note(job, asker, Came.UNWATCHED)
            was_on = await book.stop(asker.channel, asker.thread_ts or "")
            # A press that was begun before has stopped it.
            value = self._value_of(about, asker.thread_ts)
            await self._admission.tell(job, asker, stopped(value, was_on=was_on or job.attempts > 1))
        elif not verdict.in_public or not self.watching.is_on or asker.thread_ts is None:
            why = table.CANNOT_WATCH if self.watching.is_on else table.WATCHING_IS_OFF
            self._admission.note(job, asker, Came.TOLD)
            await self._admission.tell(job, asker, note(why))
        elif payload.is_on:
            await self._watch(job, payload, asker.thread_ts)
        else:
            self._admission.note(job, asker, Came.TOLD)
            days, value = self._settings.watch.days, self._value_of(about, asker.thread_ts)
            is_told = watch is not None and not await self._is_muted(watch)
            now = watched(days, asker.thread_ts, since_now=False) if is_told else not_watched(value)
            await self._admission.tell(job, asker, now)

    async def _watch(self, job: Job, payload: WatchPayload, root_ts: str) -> None:
        asker = payload.asker
        questions = [
            Question(subject, payload.days, effort=Effort.KNOWN, heard_since=job.heard_since)
            for subject in payload.subjects
        ]
        case_files = await self._lookup.ask_all(questions, lambda _grown: None)
        spot = Spot(asker.channel, root_ts)
        await self.watching.begin(job, spot, case_files, by_person=True)
        entries = AuditEntry(asker.user, asker.channel, asker.way).about(case_files, ShownTo.ASKER)
        self._admission.trail.note(job, [replace(entry, outcome=Came.WATCHED) for entry in entries])
        await self._admission.tell(job, asker, watched(self._settings.watch.days, root_ts))

    def _value_of(self, subjects: Sequence[Subject], root_ts: str | None) -> str:
        """The value of the button that watches a thread again; empty where whom it was about is not known."""
        if not subjects:
            return ""
        lookup = self._settings.lookup
        form = AnswerForm.ANSWER
        return ButtonValue(tuple(subjects), lookup.days, lookup.shown, form=form, thread_ts=root_ts).dumps()

    async def look_for_ever(self) -> None:
        """Look, again and again, which customers are to be looked for."""
        while True:
            if self.watching.is_on and self.watching.asked_sources:
                await self.watching.write_looks()
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)

    async def look(self, job: Job) -> None:
        """Look whether a thread's customer is back on the site, by the sources whose calls are many."""
        place = WATCH_LOOK.read(job.payload).place
        watch = await self.watching.book.watched(place)
        if watch is None or watch.seen_at is None or await self._is_muted(watch):
            return
        if isinstance(await self._ledger.spend(LOOKS, Purpose.PERSON), Refused):
            self._count(job, "look_put_off")
            return
        found = _newest(await self._asked(watch, job), watch.seen_at)
        if found is not None:
            source = str(found.source)
            told = ThreadNews(Topic.BACK, at=found.started_at, url=found.url, source=source)
            await self.watching.tell_return(place, watch, told)
        self._count(job, "looked")

    async def _asked(self, watch: Watch, job: Job) -> CaseFiles:
        names = self.watching.asked_sources
        some = replace(self._lookup, sources=[s for s in self._lookup.sources if s.name in names])
        days = self._settings.lookup.days
        questions = [
            Question(subject, days, Purpose.BACKGROUND, heard_since=job.heard_since)
            for subject in watch.subjects
        ]
        return await some.ask_all(questions, lambda _grown: None)

    def _note(
        self,
        job: Job,
        payload: WatchTellPayload,
        watch: Watch | None,
        outcome: str,
        shown_to: ShownTo,
        named: Sequence[Subject] = (),
    ) -> None:
        """Note whom a line is about; `named` are those whom its words name: they are to be found too."""
        entry = AuditEntry(None, payload.channel, Way.NEWS, outcome=outcome, shown_to=shown_to)
        subjects = {(one.kind, one.value): one for one in (*named, *(watch.subjects if watch else ()))}
        entries = [replace(entry, subject=subject) for subject in subjects.values()] or [entry]
        self._admission.trail.note(job, entries)

    def _count(self, job: Job, outcome: str) -> None:
        self._metrics.watches.labels(outcome).inc()
        self._log.info("watch.done", job=job.id, kind=job.kind, outcome=outcome)


def watch_jobs(
    engine: Engine,
    watching: Watching,
    admission: Admission,
    access: Access,
    poster: Poster,
    switches: Switches,
) -> WatchJobs:
    """What tells watched threads, by the engine's lookup, ledger, settings and metrics."""
    parts = (watching, admission, access, engine.lookup, poster, engine.ledger)
    return WatchJobs(*parts, engine.settings, engine.metrics, switches)


def _named_in(told: ThreadNews) -> Sequence[Subject]:
    """The people whose addresses stand in the title of an error."""
    title = told.news.title if told.news else None
    addresses = sorted(mentions_in(title or "").addresses)[:_MOST_NAMED]
    return [Subject(SubjectKind.EMAIL, one, one) for one in addresses]


def _newest(case_files: CaseFiles, since: datetime) -> Session | None:
    """The newest visit that began after a moment."""
    visits = [s for one in case_files for s in one.sessions if s.started_at and s.started_at > since]
    return max(visits, key=lambda session: session.started_at or since, default=None)

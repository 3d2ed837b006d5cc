"""
Which threads are watched, and what they are told: written down as jobs, each once.

A webhook's news is a job in the transaction that stores it; that job makes one for each thread that it
concerns, known by the thread and the change. So nothing is lost where a process dies, and nothing doubled.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from bot.answers.news import ThreadNews, Topic
from bot.domain.model import CaseFile, ErrorEvent, SourceName, Subject
from bot.jobs.inbox import Inbox, Job, NewJob
from bot.jobs.payloads import (
    WATCH_LOOK,
    WATCH_NEWS,
    WATCH_TELL,
    WatchLookPayload,
    WatchNewsPayload,
    WatchTellPayload,
)
from bot.lookup.fan_out import Lookup
from bot.settings.model import Settings
from bot.slack.lost_posts import Spot
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.raygun.webhook_events import ErrorNews
from bot.sources.registry import MANY_CALLS
from bot.storage.database import Connection
from bot.storage.store import Store
from bot.tickets.watches import Watch, WatchBook, WatchedError, are_watched

_PUSHING = "raygun"
# So many open tickets with one error are news; the channel of the owner's choice is told at each step.
_MANY = 3
_STEPS = (3, 10, 30, 100, 300, 1_000, 3_000)
# Of so many further errors of its customer a thread is told, and so often what became of one: whoever has the
# webhook's address could fill threads otherwise.
_MOST_HITS, _MOST_CHANGES = 5, 20
# Threads whose jobs are written in one transaction.
_AT_ONCE = 100
# When it is looked for the first time whether a customer is back, how often then, and how many at once.
_FIRST_LOOK, _LOOKED_EVERY, _LOOKS_AT_ONCE = timedelta(minutes=30), timedelta(hours=4), 20


class Watching:
    """
    The watched threads, and the jobs that tell them.

    Args:
        store: where jobs are written.
        book: the threads.
        inbox: the jobs.
        pushed: what webhooks told of errors.
        lookup: knows who is who, and which sources there are.
        settings: for how long, in which channel, who sees what.

    """

    def __init__(
        self,
        store: Store,
        book: WatchBook,
        inbox: Inbox,
        pushed: PushedErrors,
        lookup: Lookup,
        settings: Settings,
    ) -> None:
        self.book = book
        self._store = store
        self._inbox = inbox
        self._pushed = pushed
        self._lookup = lookup
        self._settings = settings

    @property
    def is_on(self) -> bool:
        """Whether threads are watched at all."""
        return are_watched(self._settings)

    async def begin(
        self, job: Job, spot: Spot, case_files: Sequence[CaseFile], *, by_person: bool = False
    ) -> None:
        """
        Have a thread watched from the end of a job on.

        Args:
            job: the one that answers in the thread.
            spot: the thread.
            case_files: what it shows.
            by_person: whether somebody has asked for it, rather than it being a ticket's.

        """
        if not self.is_on or spot.thread_ts is None:
            return
        shown = [error for one in case_files for error in one.errors if error.source.vendor == _PUSHING]
        seen = [one.last_seen or one.as_of for one in case_files]
        watch = Watch(
            spot.channel,
            spot.thread_ts,
            tuple(one.subject for one in case_files),
            seen_at=max(seen, default=None),
        ).also(_watched(error) for error in shown)

        async def write(connection: Connection) -> None:
            lasting = timedelta(days=self._settings.watch.days)
            look_in = _FIRST_LOOK if self.asked_sources else None
            known = replace(watch, names=await self._names(connection, case_files))
            now = await self.book.begin(connection, known, lasting, look_in, by_person=by_person)
            if now is None:
                return
            self._pushed.hold(
                connection, [*(str(one.source) for one in shown), *(of for of, _ in known.names)]
            )
            jobs = await self._what_changed(connection, now, shown)
            jobs += await self._how_many(connection, watch)
            jobs += await self._hit_meanwhile(connection, now, known.names, job)
            if jobs:
                await self._inbox.add(connection, jobs)
                self._inbox.look_after(job.id)

        self._inbox.write_later(job.id, write)

    @property
    def asked_sources(self) -> tuple[SourceName, ...]:
        """The sources that are asked whether a customer is back: those whose calls are many."""
        return tuple(s.name for s in self._lookup.sources if s.name.vendor in MANY_CALLS)

    async def on_news(self, connection: Connection, news: ErrorNews) -> bool:
        """
        Write a job for what a webhook told, in the transaction that stores it, if it concerns a thread.

        Returns:
            whether it does: then `look_for_jobs` is to be called when the transaction has ended.

        """
        if not self.is_on:
            return False
        keys = self._keys_of_people(news)
        keys += self.book.keys_of_error(_error_of(news)) if news.change else ()
        if not await self.book.is_known(connection, keys):
            return False
        payload = WATCH_NEWS.write(WatchNewsPayload(news))
        await self._inbox.add(connection, [(WATCH_NEWS.name, uuid4().hex, payload)])
        return True

    def look_for_jobs(self) -> None:
        """Have the jobs that were written looked for at once."""
        self._inbox.has_more.set()

    async def spread(self, news: ErrorNews) -> None:
        """Write a job for each thread that news concerns, and one for the channel of the owner's choice."""
        error = _error_of(news)
        async with self._store.read() as connection:
            having = await self.book.places(connection, self.book.keys_of_error(error))
            theirs = await self.book.places(connection, self._keys_of_people(news)) if news.people else ()
        if news.change:
            await self._spread_change(news, having)
        every = {*theirs, *having}
        for place in sorted(every.difference(having)):
            async with self._store.write() as connection:
                await self._inbox.add(connection, await self._add_hit(connection, place, news, len(every)))
        self.look_for_jobs()

    async def as_of_now(self, told: ThreadNews) -> ThreadNews:
        """What is to be told, and whether it is so no more: after a kill the older line may come last."""
        if told.topic is not Topic.CHANGED or told.news is None:
            return told
        return replace(told, is_past=await self._pushed.is_past(told.news))

    async def write_looks(self) -> None:
        """Write a job for each thread of which it is to be looked now whether its customer is back."""
        places = await self.book.due(_LOOKS_AT_ONCE, _LOOKED_EVERY)
        if not places:
            return
        looks = [(WATCH_LOOK.name, uuid4().hex, WATCH_LOOK.write(WatchLookPayload(one))) for one in places]
        async with self._store.write() as connection:
            await self._inbox.add(connection, looks)
        self.look_for_jobs()

    async def tell_return(self, place: str, watch: Watch, told: ThreadNews) -> None:
        """Write the job that tells a thread that its customer is back: once, and again if asked for."""
        key = f"back {watch.asked}" if watch.asked else "back"
        async with self._store.write() as connection:
            await self.book.look_no_more(connection, place)
            await self._inbox.add(connection, [self._tell(place, watch, told, key)])
        self.look_for_jobs()

    async def _spread_change(self, news: ErrorNews, places: Sequence[str]) -> None:
        told = ThreadNews(Topic.CHANGED, news, tickets=len(places))
        channels: Counter[str] = Counter()
        for begin in range(0, len(places), _AT_ONCE):
            async with self._store.write() as connection:
                some = places[begin : begin + _AT_ONCE]
                watches = await self.book.add_change(connection, some, _MOST_CHANGES)
                jobs = [
                    self._tell(place, one, replace(told, is_last=one.changes == _MOST_CHANGES), news.key)
                    for place, one in watches.items()
                    if one.changes <= _MOST_CHANGES
                ]
                await self._inbox.add(connection, jobs)
            channels.update(one.channel for one in watches.values())
        if self._settings.watch.channel and places:
            async with self._store.write() as connection:
                await self._inbox.add(connection, [self._tell_channel(told, channels, news.key)])

    async def _add_hit(
        self, connection: Connection, place: str, news: ErrorNews, tickets: int
    ) -> list[NewJob]:
        """The job that tells a thread of another error that hit its customer, if it is to be told."""
        error = _error_of(news)
        watch = await self.book.add_hit(connection, place, error)
        if watch is None or watch.hits > _MOST_HITS:
            return []
        told = ThreadNews(Topic.HIT, news, tickets, is_last=watch.hits == _MOST_HITS)
        return [self._tell(place, watch, told, f"hit {self.book.keys_of_error(error)[0]}")]

    async def _hit_meanwhile(
        self, connection: Connection, watch: Watch, names: Sequence[tuple[str, Subject]], job: Job
    ) -> list[NewJob]:
        """The jobs that tell of errors that hit the customer while a job was answered."""
        place = self.book.place(watch.channel, watch.root_ts)
        jobs: list[NewJob] = []
        for account in dict.fromkeys(account for account, _ in names):
            own = [name for of, name in names if of == account]
            for news in await self._pushed.hits_since(connection, account, own, job.created_ms):
                tickets = await self.book.count(connection, self.book.keys_of_error(_error_of(news)))
                jobs += await self._add_hit(connection, place, news, tickets + 1)
        return jobs

    async def _what_changed(
        self, connection: Connection, watch: Watch, shown: Sequence[ErrorEvent]
    ) -> list[NewJob]:
        """
        The jobs that tell what became of the errors since they were read, as many as may still be told.

        They count only where none was told before: whoever asks again finds the same changes again.
        """
        place = self.book.place(watch.channel, watch.root_ts)
        jobs: list[NewJob] = []
        is_first, left = watch.changes == 0, _MOST_CHANGES - watch.changes
        for source in sorted({error.source for error in shown}, key=str):
            own = [error for error in shown if error.source == source]
            for news in await self._pushed.news_of(connection, source, own):
                if len(jobs) >= left:
                    return jobs
                if is_first:
                    await self.book.add_change(connection, [place], _MOST_CHANGES)
                tickets = await self.book.count(connection, self.book.keys_of_error(_error_of(news)))
                told = ThreadNews(Topic.CHANGED, news, tickets, is_last=is_first and len(jobs) + 1 == left)
                jobs.append(self._tell(place, watch, told, news.key))
        return jobs

    async def _how_many(self, connection: Connection, watch: Watch) -> list[NewJob]:
        """The jobs that tell, once, how many open tickets have one of a thread's errors, if many have."""
        counts = await self.book.counts(connection, watch.errors)
        tickets, error = max(counts, key=lambda one: one[0], default=(0, None))
        if error is None or tickets < _MANY:
            return []
        news = ErrorNews(error.account, error.title, error.url, error.id)
        told = ThreadNews(Topic.MANY, news, tickets)
        place = self.book.place(watch.channel, watch.root_ts)
        jobs = [self._tell(place, watch, told, "many")]
        if self._settings.watch.channel:
            step = max(one for one in _STEPS if one <= tickets)
            key = f"many {step} {self.book.keys_of_error(error)[0]}"
            jobs.append(self._tell_channel(told, Counter(), key))
        return jobs

    def _tell(self, place: str, watch: Watch, told: ThreadNews, key: str) -> NewJob:
        payload = WatchTellPayload(watch.channel, watch.root_ts, place, told)
        return WATCH_TELL.name, f"{place} {key}", WATCH_TELL.write(payload)

    def _tell_channel(self, told: ThreadNews, channels: Counter[str], key: str) -> NewJob:
        told = replace(told, channels=tuple(channels.most_common()))
        payload = WatchTellPayload(self._settings.watch.channel or "", None, "", told)
        return WATCH_TELL.name, f"channel {key}", WATCH_TELL.write(payload)

    def _keys_of_people(self, news: ErrorNews) -> tuple[str, ...]:
        return self.book.keys_of_names((news.account, name) for name in news.people)

    async def _names(
        self, connection: Connection, case_files: Sequence[CaseFile]
    ) -> tuple[tuple[str, Subject], ...]:
        """The customers' names that are surely theirs, by the accounts that push errors."""
        accounts = [str(s.name) for s in self._lookup.sources if s.name.vendor == _PUSHING]
        found: list[tuple[str, Subject]] = []
        for case_file in case_files if accounts else ():
            others = await self._lookup.identities.other_names_in(connection, case_file.subject)
            for account in accounts:
                product = self._lookup.identities.shared.product_of(account)
                names = [case_file.subject, *(name.subject for name in others.in_product(product))]
                found += ((account, name) for name in names)
        return tuple(dict.fromkeys(found))


def _watched(error: ErrorEvent) -> WatchedError:
    return WatchedError(str(error.source), error.title, error.url, error.id)


def _error_of(news: ErrorNews) -> WatchedError:
    return WatchedError(news.account, news.title or "", news.url, news.id)

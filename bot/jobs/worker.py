"""
Jobs at work: each in one process at a time, its lease renewed while it runs, taken over when that died.

This is the one place where an unexpected error ends: it is logged, the job is tried again later, and after
the last try the person is told.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import timedelta
from types import MappingProxyType

import structlog

from bot.jobs.inbox import Inbox, Job
from bot.jobs.results import Answered, Elsewhere, GaveUp, GivenUp, NotYet, Result, Unreachable
from bot.operations.fair_use import FairRoom
from bot.operations.tasks import Tasks
from bot.storage.database import StoreAway

Handler = Callable[[Job], Awaitable[Result]]
"""Works on a job, and says what came of it."""
GiveUp = Callable[[Job, GaveUp], Awaitable[None]]
"""Tells the person that a job will not be finished, and why."""

_AT_ONCE = 32
# So long a job keeps its place among those that are begun at once: who takes longer waits for others, mostly
# for a slow vendor, and must not keep anybody from beginning.
_PLACE_LASTS_SECONDS = 1.0
_MOST_WAITING = 500
_MOST_FAILURES = 3
# So often a job is begun: one whose process dies each time may be what it dies of.
_MOST_ATTEMPTS = 100
# While more waits than was taken over, it is looked again as soon as that.
_BEHIND_SECONDS = 0.2
# Of jobs that no person waits for: so many of a kind at once, and so many in all that wait here. The others
# wait in the database.
_UNASKED_AT_ONCE = 6
_MOST_UNASKED_WAITING = 100
# Where the answer goes cannot be reached: the waits double, and after half an hour nobody waits any more. Of
# what is worth having longer the waits grow then, so that it is not begun too often.
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)
_ANSWER_IS_WORTH_HAVING = timedelta(minutes=30)
# A wait that was asked for is obeyed up to that.
_LONGEST_WAIT_ASKED_FOR = timedelta(minutes=10)


class Worker:
    """
    Runs jobs by kind.

    Args:
        inbox: the jobs.
        tasks: keeps track of what runs.
        handlers: what answers each kind.
        give_up: tells the person that a job could not be finished.
        unasked: the kinds that no person waits for.
        sweep_seconds: how often jobs of dead processes are looked for.
        party_of: whose job it is, or which channel's: parties take turns.
        most_of_one: so many jobs of one party run at once.
        lasting: for how long the kinds are tried that are worth having for longer than half an hour.

    """

    def __init__(
        self,
        inbox: Inbox,
        tasks: Tasks,
        handlers: Mapping[str, Handler],
        give_up: GiveUp,
        unasked: Collection[str],
        sweep_seconds: float,
        party_of: Callable[[Job], str] = lambda job: job.id,
        most_of_one: int = _AT_ONCE,
        lasting: Mapping[str, timedelta] = MappingProxyType({}),
    ) -> None:
        self._lasting = lasting
        self._inbox = inbox
        self._tasks = tasks
        self._handlers = handlers
        self._give_up = give_up
        self._unasked = tuple(unasked)
        self._sweep_seconds = sweep_seconds
        self._party_of = party_of
        self._room = FairRoom(_AT_ONCE, most_of_one)
        self._rooms = {kind: FairRoom(_UNASKED_AT_ONCE, _UNASKED_AT_ONCE) for kind in self._unasked}
        self._held: dict[str, str] = {}
        self._log = structlog.get_logger("worker")

    @property
    def is_full(self) -> bool:
        """Whether so much is waiting that another request had better be refused."""
        return len(self._held) >= _MOST_WAITING

    @property
    def is_full_of_unasked(self) -> bool:
        """Whether so many jobs wait here that nobody asked for, that more had better wait in the database."""
        return sum(kind in self._unasked for kind in self._held.values()) >= _MOST_UNASKED_WAITING

    def start(self, job: Job) -> None:
        """Begin a job that is leased to this process, unless it is under way here already."""
        if job.id in self._held:
            return
        if self.is_full or (job.kind in self._unasked and self.is_full_of_unasked):
            self._tasks.spawn(self._inbox.release(job), f"job {job.kind} {job.id} left for later")
            return
        self._held[job.id] = job.kind
        self._tasks.spawn(self._run(job), f"job {job.kind} {job.id}")

    async def sweep_for_ever(self) -> None:
        """Take over, again and again, what other processes (or this one, before it restarted) left behind."""
        while True:
            # No more than can soon be begun: what is taken over and not begun waits for its lease to end.
            self._inbox.has_more.clear()
            room = max(0, 2 * _AT_ONCE - len(self._held))
            without = self._unasked if self.is_full_of_unasked else ()
            found = await self._inbox.take_over(min(_AT_ONCE, room), without)
            for job in found:
                if job.attempts > 1:
                    self._log.info("job.taken_over", job=job.id, kind=job.kind, attempt=job.attempts)
                self.start(job)
            behind = not room or len(found) == _AT_ONCE
            if behind:
                await asyncio.sleep(min(_BEHIND_SECONDS, self._sweep_seconds))
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._sweep_seconds):
                        await self._inbox.has_more.wait()

    async def renew_for_ever(self) -> None:
        """
        Renew the leases of what runs here, again and again.

        Not of what was broken off here, say as the database was away: that is to be taken over.
        """
        while True:
            await asyncio.sleep(self._inbox.lease.total_seconds() / 3)
            if held := tuple(self._held):
                await self._inbox.renew(held)

    async def _run(self, job: Job) -> None:
        try:
            async with _begun_in(self._rooms.get(job.kind, self._room), self._party_of(job)):
                if job.attempts > _MOST_ATTEMPTS:
                    self._log.error("job.begun_too_often", job=job.id, kind=job.kind, attempts=job.attempts)
                    await self._abandon(job, GaveUp.UNEXPECTED)
                else:
                    await self._settle(job)
        except asyncio.CancelledError:
            # Shutting down: whoever comes next may begin at once.
            await self._inbox.release(job)
            raise
        except StoreAway:
            # Nothing can be written down now: whoever finds the lease run out begins anew.
            self._log.warning("job.database_away", job=job.id, kind=job.kind)
        finally:
            self._held.pop(job.id, None)

    async def _settle(self, job: Job) -> None:
        """Answer a job, or see to it that somebody does later, or end it."""
        try:
            result = await self._handlers[job.kind](job)
        except StoreAway:
            raise
        except Exception as error:  # noqa: BLE001 - the one place where unexpected errors end
            await self._has_failed(job, error)
        else:
            await self._conclude(job, result)

    async def _conclude(self, job: Job, result: Result) -> None:
        match result:
            case Answered():
                await self._inbox.finish(job)
            case NotYet():
                await self._inbox.postpone(job, min(result.wait, _LONGEST_WAIT_ASKED_FOR))
            case Elsewhere():
                self._log.warning("job.taken_over_meanwhile", job=job.id, kind=job.kind)
                self._inbox.drop(job)
            case Unreachable():
                await self._try_again(job, result)
            case GivenUp(GaveUp.OUTCOME_UNKNOWN):
                self._log.warning("job.outcome_unknown", job=job.id, kind=job.kind)
                await self._abandon(job, result.why)
            case GivenUp():
                self._log.error("job.crashed", job=job.id, kind=job.kind, exc_info=result.cause)
                await self._abandon(job, result.why)

    async def _has_failed(self, job: Job, error: Exception) -> None:
        failures = job.failures + 1
        self._log.error("job.crashed", job=job.id, kind=job.kind, failure=failures, exc_info=error)
        if failures >= _MOST_FAILURES:
            await self._abandon(job, GaveUp.UNEXPECTED)
        else:
            await self._inbox.fail(job, self._inbox.lease * failures)

    async def _try_again(self, job: Job, unreachable: Unreachable) -> None:
        """Try again later, as long as an answer is worth having."""
        self._log.warning("job.unreachable", job=job.id, kind=job.kind, why=unreachable.why)
        age = await self._inbox.age(job)
        if age > self._lasting.get(job.kind, _ANSWER_IS_WORTH_HAVING):
            await self._abandon(job, GaveUp.UNREACHABLE)
            return
        longest = _LONGEST_WAIT if age <= _ANSWER_IS_WORTH_HAVING else _LONGEST_WAIT_ASKED_FOR
        doubled = _FIRST_WAIT * 2 ** min(job.attempts - 1, 10)
        wait = max(unreachable.wait, min(doubled, longest))
        await self._inbox.release(job, min(wait, _LONGEST_WAIT_ASKED_FOR))

    async def _abandon(self, job: Job, why: GaveUp) -> None:
        try:
            await self._give_up(job, why)
        finally:
            await self._inbox.finish(job, "failed")


@asynccontextmanager
async def _begun_in(room: FairRoom, party: str) -> AsyncIterator[None]:
    """A place in a room while the block begins; it is given up when the block takes long."""
    await room.enter(party)
    place = ExitStack()
    place.callback(room.leave, party)
    leaving = asyncio.get_running_loop().call_later(_PLACE_LASTS_SECONDS, place.close)
    try:
        yield
    finally:
        leaving.cancel()
        place.close()

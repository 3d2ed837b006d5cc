"""
Jobs at work: each in one process at a time, its lease renewed while it runs, taken over when that died.

This is the one place where an unexpected error ends: it is logged, the job is tried again later, and after
the last try the person is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from bot.jobs.inbox import Busy, GaveUp, Job, Jobs, NotAgain, TakenOver
from bot.operations.tasks import Tasks
from bot.slack.client import SlackAway
from bot.slack.poster import OutcomeUnknown
from bot.storage.database import StoreAway

Handler = Callable[[Job], Awaitable[None]]
"""Answers a job; returns when nothing more is owed."""
GiveUp = Callable[[Job, GaveUp], Awaitable[None]]
"""Tells the person that a job will not be finished, and why."""

_AT_ONCE = 32
_MOST_WAITING = 500
_MOST_FAILURES = 3
# So often a job is begun: one whose process dies each time may be what it dies of.
_MOST_ATTEMPTS = 100
# While more waits than was taken over, it is looked again as soon as that.
_BEHIND_SECONDS = 0.2
# Jobs that no person waits for: so many at once, so many waiting here; the others wait in the database.
_UNASKED = ("ticket", "unfurl")
_UNASKED_AT_ONCE = 6
_MOST_UNASKED_WAITING = 100
_TURN_COMES = timedelta(seconds=1)
# While Slack is away a job is tried after waits that double; nobody waits longer for an answer than that.
_SLACK_FIRST_WAIT, _SLACK_LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)
_SLACK_MAY_BE_AWAY = timedelta(minutes=30)
# Slack's own wish to wait is obeyed up to that.
_SLACK_LONGEST_WISH = timedelta(minutes=10)


class Worker:
    """
    Runs jobs by kind.

    Args:
        jobs: the durable inbox.
        tasks: keeps track of what runs.
        handlers: what answers each kind.
        give_up: tells the person that a job could not be finished.
        sweep_seconds: how often jobs of dead processes are looked for.

    """

    def __init__(
        self,
        jobs: Jobs,
        tasks: Tasks,
        handlers: Mapping[str, Handler],
        give_up: GiveUp,
        sweep_seconds: float,
    ) -> None:
        self._jobs = jobs
        self._tasks = tasks
        self._handlers = handlers
        self._give_up = give_up
        self._sweep_seconds = sweep_seconds
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._rooms = {kind: asyncio.Semaphore(_UNASKED_AT_ONCE) for kind in _UNASKED}
        self._held: dict[str, str] = {}
        self._log = structlog.get_logger("worker")

    @property
    def is_full(self) -> bool:
        """Whether so much is waiting that another request had better be refused."""
        return len(self._held) >= _MOST_WAITING

    @property
    def is_full_of_unasked(self) -> bool:
        """Whether so many jobs wait here that nobody asked for, that more had better wait in the database."""
        return sum(kind in _UNASKED for kind in self._held.values()) >= _MOST_UNASKED_WAITING

    def start(self, job: Job) -> None:
        """Begin a job that is leased to this process, unless it is under way here already."""
        if job.id in self._held:
            return
        if job.kind in _UNASKED and self.is_full_of_unasked:
            self._tasks.spawn(self._jobs.let_go(job), f"job {job.kind} {job.id} left for later")
            return
        self._held[job.id] = job.kind
        self._tasks.spawn(self._run(job), f"job {job.kind} {job.id}")

    async def sweep_for_ever(self) -> None:
        """Take over, again and again, what other processes (or this one, before it restarted) left behind."""
        while True:
            # No more than can soon be begun: what is taken over and not begun waits for its lease to end.
            room = max(0, 2 * _AT_ONCE - len(self._held))
            without = _UNASKED if self.is_full_of_unasked else ()
            found = await self._jobs.take_over(min(_AT_ONCE, room), without)
            for job in found:
                self._log.info("job.taken_over", job=job.id, kind=job.kind, attempt=job.attempts)
                self.start(job)
            behind = not room or len(found) == _AT_ONCE
            await asyncio.sleep(min(_BEHIND_SECONDS, self._sweep_seconds) if behind else self._sweep_seconds)

    async def renew_for_ever(self) -> None:
        """Renew the leases of what runs here, again and again."""
        while True:
            await asyncio.sleep(self._jobs.lease.total_seconds() / 3)
            if self._held:
                await self._jobs.renew()

    async def _run(self, job: Job) -> None:
        try:
            async with self._rooms.get(job.kind, self._room):
                if job.attempts > _MOST_ATTEMPTS:
                    self._log.error("job.begun_too_often", job=job.id, kind=job.kind, attempts=job.attempts)
                    await self._abandon(job, GaveUp.UNEXPECTED)
                else:
                    await self._settle(job)
        except asyncio.CancelledError:
            # Shutting down: whoever comes next may begin at once.
            await self._jobs.let_go(job)
            raise
        except StoreAway:
            # Nothing can be written down now: whoever finds the lease run out begins anew.
            self._log.warning("job.database_away", job=job.id, kind=job.kind)
        finally:
            self._held.pop(job.id, None)

    async def _settle(self, job: Job) -> None:
        """Answer a job, or see to it that somebody does later, or end it."""
        try:
            await self._handlers[job.kind](job)
        except Busy:
            await self._jobs.postpone(job, _TURN_COMES)
        except TakenOver:
            self._log.warning("job.taken_over_meanwhile", job=job.id, kind=job.kind)
        except OutcomeUnknown:
            self._log.warning("job.outcome_unknown", job=job.id, kind=job.kind)
            await self._abandon(job, GaveUp.OUTCOME_UNKNOWN)
        except SlackAway as away:
            await self._when_slack_is_back(job, away)
        except NotAgain as broken:
            self._log.error("job.crashed", job=job.id, kind=job.kind, exc_info=broken.__cause__)
            await self._abandon(job, GaveUp.UNEXPECTED)
        except StoreAway:
            raise
        except Exception as error:  # noqa: BLE001 - the one place where unexpected errors end
            failures = job.failures + 1
            self._log.error("job.crashed", job=job.id, kind=job.kind, failure=failures, exc_info=error)
            if failures >= _MOST_FAILURES:
                await self._abandon(job, GaveUp.UNEXPECTED)
            else:
                await self._jobs.fail(job, self._jobs.lease * failures)
        else:
            await self._jobs.finish(job)

    async def _when_slack_is_back(self, job: Job, away: SlackAway) -> None:
        """Try again later, as long as an answer is worth having."""
        self._log.warning("job.slack_away", job=job.id, kind=job.kind, why=str(away))
        if await self._jobs.age(job) > _SLACK_MAY_BE_AWAY:
            await self._abandon(job, GaveUp.SLACK_AWAY)
            return
        doubled = _SLACK_FIRST_WAIT * 2 ** min(job.attempts - 1, 10)
        wait = max(away.wait, min(doubled, _SLACK_LONGEST_WAIT))
        await self._jobs.let_go(job, min(wait, _SLACK_LONGEST_WISH))

    async def _abandon(self, job: Job, why: GaveUp) -> None:
        try:
            await self._give_up(job, why)
        except SlackAway as away:
            self._log.error("job.nobody_told", job=job.id, kind=job.kind, why=str(away))
        finally:
            await self._jobs.finish(job, "failed")

"""Jobs at work: what becomes of one that cannot be answered now, or ever."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.jobs.admission import NotAgain
from bot.jobs.inbox import Inbox, Job
from bot.jobs.payloads import UNASKED
from bot.jobs.results import Answered, GaveUp, Result
from bot.jobs.slack_results import answering_in_slack
from bot.jobs.tickets.news import LASTING
from bot.jobs.worker import Worker
from bot.operations.tasks import Tasks
from bot.slack.client import SlackAway
from bot.slack.lost_posts import OutcomeUnknown
from bot.slack.posts import TakenOver
from bot.storage.database import StoreAway
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import jobs
from bot.tickets.book import BeingAnswered

# Long beside what a busy machine takes for a test.
LEASE = timedelta(seconds=1_500)


@dataclass(frozen=True)
class Wait:
    """So many seconds until a job is free again, as they were before it ran and as they are after it."""

    before: float
    after: float

    def is_(self, seconds: float) -> bool:
        """Whether it was so long at a moment in between."""
        return self.after <= seconds <= self.before


class Desk:
    """A worker whose jobs end as the test says."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self.store = store
        self.jobs = Inbox(store, keyring, lease=LEASE)
        self.tasks = Tasks(lambda crash, _task: self.crashes.append(crash))
        self.crashes: list[BaseException] = []
        self.told: list[GaveUp] = []
        self.begun = 0
        self.trouble: list[Exception] = []
        self.worker = Worker(
            self.jobs,
            self.tasks,
            dict.fromkeys(("lookup", "watch_tell"), answering_in_slack(self._answer)),
            self.give_up,
            UNASKED,
            5,
            lasting=LASTING,
        )

    async def _answer(self, _job: Job) -> None:
        self.begun += 1
        if self.trouble:
            raise self.trouble.pop(0)

    async def give_up(self, _job: Job, why: GaveUp) -> None:
        self.told.append(why)

    async def accept(self, kind: str = "lookup") -> Job:
        job = await self.jobs.accept(kind, f"delivery {self.begun}", "{}")
        assert job is not None
        return job

    async def run(self, job: Job) -> tuple[str, int, int, Wait]:
        """A job's state, its attempts and failures, and how long it is until it is free again."""
        began = await self.store.now_ms()
        self.worker.start(job)
        await self.tasks.settle()
        async with self.store.read() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == job.id))).one()
        ended = await self.store.now_ms()
        wait = Wait((row.leased_until_ms - began) / 1000, (row.leased_until_ms - ended) / 1000)
        return row.state, row.attempts, row.failures or 0, wait

    async def again(self) -> Job:
        """End waits and leases, and take the job over."""
        async with self.store.write() as connection:
            await connection.execute(update(jobs).values(leased_until_ms=0))
        (job,) = await self.jobs.take_over(10)
        return job


@pytest.fixture
def desk(store: Store, keyring: Keyring) -> Desk:
    return Desk(store, keyring)


async def test_what_went_wrong_three_times_is_told_and_stays(desk: Desk) -> None:
    desk.trouble = [RuntimeError("one"), RuntimeError("two"), RuntimeError("three")]
    state, _, failures, wait = await desk.run(await desk.accept())
    assert (state, failures, desk.told) == ("open", 1, [])
    assert wait.is_(1_500)
    _, _, _, wait = await desk.run(await desk.again())
    assert wait.is_(3_000)
    state, *_ = await desk.run(await desk.again())
    assert (state, desk.told, desk.begun) == ("failed", [GaveUp.UNEXPECTED], 3)


async def test_while_slack_is_away_waits_double_and_nothing_has_gone_wrong(desk: Desk) -> None:
    desk.trouble = [SlackAway("lost", unsure=True) for _ in range(9)]
    job, waits = await desk.accept(), []
    for _ in range(9):
        state, _, failures, wait = await desk.run(job)
        assert (state, failures) == ("open", 0)
        waits.append(wait)
        job = await desk.again()
    assert all(
        wait.is_(seconds) for wait, seconds in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60, 60), strict=True)
    )
    state, *_ = await desk.run(job)
    assert (state, desk.told) == ("done", [])


@pytest.mark.parametrize(("wished", "obeyed"), [(45, 45), (3600, 600)])
async def test_slacks_wish_to_wait_is_obeyed_up_to_ten_minutes(desk: Desk, wished: int, obeyed: int) -> None:
    desk.trouble = [SlackAway("ratelimited", timedelta(seconds=wished), unsure=False)]
    *_, wait = await desk.run(await desk.accept())
    assert wait.is_(obeyed)


async def while_away(desk: Desk, kind: str, minutes: int) -> tuple[str, int, int, Wait]:
    """What becomes of a job that Slack did not take for so long."""
    desk.trouble = [SlackAway("lost", unsure=True)]
    job = replace(await desk.accept(kind), attempts=40)
    return await desk.run(replace(job, created_ms=job.created_ms - minutes * 60 * 1000))


async def test_an_answer_that_slack_did_not_take_for_half_an_hour_is_given_up(desk: Desk) -> None:
    state, *_ = await while_away(desk, "lookup", 31)
    assert (state, desk.told) == ("failed", [GaveUp.UNREACHABLE])


async def test_what_a_thread_is_to_be_told_waits_for_slack_for_hours_and_is_tried_more_seldom(
    desk: Desk,
) -> None:
    state, _, _, wait = await while_away(desk, "watch_tell", 31)
    assert (state, desk.told) == ("open", [])
    assert wait.is_(600)
    state, *_ = await while_away(desk, "watch_tell", 8 * 60 + 1)
    assert (state, desk.told) == ("failed", [GaveUp.UNREACHABLE])


async def test_a_job_whose_turn_has_not_come_has_not_been_begun(desk: Desk) -> None:
    desk.trouble = [BeingAnswered(), BeingAnswered()]
    state, attempts, failures, wait = await desk.run(await desk.accept())
    assert (state, attempts, failures) == ("open", 0, 0)
    assert wait.is_(1)
    job = await desk.again()
    assert job.attempts == 1
    await desk.run(job)


async def test_a_job_that_its_process_dies_of_each_time_is_not_begun_for_ever(desk: Desk) -> None:
    job = await desk.accept()
    state, *_ = await desk.run(Job(job.id, job.kind, job.payload, 101, job.created_ms))
    assert (state, desk.told, desk.begun) == ("failed", [GaveUp.UNEXPECTED], 0)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [(OutcomeUnknown(), GaveUp.OUTCOME_UNKNOWN), (NotAgain(), GaveUp.UNEXPECTED)],
)
async def test_what_must_not_be_tried_again_is_told_at_once(
    desk: Desk, trouble: Exception, why: GaveUp
) -> None:
    desk.trouble = [trouble]
    state, *_ = await desk.run(await desk.accept())
    assert (state, desk.told) == ("failed", [why])


async def test_a_job_that_another_process_has_by_now_is_left_to_it(desk: Desk) -> None:
    desk.trouble = [TakenOver()]
    state, attempts, failures, wait = await desk.run(await desk.accept())
    assert (state, attempts, failures, desk.told) == ("open", 1, 0, [])
    assert wait.after > 1_000


async def test_without_a_database_a_job_is_left_to_whoever_finds_its_lease_run_out(desk: Desk) -> None:
    desk.trouble = [StoreAway("away")]
    state, _, failures, wait = await desk.run(await desk.accept())
    assert (state, failures, desk.told, desk.crashes) == ("open", 0, [], [])
    assert wait.after > 1_000


async def test_what_is_cancelled_may_be_taken_up_at_once(desk: Desk, store: Store, keyring: Keyring) -> None:
    under_way = asyncio.Event()

    async def for_ever(_job: Job) -> Result:
        under_way.set()
        await asyncio.Event().wait()
        return Answered()

    worker = Worker(desk.jobs, desk.tasks, {"lookup": for_ever}, desk.give_up, UNASKED, 5)
    job = await desk.accept()
    worker.start(job)
    await under_way.wait()
    assert await desk.tasks.drain(0) == 1
    other, now = Inbox(store, keyring), await store.now_ms()
    while await store.now_ms() == now:  # noqa: ASYNC110 - a database's time tells nobody
        await asyncio.sleep(0)
    assert [taken.id for taken in await other.take_over(1)] == [job.id]


async def test_a_job_that_was_dropped_as_the_database_was_away_is_taken_up_while_others_run(
    store: Store, keyring: Keyring
) -> None:
    lease = timedelta(seconds=0.3)
    inbox = Inbox(store, keyring, lease=lease)
    begun: list[str] = []
    goes_on = asyncio.Event()

    async def answer(job: Job) -> Result:
        begun.append(job.payload)
        if job.payload == "long":
            await goes_on.wait()
        elif begun.count("dropped") == 1:
            raise StoreAway("away")
        return Answered()

    async def give_up(_job: Job, _why: GaveUp) -> None:
        raise AssertionError("nothing is given up here")

    crashes: list[BaseException] = []
    tasks = Tasks(lambda crash, _task: crashes.append(crash))
    worker = Worker(inbox, tasks, {"lookup": answer}, give_up, UNASKED, 0.05)
    for payload in ("long", "dropped"):
        job = await inbox.accept("lookup", payload, payload)
        assert job is not None
        worker.start(job)
    renewing = asyncio.create_task(worker.renew_for_ever())
    sweeping = asyncio.create_task(worker.sweep_for_ever())
    async with asyncio.timeout(60):
        while await inbox.count_open() > 1:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.02)
    goes_on.set()
    await tasks.settle()
    for loop in (renewing, sweeping):
        loop.cancel()
    assert (begun, crashes) == (["long", "dropped", "dropped"], [])


async def test_a_colleagues_job_begins_before_what_one_member_has_in_line(
    store: Store, keyring: Keyring
) -> None:
    crashes: list[BaseException] = []
    inbox, tasks = Inbox(store, keyring, lease=LEASE), Tasks(lambda crash, _task: crashes.append(crash))
    begun: list[str] = []
    may_end = asyncio.Event()

    async def answer(job: Job) -> Result:
        begun.append(job.payload)
        await may_end.wait()
        return Answered()

    async def give_up(_job: Job, _why: GaveUp) -> None:
        raise AssertionError

    worker = Worker(inbox, tasks, {"lookup": answer}, give_up, UNASKED, 5, lambda job: job.payload, 2)
    parties = [*["ana"] * 20, "tom"]
    accepted = [await inbox.accept("lookup", f"delivery {n}", who) for n, who in enumerate(parties)]
    for job in accepted:
        assert job is not None
        worker.start(job)
    for _ in range(20):
        await asyncio.sleep(0)
    assert begun == ["ana", "ana", "tom"]
    may_end.set()
    await tasks.settle()
    assert len(begun) == 21
    assert crashes == []

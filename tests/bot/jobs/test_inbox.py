"""The durable inbox."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.jobs.inbox import Inbox
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import jobs


@pytest.fixture
def inbox(store: Store, keyring: Keyring) -> Inbox:
    return Inbox(store, keyring)


async def run_leases_out(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(jobs).values(leased_until_ms=0))


async def test_a_request_is_accepted_once_however_often_it_is_delivered(inbox: Inbox) -> None:
    assert await inbox.accept("lookup", "trigger 1", "{}") is not None
    assert await inbox.accept("lookup", "trigger 1", "{}") is None
    assert await inbox.accept("lookup", "trigger 2", "{}") is not None


async def test_another_process_takes_over_only_what_nobody_works_on(
    inbox: Inbox, store: Store, keyring: Keyring
) -> None:
    other = Inbox(store, keyring)
    job = await inbox.accept("lookup", "1", '{"about": "jane"}')
    assert job is not None
    assert list(await other.take_over(10)) == []
    await run_leases_out(store)
    (taken,) = await other.take_over(10)
    assert (taken.id, taken.payload, taken.attempts) == (job.id, job.payload, 2)
    assert list(await inbox.take_over(10)) == []


async def test_leases_are_renewed_of_the_jobs_that_are_named_and_of_no_other_process(
    inbox: Inbox, store: Store, keyring: Keyring
) -> None:
    other = Inbox(store, keyring)
    held, dropped = await inbox.accept("lookup", "1", "{}"), await inbox.accept("lookup", "2", "{}")
    theirs = await other.accept("lookup", "3", "{}")
    assert held is not None
    assert dropped is not None
    assert theirs is not None
    await run_leases_out(store)
    await inbox.renew([held.id, theirs.id])
    assert {job.id for job in await other.take_over(10)} == {dropped.id, theirs.id}


async def test_what_is_taken_over_comes_the_oldest_first(inbox: Inbox, store: Store) -> None:
    accepted = [await inbox.accept("lookup", str(number), "{}") for number in range(6)]
    ids = sorted((job.id for job in accepted if job), reverse=True)
    for age, job_id in enumerate(ids):
        async with store.write() as connection:
            created = update(jobs).where(jobs.c.id == job_id).values(created_ms=1_000 + age)
            await connection.execute(created)
    await run_leases_out(store)
    assert [job.id for job in await inbox.take_over(10)] == ids


async def test_a_job_that_is_let_go_is_free_after_its_wait(inbox: Inbox) -> None:
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    await inbox.release(job, timedelta(minutes=1))
    assert list(await inbox.take_over(10)) == []
    again = await inbox.accept("lookup", "2", "{}")
    assert again is not None
    await inbox.release(again, -timedelta(seconds=1))
    assert [job.id for job in await inbox.take_over(10)] == [again.id]


async def test_what_a_job_is_about_is_sealed_and_gone_when_it_has_ended(inbox: Inbox, store: Store) -> None:
    job = await inbox.accept("lookup", "1", "jane@contoso.example")
    assert job is not None
    async with store.read() as connection:
        row = (await connection.execute(select(jobs))).one()
    assert "contoso" not in str(row)
    await inbox.finish(job)
    async with store.read() as connection:
        row = (await connection.execute(select(jobs))).one()
    assert (row.state, row.sealed) == ("done", None)
    assert await inbox.count_open() == 0


async def test_a_job_that_no_key_opens_any_more_is_ended_and_blocks_no_other(
    inbox: Inbox, store: Store
) -> None:
    await inbox.accept("lookup", "1", "{}")
    await run_leases_out(store)
    assert list(await Inbox(store, Keyring(("another secret",))).take_over(10)) == []
    assert await inbox.count_open() == 0


async def test_jobs_that_are_added_in_somebody_elses_transaction_are_taken_over_once_each(
    inbox: Inbox, store: Store
) -> None:
    for _ in range(2):
        async with store.write() as connection:
            await inbox.add(connection, [("watch_tell", "a", "1"), ("watch_tell", "b", "2")])
    taken = await inbox.take_over(10)
    assert sorted((job.payload, job.attempts) for job in taken) == [("1", 1), ("2", 1)]
    assert await inbox.take_over(10) == []

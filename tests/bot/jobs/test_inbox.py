"""The durable inbox."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.jobs.inbox import Jobs, Post, TakenOver
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import jobs


@pytest.fixture
def inbox(store: Store, keyring: Keyring) -> Jobs:
    return Jobs(store, keyring, timedelta(days=7))


async def run_leases_out(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(jobs).values(leased_until_ms=0))


async def test_a_request_is_accepted_once_however_often_it_is_delivered(inbox: Jobs) -> None:
    assert await inbox.accept("lookup", "trigger 1", "{}") is not None
    assert await inbox.accept("lookup", "trigger 1", "{}") is None
    assert await inbox.accept("lookup", "trigger 2", "{}") is not None


async def test_another_process_takes_over_only_what_nobody_works_on(
    inbox: Jobs, store: Store, keyring: Keyring
) -> None:
    other = Jobs(store, keyring, timedelta(days=7))
    job = await inbox.accept("lookup", "1", '{"about": "jane"}')
    assert job is not None
    assert list(await other.take_over(10)) == []
    await run_leases_out(store)
    (taken,) = await other.take_over(10)
    assert (taken.id, taken.payload, taken.attempts) == (job.id, job.payload, 2)
    assert list(await inbox.take_over(10)) == []


async def test_leases_are_renewed_for_all_jobs_of_a_process_and_for_no_others(
    inbox: Jobs, store: Store, keyring: Keyring
) -> None:
    other = Jobs(store, keyring, timedelta(days=7))
    await inbox.accept("lookup", "1", "{}")
    await other.accept("lookup", "2", "{}")
    await run_leases_out(store)
    await inbox.renew()
    assert len(await inbox.take_over(10)) == 1


async def test_a_job_that_is_let_go_is_free_after_its_wait(inbox: Jobs) -> None:
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    await inbox.let_go(job, timedelta(minutes=1))
    assert list(await inbox.take_over(10)) == []
    again = await inbox.accept("lookup", "2", "{}")
    assert again is not None
    await inbox.let_go(again, -timedelta(seconds=1))
    assert [job.id for job in await inbox.take_over(10)] == [again.id]


async def test_only_who_has_a_job_may_post_for_it(inbox: Jobs, store: Store, keyring: Keyring) -> None:
    other = Jobs(store, keyring, timedelta(days=7))
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    await run_leases_out(store)
    # Nobody has taken it over yet: it is ours again, and for the whole lease.
    await inbox.about_to_post(job, Post("parent", "C1", None, 0))
    assert list(await other.take_over(10)) == []
    await run_leases_out(store)
    (taken,) = await other.take_over(10)
    with pytest.raises(TakenOver):
        await inbox.about_to_post(job, Post("reply", "C1", None, 0))
    assert list(await other.posts(taken)) == ["parent"]
    await other.forget_post(taken, "parent")
    assert await other.posts(taken) == {}


async def test_what_a_job_is_about_is_sealed_and_gone_when_it_has_ended(inbox: Jobs, store: Store) -> None:
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
    inbox: Jobs, store: Store
) -> None:
    await inbox.accept("lookup", "1", "{}")
    await run_leases_out(store)
    assert list(await Jobs(store, Keyring(("another secret",)), timedelta(days=7)).take_over(10)) == []
    assert await inbox.count_open() == 0


async def test_the_places_of_posts_are_kept_by_part(inbox: Jobs) -> None:
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    await inbox.note_post(job, Post("parent", "C1", None, 0))
    await inbox.note_post(job, Post("parent", "C1", "1.0", 0))
    assert await inbox.posts(job) == {"parent": Post("parent", "C1", "1.0", 0)}

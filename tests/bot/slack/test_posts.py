"""The register of posts: where each part is, and that only who has the job adds to it."""

import pytest
from sqlalchemy import update

from bot.jobs.inbox import Inbox
from bot.slack.posts import Post, Posts, TakenOver
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import jobs


@pytest.fixture
def inbox(store: Store, keyring: Keyring) -> Inbox:
    return Inbox(store, keyring)


async def run_leases_out(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(jobs).values(leased_until_ms=0))


async def test_only_who_has_a_job_may_post_for_it(inbox: Inbox, store: Store, keyring: Keyring) -> None:
    other = Inbox(store, keyring)
    posts = Posts(store, inbox)
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    await run_leases_out(store)
    # Nobody has taken it over yet: it is ours again, and for the whole lease.
    await posts.about_to_post(job.id, Post("parent", "C1", None, 0))
    assert list(await other.take_over(10)) == []
    await run_leases_out(store)
    (taken,) = await other.take_over(10)
    with pytest.raises(TakenOver):
        await posts.about_to_post(job.id, Post("reply", "C1", None, 0))
    assert list(await posts.of(taken.id)) == ["parent"]
    await posts.forget(taken.id, "parent")
    assert await posts.of(taken.id) == {}


async def test_the_places_of_posts_are_kept_by_part(inbox: Inbox, store: Store) -> None:
    posts = Posts(store, inbox)
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    await posts.note(job.id, Post("parent", "C1", None, 0))
    await posts.note(job.id, Post("parent", "C1", "1.0", 0))
    assert await posts.of(job.id) == {"parent": Post("parent", "C1", "1.0", 0)}


async def test_what_is_written_later_is_written_with_the_next_part_or_with_the_jobs_end(
    inbox: Inbox, store: Store
) -> None:
    posts = Posts(store, inbox)
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    posts.note_later(job.id, Post("parent", "C1", "1.0", 0))
    assert await posts.of(job.id) == {}
    await posts.about_to_post(job.id, Post("reply", "C1", None, 0))
    posts.note_later(job.id, Post("reply", "C1", "1.1", 1, whole=True))
    await inbox.finish(job)
    known = await posts.of(job.id)
    assert (known["parent"].ts, known["reply"].ts, known["reply"].whole) == ("1.0", "1.1", True)


async def test_what_is_known_already_is_not_begun_again(inbox: Inbox, store: Store) -> None:
    posts = Posts(store, inbox)
    job = await inbox.accept("lookup", "1", "{}")
    assert job is not None
    there = Post("parent", "C1", "1.0", 0)
    await posts.note(job.id, there)
    assert await posts.about_to_post(job.id, Post("parent", "C1", None, 0), unless_known=True) == there

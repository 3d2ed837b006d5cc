"""
The register of our posts: where each part of a job's answer is, so that it is posted once and can be edited.

A job is known here by its id only; the caller of `Posts` says whether this process still has it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.store import Store
from bot.storage.tables import posts
from bot.storage.upsert import upsert

Hold = Callable[[AsyncConnection, str], Awaitable[bool]]
"""Renews the lease of the job with this id, in a transaction; False where another process has it."""


class TakenOver(Exception):
    """Raised when a job's lease ran out and another process has it now; this one must stop working on it."""


@dataclass(frozen=True, slots=True)
class Post:
    """
    Where a part of an answer is; `ts` is None while the outcome of posting it is unknown.

    `whole` says that nothing will be edited in any more.
    """

    part: str
    channel: str
    ts: str | None
    edits: int
    whole: bool = False


class Posts:
    """
    The posts of all processes.

    Args:
        store: where they are kept.
        hold: renews the lease of a job before something is posted for it.

    """

    def __init__(self, store: Store, hold: Hold) -> None:
        self._store = store
        self._hold = hold

    async def of(self, job_id: str) -> dict[str, Post]:
        """The posts of a job, those that were about to be posted included, by part."""
        async with self._store.read() as connection:
            rows = (await connection.execute(select(posts).where(posts.c.job == job_id))).all()
        return {row.part: Post(row.part, row.channel, row.ts, row.edits, bool(row.whole)) for row in rows}

    async def note(self, job_id: str, post: Post) -> None:
        """Store where a part is."""
        async with self._store.write() as connection:
            await _note(connection, job_id, post)

    async def about_to_post(self, job_id: str, post: Post) -> None:
        """
        Store that a part is about to be posted, and renew the job's lease.

        Raises:
            TakenOver: when another process has the job, which then posts.

        """
        async with self._store.write() as connection:
            if not await self._hold(connection, job_id):
                raise TakenOver
            await _note(connection, job_id, post)

    async def forget(self, job_id: str, part: str) -> None:
        """Delete a part that was about to be posted and surely was not."""
        async with self._store.write() as connection:
            await connection.execute(delete(posts).where(posts.c.job == job_id, posts.c.part == part))


async def _note(connection: AsyncConnection, job_id: str, post: Post) -> None:
    await upsert(connection, posts, [{"job": job_id, **asdict(post)}])

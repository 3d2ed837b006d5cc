"""
The register of our posts: where each part of a job's answer is, so that it is posted once and can be edited.

A job is known here by its id alone; whether it is still this process's is asked of whoever keeps the jobs.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.store import Store
from bot.storage.tables import posts

Hold = Callable[[AsyncConnection, str], Awaitable[bool]]
"""Takes the whole lease of the job of this id anew, in a transaction; False where another process has it."""


class TakenOver(Exception):
    """Raised when a job's lease ran out and another process has it now: it must be left alone."""


@dataclass(frozen=True, slots=True)
class Post:
    """
    Where a part of an answer is; `ts` is None while the outcome of posting it is unknown.

    `whole` says that nothing is left to be edited in.
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
        hold: makes sure that a job is still ours before something is posted for it.

    """

    def __init__(self, store: Store, hold: Hold) -> None:
        self._store = store
        self._hold = hold

    async def of(self, job_id: str) -> dict[str, Post]:
        """What has been posted for a job, or was about to be, by part."""
        async with self._store.read() as connection:
            rows = (await connection.execute(select(posts).where(posts.c.job == job_id))).all()
        return {row.part: Post(row.part, row.channel, row.ts, row.edits, bool(row.whole)) for row in rows}

    async def note(self, job_id: str, post: Post) -> None:
        """Write down where a part is."""
        async with self._store.write() as connection:
            await _note(connection, job_id, post)

    async def about_to_post(self, job_id: str, post: Post) -> None:
        """
        Write down that a part is about to be posted, and take the job's whole lease for it.

        Raises:
            TakenOver: when the job is no longer ours: then whoever has it posts.

        """
        async with self._store.write() as connection:
            if not await self._hold(connection, job_id):
                raise TakenOver
            await _note(connection, job_id, post)

    async def forget(self, job_id: str, part: str) -> None:
        """Take back that a part was about to be posted: it surely was not."""
        async with self._store.write() as connection:
            await connection.execute(delete(posts).where(posts.c.job == job_id, posts.c.part == part))


async def _note(connection: AsyncConnection, job_id: str, post: Post) -> None:
    await connection.execute(delete(posts).where(posts.c.job == job_id, posts.c.part == post.part))
    await connection.execute(insert(posts).values(job=job_id, **asdict(post)))

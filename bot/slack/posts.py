"""
The register of our posts: where each part of a job's answer is, so that it is posted once and can be edited.

A job is known here by its id only; the caller of `Posts` says whether this process still has it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import delete, select

from bot.storage.database import Connection
from bot.storage.store import Store
from bot.storage.tables import posts
from bot.storage.upsert import upsert


class Jobs(Protocol):
    """The jobs of this process, as far as their posts need them."""

    async def hold(self, connection: Connection, job_id: str) -> bool:
        """Renew a job's lease, in a transaction; False where another process has it."""

    def write_later(self, job_id: str, write: Callable[[Connection], Awaitable[None]]) -> None:
        """Write something in the job's next transaction, at the latest in the one that lets it go."""


Turn = Callable[[Connection], Awaitable[timedelta]]
"""Takes the turn to post, in a transaction; returns how long to wait for it."""


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
        jobs: holds the lease of a job when something is posted for it.

    """

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs

    async def of(self, job_id: str) -> dict[str, Post]:
        """The posts of a job, those that were about to be posted included, by part."""
        async with self._store.read() as connection:
            return await _posts_of(connection, job_id)

    async def note(self, job_id: str, post: Post) -> None:
        """Store where a part is."""
        async with self._store.write() as connection:
            await _note(connection, job_id, post)

    def note_later(self, job_id: str, post: Post) -> None:
        """Store where a part is in the job's next transaction; until then it is known to be on its way."""

        async def write(connection: Connection) -> None:
            await _note(connection, job_id, post)

        self._jobs.write_later(job_id, write)

    async def about_to_post(
        self, job_id: str, post: Post, turn: Turn | None = None, *, unless_known: bool = False
    ) -> timedelta | Post:
        """
        Store that a part is about to be posted, with the turn to post it, and renew the job's lease.

        Args:
            job_id: of the job.
            post: the part.
            turn: takes the turn, where there is one to wait for; what it raises is passed on.
            unless_known: do nothing where the part is stored already.

        Returns:
            how long to wait for the turn; or the part as it is stored already.

        Raises:
            TakenOver: when another process has the job, which then posts.

        """
        async with self._store.write() as connection:
            if not await self._jobs.hold(connection, job_id):
                raise TakenOver
            if unless_known and (known := (await _posts_of(connection, job_id)).get(post.part)):
                return known
            wait = await turn(connection) if turn else timedelta()
            await _note(connection, job_id, post)
        return wait

    async def forget(self, job_id: str, part: str) -> None:
        """Delete a part that was about to be posted and surely was not."""
        async with self._store.write() as connection:
            await connection.execute(delete(posts).where(posts.c.job == job_id, posts.c.part == part))


async def _posts_of(connection: Connection, job_id: str) -> dict[str, Post]:
    rows = (await connection.execute(select(posts).where(posts.c.job == job_id))).all()
    return {row.part: Post(row.part, row.channel, row.ts, row.edits, bool(row.whole)) for row in rows}


async def _note(connection: Connection, job_id: str, post: Post) -> None:
    await upsert(connection, posts, [{"job": job_id, **asdict(post)}])

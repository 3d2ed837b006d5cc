"""
The register of our posts: where each part of a job's answer is, so that it is posted once and can be edited.

A job is known here by its id only; the caller of `Posts` says whether this process still has it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Select, String, bindparam, delete, select

from bot.storage.database import Connection
from bot.storage.store import Store
from bot.storage.tables import posts
from bot.storage.upsert import upsert


class Jobs(Protocol):
    """The jobs of this process, as far as their posts need them."""

    @property
    def lease(self) -> timedelta:
        """How long a job is held before that must be renewed."""

    async def hold(self, connection: Connection, job_id: str) -> Callable[[], bool]:
        """Send what renews a job's lease; what comes back tells afterwards whether the job is still ours."""

    def write_later(self, job_id: str, write: Callable[[Connection], Awaitable[None]]) -> None:
        """Write something in the job's next transaction, at the latest in the one that lets it go."""


StandInLine = Callable[[Connection], Callable[[], timedelta]]
"""
Sends what is needed to take turns to post, in a transaction. What comes back takes one when that has been
executed, and returns how long to wait for it.
"""


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


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of an answer.

    `whole` says that nothing will have to be edited in; `followed_by` names the one posted right after.
    """

    name: str
    whole: bool = True
    followed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that was taken ahead: when it begins and when it ends, in seconds by the event loop's clock."""

    begins: float
    ends: float

    async def has_come(self) -> bool:
        """Wait for it; False where it is too late to use it."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self.begins - loop.time()))
        return loop.time() < self.ends


@dataclass(frozen=True, slots=True)
class Posted:
    """
    A part that is in Slack; with `before` it was posted by whoever had the job before.

    `next_turn` is that of the part that follows it, which is begun then.
    """

    post: Post
    before: bool = False
    next_turn: Turn | None = None

    @property
    def is_old(self) -> bool:
        """Whether what it says may be less than there is to say by now."""
        return self.before and not self.post.whole


@dataclass(frozen=True, slots=True)
class Begun:
    """
    What is about to be posted: how long to wait for its turn, and for that of the part after it.

    `next_wait` is None where that part was not begun with it.
    """

    wait: timedelta
    next_wait: timedelta | None = None


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
            _note(connection, job_id, post)

    def note_later(self, job_id: str, post: Post) -> None:
        """Store where a part is in the job's next transaction; until then it is known to be on its way."""

        async def write(connection: Connection) -> None:
            _note(connection, job_id, post)

        self._jobs.write_later(job_id, write)

    async def about_to_post(
        self,
        job_id: str,
        post: Post,
        line: StandInLine | None = None,
        *,
        unless_known: bool = False,
        next_one: Post | None = None,
    ) -> "Begun | Post":
        """
        Store that a part is about to be posted, with the turn to post it, and renew the job's lease.

        Args:
            job_id: of the job.
            post: the part.
            line: takes the turns, where there are any to wait for; what it raises is passed on.
            unless_known: do nothing where the part is stored already.
            next_one: a part that is posted right after, which is begun too where it is not known yet.

        Returns:
            how long to wait for the turns; or the part as it is stored already.

        Raises:
            TakenOver: when another process has the job, which then posts.

        """
        async with self._store.write() as connection:
            is_held = await self._jobs.hold(connection, job_id)
            turn = line(connection) if line else timedelta
            before = await _posts_of(connection, job_id)
            if not is_held():
                raise TakenOver
            if unless_known and (known := before.get(post.part)):
                return known
            wait, next_wait = turn(), None
            begun = [post]
            if next_one is not None and next_one.part not in before:
                next_wait = turn()
                begun.append(next_one)
            _note(connection, job_id, *begun)
        return Begun(wait, next_wait)

    @property
    def holds_for(self) -> timedelta:
        """So long after a part was begun the job is surely still ours."""
        return self._jobs.lease / 2

    async def forget(self, job_id: str, *parts: str) -> None:
        """Delete parts that were about to be posted and surely were not."""
        async with self._store.write() as connection:
            connection.send(delete(posts).where(posts.c.job == job_id, posts.c.part.in_(parts)))


async def _posts_of(connection: Connection, job_id: str) -> dict[str, Post]:
    rows = (await connection.execute(_of_job(), {"_job": job_id})).all()
    return {row.part: Post(row.part, row.channel, row.ts, row.edits, bool(row.whole)) for row in rows}


@cache
def _of_job() -> Select[*tuple[Any, ...]]:
    """The statement that reads a job's posts."""
    return select(posts).where(posts.c.job == bindparam("_job", type_=String()))


def _note(connection: Connection, job_id: str, *noted: Post) -> None:
    upsert(connection, posts, [{"job": job_id, **asdict(post)} for post in noted])

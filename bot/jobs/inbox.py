"""
The durable inbox: a request is a row before it is acknowledged, and stays one until it is answered.

A job is leased by compare-and-set to the process that works on it, for a short time that is renewed while
it runs; a job whose lease has run out is taken over. What the job is about is sealed, and gone when it
has ended.
"""

import asyncio
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, Update, bindparam, func, select, update

from bot.operations.clock import from_ms, milliseconds
from bot.operations.timing import LEASE
from bot.storage.database import Connection
from bot.storage.keyring import Keyring, Unsealable
from bot.storage.store import Store, Write
from bot.storage.tables import jobs, now_ms
from bot.storage.upsert import insert_into, insert_new_returning

# So many requests are written down in one transaction.
_AT_ONCE = 32
_LOOKED_EVERY_SECONDS = 0.2


NewJob = tuple[str, str, str]
"""A job that is to be written down: its kind, its key and its payload, as `Inbox.accept` takes them."""


@dataclass(frozen=True, slots=True)
class Job:
    """
    One accepted request that owes somebody an answer; `payload` is JSON that its handler wrote.

    `attempts` counts how often it was begun, `failures` how often that went wrong: a job whose process was
    killed has not failed.
    """

    id: str
    kind: str
    payload: str
    attempts: int
    created_ms: int
    failures: int = 0

    @property
    def heard_since(self) -> datetime | None:
        """When the job was accepted, if it was begun before: vendors have been asked for it since then."""
        return from_ms(self.created_ms) if self.attempts > 1 else None


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A request that is to be written down, and who waits for that."""

    row: dict[str, Any]
    written: "asyncio.Future[int | None]"


class Inbox:
    """
    The jobs of one process.

    Args:
        store: where they are kept.
        keyring: seals what they are about and hashes what they are known by.
        lease: how long a job is ours before it must be renewed.

    """

    def __init__(self, store: Store, keyring: Keyring, lease: timedelta = LEASE) -> None:
        self._store = store
        self._keyring = keyring
        self.lease = lease
        self._process = uuid.uuid4().hex
        self._later: dict[str, list[Write]] = {}
        self._at_end: dict[str, Write] = {}
        self._arrived: list[_Arrived] = []
        self._writing: asyncio.Task[None] | None = None
        self._adds: set[str] = set()
        # Set when there are jobs that nobody works on yet.
        self.has_more = asyncio.Event()

    async def accept(self, kind: str, key: str, payload: str) -> Job | None:
        """
        Write a request down, leased to this process.

        Args:
            kind: which handler answers it.
            key: what repeats of one request have in common, and no other request of this kind.
            payload: JSON with all that the handler needs.

        Returns:
            the job, or None when the request has been accepted before.

        """
        row = {
            "id": uuid.uuid4().hex,
            "delivery": self._keyring.hash("delivery", kind, key),
            "kind": kind,
            "state": "open",
            "sealed": self._keyring.seal(payload),
            "attempts": 1,
            "leased_by": self._process,
        }
        created_ms = await self._written(row)
        return None if created_ms is None else Job(str(row["id"]), kind, payload, 1, created_ms)

    async def add(self, connection: Connection, new: Sequence[NewJob]) -> None:
        """
        Write jobs down in the caller's transaction, for whoever takes them over; known ones are left out.

        When the transaction has ended `has_more` is to be set, or `look_after` called before for the job
        whose transaction it is, so that they are looked for at once.

        Args:
            connection: of the transaction.
            new: the jobs.

        """
        rows = [
            {
                "id": uuid.uuid4().hex,
                "delivery": self._keyring.hash("delivery", kind, key),
                "kind": kind,
                "state": "open",
                "sealed": self._keyring.seal(payload),
                "attempts": 0,
                "created_ms": now_ms(),
                "leased_until_ms": 0,
            }
            for kind, key, payload in new
        ]
        if rows:
            connection.send(insert_into(connection, jobs).values(rows).on_conflict_do_nothing())

    async def _written(self, row: dict[str, Any]) -> int | None:
        """When a job was written down, with those that came meanwhile; None where it is there already."""
        written: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._arrived.append(_Arrived(row, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_arrived())
        return await written

    async def _write_arrived(self) -> None:
        while self._arrived:
            some: list[_Arrived] = []
            try:
                async with self._store.write() as connection:
                    # What came in while this one waited for its turn waits for the disk with it.
                    some, self._arrived = self._arrived[:_AT_ONCE], self._arrived[_AT_ONCE:]
                    rows = [one.row for one in some]
                    sent = insert_new_returning(
                        connection,
                        jobs,
                        rows,
                        jobs.c.id,
                        jobs.c.created_ms,
                        created_ms=timedelta(),
                        leased_until_ms=self.lease,
                    )
                created = {row[0]: row[1] for row in sent.result.all()}
            except Exception as error:  # noqa: BLE001 - raised where each of them is waited for
                if not some:
                    some, self._arrived = self._arrived, []
                for one in some:
                    if not one.written.done():
                        one.written.set_exception(error)
            else:
                for one in some:
                    if not one.written.done():
                        one.written.set_result(created.get(one.row["id"]))

    async def take_over(self, most: int, without: Sequence[str] = ()) -> Sequence[Job]:
        """Lease open jobs that nobody works on any more, the oldest first, except those of some kinds."""
        free = (jobs.c.state == "open") & (jobs.c.leased_until_ms < now_ms()) & jobs.c.kind.not_in(without)
        async with self._store.write() as connection:
            oldest = select(jobs.c.id).where(free).order_by(jobs.c.created_ms).limit(most)
            # What another process takes over just now is its own.
            found = (await connection.execute(oldest.with_for_update(skip_locked=True))).scalars().all()
            if not found:
                return []
            lease = (
                update(jobs)
                .where(jobs.c.id.in_(found), free)
                .values(
                    leased_until_ms=now_ms() + milliseconds(self.lease),
                    leased_by=self._process,
                    attempts=jobs.c.attempts + 1,
                )
            )
            rows = (await connection.execute(lease.returning(*jobs.c))).all()
        by_age = sorted(rows, key=lambda row: int(row.created_ms))
        return [job for row in by_age if (job := await self._opened(row))]

    async def _opened(self, row: Any) -> Job | None:
        """The row as a job; None, and the job failed, if its payload cannot be decrypted."""
        try:
            payload = self._keyring.unseal(row.sealed)
        except Unsealable:
            await self.finish(Job(row.id, row.kind, "", row.attempts, row.created_ms), "failed")
            return None
        return Job(row.id, row.kind, payload, row.attempts, row.created_ms, row.failures or 0)

    async def renew(self, job_ids: Sequence[str]) -> None:
        """Keep these jobs ours, those that still are, in one statement."""
        ours = jobs.c.id.in_(job_ids) & (jobs.c.leased_by == self._process) & (jobs.c.state == "open")
        async with self._store.write() as connection:
            connection.send(
                update(jobs).where(ours).values(leased_until_ms=now_ms() + milliseconds(self.lease))
            )

    async def release(self, job: Job, wait: timedelta = timedelta()) -> None:
        """Leave a job that is not finished to whoever comes next, after a wait."""
        await self._change(job, {"leased_until_ms": now_ms() + milliseconds(wait), "leased_by": None})

    async def postpone(self, job: Job, wait: timedelta) -> None:
        """Leave a job whose turn has not come; it counts as not begun."""
        values: dict[str, object] = {"leased_by": None, "attempts": jobs.c.attempts - 1}
        await self._change(job, values | {"leased_until_ms": now_ms() + milliseconds(wait)})

    async def age(self, job: Job) -> timedelta:
        """How long ago a job was accepted, by the database's time."""
        return timedelta(milliseconds=await self._store.now_ms() - job.created_ms)

    async def fail(self, job: Job, wait: timedelta) -> None:
        """Leave a job that went wrong to whoever comes next, after a wait."""
        values: dict[str, object] = {"leased_by": None, "failures": job.failures + 1}
        await self._change(job, values | {"leased_until_ms": now_ms() + milliseconds(wait)})

    async def finish(self, job: Job, state: str = "done") -> None:
        """End a job: what it was about is gone with it."""
        ours = {"_job": job.id, "_process": self._process}
        await self._execute(job, _ending(), ours | {"_state": state})

    async def count_open(self) -> int:
        """How many jobs owe somebody an answer."""
        async with self._store.read() as connection:
            query = select(func.count()).select_from(jobs).where(jobs.c.state == "open")
            return int((await connection.execute(query)).scalar_one())

    async def still_at_work_on(self, job_ids: Collection[str], longest: timedelta) -> int:
        """Of how many of these jobs a process is at work on, when none is any more or after so long."""
        is_leased = jobs.c.leased_by.is_not(None) & (jobs.c.leased_until_ms > now_ms())
        at_work = jobs.c.id.in_(job_ids), jobs.c.state == "open", is_leased
        query = select(func.count()).select_from(jobs).where(*at_work)
        end = asyncio.get_running_loop().time() + longest.total_seconds()
        while True:
            async with self._store.read() as connection:
                still = int((await connection.execute(query)).scalar_one())
            if not still or asyncio.get_running_loop().time() >= end:
                return still
            await asyncio.sleep(_LOOKED_EVERY_SECONDS)

    def write_later(self, job_id: str, write: Write) -> None:
        """Have something written in the job's next transaction, at the latest in the one that lets it go."""
        self._later.setdefault(job_id, []).append(write)

    def look_after(self, job_id: str) -> None:
        """Have more jobs looked for when a job has ended: it has written some."""
        self._adds.add(job_id)

    def write_at_end(self, job_id: str, write: Write) -> None:
        """Have something written in the transaction that ends or leaves the job; the latest such counts."""
        self._at_end[job_id] = write

    def drop(self, job: Job) -> None:
        """Write nothing more for a job that another process has by now: it writes the same itself."""
        self._later.pop(job.id, None)
        self._at_end.pop(job.id, None)
        if job.id in self._adds:
            self._adds.discard(job.id)
            self.has_more.set()

    async def hold(self, connection: Connection, job_id: str) -> Callable[[], bool]:
        """
        Send what takes a job's whole lease anew, in the caller's transaction.

        What was left for the job's next transaction is written in either case: it has happened.

        Returns:
            what tells, when that has been executed, whether the job is still ours.

        """
        await self._write_what_waits(connection, job_id)
        values = {"_job": job_id, "_process": self._process, "_lease": milliseconds(self.lease)}
        held = connection.send(_holding(), values)
        return lambda: bool(held.changed)

    async def _change(self, job: Job, values: dict[str, object]) -> None:
        await self._execute(job, update(jobs).where(self._is_ours(job.id)).values(values), {})

    async def _execute(self, job: Job, change: Update, values: Mapping[str, object]) -> None:
        """Let a job go, with what was left for its last transaction."""
        async with self._store.write() as connection:
            await self._write_what_waits(connection, job.id)
            if at_end := self._at_end.get(job.id):
                await at_end(connection)
            connection.send(change, values)
        self.drop(job)

    async def _write_what_waits(self, connection: Connection, job_id: str) -> None:
        # It stays until the job is let go: this transaction may yet fail.
        for write in self._later.get(job_id, ()):
            await write(connection)

    def _is_ours(self, job_id: str) -> ColumnElement[bool]:
        return (jobs.c.id == job_id) & (jobs.c.leased_by == self._process) & (jobs.c.state == "open")


@cache
def _holding() -> Update:
    """The statement that takes a job's whole lease anew, where it is still this process's."""
    until = now_ms() + bindparam("_lease", type_=BigInteger())
    return _of_ours().values(leased_until_ms=until)


@cache
def _ending() -> Update:
    """The statement that ends a job, where it is still this process's."""
    return _of_ours().values(state=bindparam("_state", type_=String()), sealed=None, ended_ms=now_ms())


def _of_ours() -> Update:
    ours = (jobs.c.id == bindparam("_job", type_=String())) & (jobs.c.state == "open")
    return update(jobs).where(ours, jobs.c.leased_by == bindparam("_process", type_=String()))

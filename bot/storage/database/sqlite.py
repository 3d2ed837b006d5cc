"""
SQLite in a file: one writer, and readers that see what was committed before each statement.

A brief statement takes some twenty microseconds, and to hand it to a thread takes ten times that. So it runs
where it is asked for, unless another process holds the file: then, as for what may take long (a commit that
waits for the disk, a transaction opened as long), a thread waits.

Who writes in the same turn of the event loop, or while a transaction waits for its own, shares one: each in a
savepoint of its own, and all wait for the disk once. What waits for a thread cannot be taken back, so a
cancellation takes effect after the transaction.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Dialect, Engine, Executable, create_engine
from sqlalchemy.engine.interfaces import _CoreAnyExecuteParams as Parameters
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.operations.clock import Clock
from bot.storage.database.connection import Sent, StoreAway

# How long a thread waits for another process's writing.
_BUSY_SECONDS = 15.0
# SQLite's codes carry details in their higher bits.
_PRIMARY_CODE = 0xFF
# For what only reads and may take long.
_THREADS = 3

# The part of one writer in a transaction that several share.
_OF_ONE = "of_one"

T = TypeVar("T")


class _Interruptible:
    """Waits for what cannot be taken back, and remembers that the task was cancelled meanwhile."""

    def __init__(self) -> None:
        self._was_cancelled = False

    async def wait(self, future: "asyncio.Future[T]") -> T:
        """What comes of it."""
        while not future.done():
            try:
                await asyncio.shield(future)
            except asyncio.CancelledError:
                self._was_cancelled = True
        return future.result()

    async def take(self, lock: asyncio.Lock) -> None:
        """Take a lock after whoever waits for it, and after those who are ready to ask for it."""
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._was_cancelled = True
        while True:
            try:
                await lock.acquire()
            except asyncio.CancelledError:
                self._was_cancelled = True
            else:
                return

    def make_up_for(self) -> None:
        """
        Raise the cancellation that came in the middle, if any.

        Raises:
            CancelledError: if the task was cancelled.

        """
        if self._was_cancelled:
            self._was_cancelled = False
            raise asyncio.CancelledError


class SqliteConnection:
    """A connection of SQLite: each statement runs at once, or in a thread where it may take long."""

    def __init__(
        self, sync: SyncConnection, threads: Executor, interruptible: _Interruptible, *, is_long: bool
    ) -> None:
        self._sync = sync
        self._threads = threads
        self._interruptible = interruptible
        self._is_long = is_long

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._sync.dialect

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """The result of a statement."""
        return await self.run_sync(lambda sync: sync.execute(statement, parameters))

    def send(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """What came of a statement, executed at once, as that takes less than to remember it."""
        sent: Sent[*tuple[Any, ...]] = Sent()
        done = self._sync.execute(statement, parameters)
        # A statement whose rows are not read keeps its transaction from being committed.
        sent.has_come(done.freeze()() if done.returns_rows else done, done.rowcount)
        return sent

    async def deliver(self) -> None:
        """Nothing waits: what is sent is executed."""

    async def change(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """How many rows a statement has changed."""
        return await self.run_sync(lambda sync: sync.execute(statement, parameters).rowcount)

    async def run_sync(self, work: Callable[[SyncConnection], T]) -> T:
        """What some work on SQLAlchemy's own connection returns."""
        if not self._is_long:
            try:
                return work(self._sync)
            except OperationalError as error:
                if not _is_busy(error):
                    raise
        patiently = partial(_patiently, self._sync, work)
        return await self._interruptible.wait(
            asyncio.get_running_loop().run_in_executor(self._threads, patiently)
        )

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A part of the transaction that is taken back alone where it fails."""
        with self._sync.begin_nested():
            yield


def _is_busy(error: OperationalError) -> bool:
    return bool(getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_BUSY)


def _patiently(sync: SyncConnection, work: Callable[[SyncConnection], T]) -> T:
    """What some work returns that may have to wait for another process; rows are read with it."""
    driver = _driver(sync)
    driver.execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")
    try:
        done: Any = work(sync)
        if isinstance(done, CursorResult) and done.returns_rows:
            done = done.freeze()()
        return done  # type: ignore[no-any-return] # the rows, as they would be read from it
    finally:
        driver.execute("PRAGMA busy_timeout = 0")


def _driver(sync: SyncConnection) -> sqlite3.Connection:
    connection: Any = sync.connection.driver_connection
    return connection  # type: ignore[no-any-return] # the engine opens nothing else


class _Shared:
    """A transaction that writers share: `committed` is done when it is on the disk, or lost."""

    def __init__(self) -> None:
        self.committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Where nobody waits for it any more, its loss is nobody's fault.
        self.committed.add_done_callback(lambda ended: ended.exception())


class SqliteDatabase:
    """
    A file; opened by `open_database`.

    Args:
        path: of the file.
        simulated_time: takes the place of SQLite's own clock, for days that pass in seconds.

    """

    def __init__(self, path: Path, simulated_time: Clock | None) -> None:
        self._path = path
        opens = partial(_opened, path, simulated_time)
        self._reads, self._writes = _engine(opens), _engine(opens, casefile_writes=True)
        self._threads = ThreadPoolExecutor(_THREADS, "sqlite reading")
        self._writers_thread = ThreadPoolExecutor(1, "sqlite writing")
        self._turn, self._opening = asyncio.Lock(), asyncio.Lock()
        self._reader: SyncConnection | None = None
        self._writer: SyncConnection | None = None
        self._shared: _Shared | None = None

    @asynccontextmanager
    async def reading(self, *, is_long: bool) -> AsyncIterator[SqliteConnection]:
        """A connection to read with: each statement sees what was committed before it."""
        interruptible = _Interruptible()
        try:
            if is_long:
                with closing(await self._connected(self._reads, interruptible)) as own:
                    yield SqliteConnection(own, self._threads, interruptible, is_long=True)
                return
            async with self._opening:
                self._reader = self._reader or await self._connected(self._reads, interruptible)
            yield SqliteConnection(self._reader, self._threads, interruptible, is_long=False)
        finally:
            interruptible.make_up_for()

    @asynccontextmanager
    async def writing(self, *, is_long: bool) -> AsyncIterator[SqliteConnection]:
        """A connection in the transaction of the only writer, which is committed when the block has ended."""
        interruptible = _Interruptible()
        try:
            async with self._turn:
                self._writer = writer = self._writer or await self._connected(self._writes, interruptible)
                connection = SqliteConnection(writer, self._writers_thread, interruptible, is_long=is_long)
                joined = self._still_shared(writer)
                shared = joined or await self._begun(writer, connection)
                try:
                    if joined:
                        writer.exec_driver_sql(f"SAVEPOINT {_OF_ONE}")
                    yield connection
                    if joined:
                        writer.exec_driver_sql(f"RELEASE {_OF_ONE}")
                except BaseException:
                    self._take_back(writer, shared, is_alone=joined is None)
                    raise
            if not joined:
                await interruptible.take(self._turn)
                try:
                    await self._commit(interruptible)
                finally:
                    self._turn.release()
            await interruptible.wait(shared.committed)
        finally:
            interruptible.make_up_for()

    async def compact(self) -> bool:
        """
        Let nothing that was deleted remain in the files; False where somebody else is still reading them.

        Raises:
            StoreAway: when the file stays busy.

        """
        async with self._turn:
            await self._commit(_Interruptible())
            try:
                return await asyncio.to_thread(_compact, self._path)
            except sqlite3.OperationalError as error:
                raise StoreAway(type(error).__name__) from error

    async def lost_by(self, error: Exception) -> StoreAway | None:
        """What to raise for an error by which the file was lost; None for any other."""
        is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
        return StoreAway(type(error).__name__) if is_lost else None

    async def close(self) -> None:
        """Close all connections."""
        async with self._turn:
            await self._commit(_Interruptible())
            for connection in filter(None, (self._reader, self._writer)):
                connection.close()
        self._threads.shutdown(wait=False)
        self._writers_thread.shutdown(wait=False)

    async def _connected(self, engine: Engine, interruptible: _Interruptible) -> SyncConnection:
        opening = asyncio.get_running_loop().run_in_executor(self._threads, engine.connect)
        return await interruptible.wait(opening)

    def _still_shared(self, writer: SyncConnection) -> _Shared | None:
        """The transaction that is open for others; None without any, or where SQLite has taken it back."""
        if self._shared is not None and not _driver(writer).in_transaction:
            self._lose(writer, self._shared, StoreAway("the transaction was lost"))
        return self._shared

    async def _begun(self, writer: SyncConnection, connection: SqliteConnection) -> _Shared:
        try:
            await connection.run_sync(lambda sync: sync.exec_driver_sql("BEGIN IMMEDIATE"))
        except BaseException:
            writer.rollback()
            raise
        self._shared = _Shared()
        return self._shared

    def _take_back(self, writer: SyncConnection, shared: _Shared, *, is_alone: bool) -> None:
        """Take back what one writer has written, who is alone in the transaction or has a part of its own."""
        if is_alone:
            writer.rollback()
            self._shared = None
            return
        try:
            writer.exec_driver_sql(f"ROLLBACK TO {_OF_ONE}")
            writer.exec_driver_sql(f"RELEASE {_OF_ONE}")
        except SQLAlchemyError as error:
            self._lose(writer, shared, error)

    def _lose(self, writer: SyncConnection, shared: _Shared, why: BaseException) -> None:
        self._shared = None
        with suppress(SQLAlchemyError):
            writer.rollback()
        shared.committed.set_exception(why)

    async def _commit(self, interruptible: _Interruptible) -> None:
        """Commit what is open for others; whoever waits for it hears what came of it."""
        writer = self._writer
        if writer is None or (shared := self._still_shared(writer)) is None:
            return
        committing = asyncio.get_running_loop().run_in_executor(self._writers_thread, writer.commit)
        try:
            await interruptible.wait(committing)
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            self._lose(writer, shared, error)
        else:
            self._shared = None
            shared.committed.set_result(None)


def _engine(opens: Callable[[], sqlite3.Connection], **options: Any) -> Engine:
    """
    One engine for each kind of connection: SQLAlchemy is slower where one is made of another.

    Transactions are begun in this file: SQLAlchemy and the driver would begin them too late to lock.
    """
    return create_engine(
        "sqlite://",
        creator=opens,
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        execution_options=options,
    )


def _opened(path: Path, simulated_time: Clock | None) -> sqlite3.Connection:
    # Whoever asks in the event loop's own thread must not wait there.
    connection = sqlite3.connect(path, _BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # What was acknowledged survives a power cut too.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 0")
    except BaseException:
        connection.close()
        raise
    if simulated_time is not None:
        connection.create_function("julianday", 1, _goes_by(simulated_time))
    return connection


def _goes_by(clock: Clock) -> Callable[[str], float]:
    return lambda _now: clock().timestamp() / 86_400 + 2_440_587.5


def _compact(path: Path) -> bool:
    with closing(sqlite3.connect(path, _BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy

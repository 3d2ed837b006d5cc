"""
How statements of SQLite run: brief ones at once, the others in a thread and always to completion.

A brief statement takes some twenty microseconds, and to hand it to a thread takes ten times that. So it runs
where it is asked for, unless another process holds the file: then, as for what may take long (a commit that
waits for the disk, a transaction opened as long), a thread waits.

A statement in a thread cannot be taken back. SQLAlchemy, interrupted while it waits for one, may leave a
transaction open that nobody ends, and then nobody can write to the file any more. So a cancellation takes
effect after the transaction.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

import aiosqlite

# How long a thread waits for another process's writing, in milliseconds.
_BUSY_TIMEOUT_MS = 15_000
_BRIEF = frozenset({"close", "execute", "fetchall", "fetchmany", "fetchone"})
# SQLite's codes carry details in their higher bits.
_PRIMARY_CODE = 0xFF


class UninterruptedConnection(aiosqlite.Connection):
    """
    A connection whose statements a cancelled task still waits for.

    Args:
        connect: opens it.
        interrupted: the tasks that were cancelled meanwhile are added to it.

    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], interrupted: "WeakSet[asyncio.Task[Any]]"
    ) -> None:
        super().__init__(connect, iter_chunk_size=64)
        # Whatever is still under way must not keep the program from ending.
        self._thread.daemon = True
        self._interrupted = interrupted
        self._writes = self._is_long = False

    def begin(self, *, writes: bool, is_long: bool) -> None:
        """Note how the transaction that begins is to run: whether it writes, and whether it may take long."""
        self._writes, self._is_long = writes, is_long

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is not None and self._is_brief(fn, self._connection):
            try:
                return fn(*args, **kwargs)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                    raise
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        statement = asyncio.get_running_loop().create_future()
        # As SQLAlchemy hands in what aiosqlite has no method for.
        call = partial(fn, *args, **kwargs)
        if isinstance(getattr(fn, "__self__", None), sqlite3.Cursor):
            call = partial(_patiently, self._connection, call)
        self._tx.put_nowait((statement, call))
        while not statement.done():
            try:
                await asyncio.shield(statement)
            except asyncio.CancelledError:
                if task := asyncio.current_task():
                    self._interrupted.add(task)
        return statement.result()

    def _is_brief(self, fn: Callable[..., Any], connection: sqlite3.Connection) -> bool:
        """Whether a call waits for neither the disk nor, where it can be helped, another process."""
        owner = getattr(fn, "__self__", None)
        if isinstance(owner, sqlite3.Cursor):
            return fn.__name__ == "close" or (not self._is_long and fn.__name__ in _BRIEF)
        if owner is not connection:
            return False
        ends_nothing = not connection.in_transaction or not self._writes
        return fn.__name__ == "cursor" or (fn.__name__ in ("commit", "rollback") and ends_nothing)


def _patiently(connection: sqlite3.Connection, statement: Callable[[], Any]) -> Any:
    """What a statement returns that may have to wait for another process."""
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    try:
        return statement()
    finally:
        connection.execute("PRAGMA busy_timeout = 0")


class Interruptions:
    """The tasks that were cancelled in the middle of a transaction of one database."""

    def __init__(self) -> None:
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    def connect(self, path: str, **options: Any) -> UninterruptedConnection:
        """A new connection, with the arguments that SQLAlchemy passes."""
        # Whoever asks in the event loop's own thread must not wait there.
        at_once = {**options, "timeout": 0}
        return UninterruptedConnection(lambda: sqlite3.connect(path, **at_once), self._tasks)

    def make_up_for(self) -> None:
        """
        Raise the cancellation that this task got in the middle of a transaction, if any.

        Raises:
            CancelledError: if it was cancelled.

        """
        task = asyncio.current_task()
        if task is not None and task in self._tasks:
            self._tasks.discard(task)
            raise asyncio.CancelledError

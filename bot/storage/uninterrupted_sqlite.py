"""
SQLite statements always run to completion; a cancellation takes effect after the transaction.

A statement runs in a thread and cannot be taken back. SQLAlchemy, interrupted while it waits for one, may
leave a transaction open that nobody ends, and then nobody can write to the file any more.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakSet

import aiosqlite


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

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is not None and _needs_no_thread(fn, self._connection):
            return fn(*args, **kwargs)
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        statement = asyncio.get_running_loop().create_future()
        # As SQLAlchemy hands in what aiosqlite has no method for.
        self._tx.put_nowait((statement, partial(fn, *args, **kwargs)))
        while not statement.done():
            try:
                await asyncio.shield(statement)
            except asyncio.CancelledError:
                if task := asyncio.current_task():
                    self._interrupted.add(task)
        return statement.result()


def _needs_no_thread(fn: Callable[..., Any], connection: sqlite3.Connection) -> bool:
    """Whether a call waits for neither the disk nor another process: a thread would only slow it down."""
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, sqlite3.Cursor):
        return fn.__name__ == "close"
    return owner is connection and (
        fn.__name__ == "cursor" or (fn.__name__ == "rollback" and not connection.in_transaction)
    )


class Interruptions:
    """The tasks that were cancelled in the middle of a transaction of one database."""

    def __init__(self) -> None:
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()

    def connect(self, path: str, **options: Any) -> UninterruptedConnection:
        """A new connection, with the arguments that SQLAlchemy passes."""
        return UninterruptedConnection(lambda: sqlite3.connect(path, **options), self._tasks)

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

"""
PostgreSQL: only what concerns the same row waits.

A transaction that counts before it writes locks the row of what it counts (an account, a channel, a job)
first, and each statement sees what was committed before it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg  # type: ignore[import-untyped] # ships no types
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.storage.database.connection import StoreAway

# How long PostgreSQL waits for a row that another transaction holds, in milliseconds.
_LOCK_TIMEOUT_MS = 15_000
_CONNECT_SECONDS, _STATEMENT_SECONDS, _POOL_SECONDS = 5, 15, 30
_CONNECTIONS, _MORE_CONNECTIONS = 8, 4
# Fewer than there are connections: whoever only reads must not wait for writers.
_WRITERS = 8
# What asyncpg says of a connection that ended while it was being made, where SQLAlchemy has no word for it.
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
# A connection that was not used for so long is asked whether it is there.
_USED, _UNUSED_SECONDS = "casefile_used", 1.0
# Statements that each connection keeps prepared: more than there are.
_PREPARED = 500


class PostgresqlDatabase:
    """
    A database of PostgreSQL; opened by `open_database`.

    Args:
        url: as the settings have it.

    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        # Each statement of what only reads is a transaction of its own.
        self._reads = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writes = self._engine.execution_options(casefile_writes=True)
        self._writes_one = self._reads.execution_options(casefile_writes=True)
        self._writers = asyncio.Semaphore(_WRITERS)

    @asynccontextmanager
    async def reading(self, *, is_long: bool) -> AsyncIterator[AsyncConnection]:  # noqa: ARG002 - the server's work
        """A connection to read with."""
        async with self._reads.begin() as connection:
            yield connection

    @asynccontextmanager
    async def writing(
        self,
        *,
        is_long: bool,  # noqa: ARG002 - the server's work
        is_one: bool,
    ) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction, committed at the end; one statement is one by itself."""
        engine = self._writes_one if is_one else self._writes
        async with self._writers, engine.begin() as connection:
            yield connection

    async def compact(self) -> bool:
        """True: the server sees to that itself."""
        return True

    async def lost_by(self, error: Exception) -> StoreAway | None:
        """What to raise for an error by which the server was lost; None for any other."""
        if isinstance(error, asyncpg.PostgresError):
            return StoreAway(type(error).__name__)
        if not isinstance(error, DBAPIError):
            return None
        told = error.orig.__cause__ if error.orig else None
        if isinstance(told, asyncpg.ReadOnlySQLTransactionError):
            # The server was made a stand-by, and its connections stay what they were: the next ones may lead
            # to the new primary.
            await self._engine.dispose()
            return StoreAway("the server takes no writes")
        lost = error.connection_invalidated or isinstance(told, _LOST)
        return StoreAway(type(error).__name__) if lost else None

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _engine(url: str) -> AsyncEngine:
    """Make it for asyncpg: Heroku's `postgres://`, and `sslmode`, which the driver calls `ssl`."""
    parts = urlsplit(url)
    named = [("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(parts.query)]
    address = parts._replace(scheme="postgresql+asyncpg", query=urlencode(named)).geturl()
    engine = create_async_engine(
        address,
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=_POOL_SECONDS,
        # The connection that was used last is the one that is surely there, and has its statements prepared.
        pool_use_lifo=True,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _STATEMENT_SECONDS,
            "server_settings": {"lock_timeout": str(_LOCK_TIMEOUT_MS)},
            "prepared_statement_cache_size": _PREPARED,
        },
    )
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _see_that_it_is_there)
    return engine


def _note_use(_dbapi_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _see_that_it_is_there(dbapi_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """
    Notice a connection that the server closed meanwhile, before it is used; another takes its place.

    To ask each time would be a round trip more: one that was used a moment ago is only looked at.
    """
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError
    if time.monotonic() - record.info.get(_USED, time.monotonic()) > _UNUSED_SECONDS:
        try:
            dbapi_connection.ping()
        except Exception as error:
            raise DisconnectionError from error

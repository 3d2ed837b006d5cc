"""
PostgreSQL: only what concerns the same row waits.

A transaction that counts before it writes locks the row of what it counts (an account, a channel, a job)
first, and each statement sees what was committed before it.
"""

import asyncio
import select
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from bot.storage.database.connection import StoreAway
from bot.storage.database.pipeline import Driver, PostgresqlConnection

# How long PostgreSQL waits for a row that another transaction holds, and a connection for a server that does
# not answer any more, in milliseconds.
_LOCK_TIMEOUT_MS, _SILENCE_MS = 15_000, 15_000
_CONNECT_SECONDS, _POOL_SECONDS = 5, 30
_CONNECTIONS, _MORE_CONNECTIONS = 8, 4
# Fewer than there are connections: whoever only reads must not wait for writers.
_WRITERS = 8
# A connection that was not used for so long is asked whether it is there, and has so long to answer.
_USED, _UNUSED_SECONDS = "casefile_used", 1.0
_THERE_WITHIN_SECONDS = 5.0
# Statements that are kept compiled, and that each connection keeps prepared when it has executed them a few
# times: more than there are.
_COMPILED, _PREPARED, _PREPARED_AFTER = 500, 500, 2
# By some of a server's own limits it ends a connection, which the driver takes for an error of its own kind.
_LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
)


class PostgresqlDatabase:
    """
    A database of PostgreSQL; opened by `open_database`.

    Args:
        url: as the settings have it.

    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._compiled: LRUCache[Any, Any] = LRUCache(_COMPILED)
        self._writers = asyncio.Semaphore(_WRITERS)

    @asynccontextmanager
    async def reading(self, *, is_long: bool) -> AsyncIterator[PostgresqlConnection]:  # noqa: ARG002 - the server's work
        """A connection to read with."""
        async with self._engine.connect() as sql:
            connection = await self._connection(sql, writes=False)
            yield connection
            await connection.deliver(ends=True)

    @asynccontextmanager
    async def writing(
        self,
        *,
        is_long: bool,  # noqa: ARG002 - the server's work
    ) -> AsyncIterator[PostgresqlConnection]:
        """A connection in a transaction, committed at the end."""
        async with self._writers, self._engine.connect() as sql:
            connection = await self._connection(sql, writes=True)
            try:
                yield connection
                await connection.deliver(ends=True)
            except BaseException:
                await connection.take_back()
                raise

    async def compact(self) -> bool:
        """True: the server sees to that itself."""
        return True

    async def lost_by(self, error: Exception) -> StoreAway | None:
        """What to raise for an error by which the server was lost; None for any other."""
        told = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(told, psycopg.errors.ReadOnlySqlTransaction):
            # The server was made a stand-by, and its connections stay what they were: the next ones may lead
            # to the new primary.
            await self._engine.dispose()
            return StoreAway("the server takes no writes")
        if isinstance(told, psycopg.errors.InvalidSqlStatementName):
            # A pooler has put another server behind the connection. The driver has let go of them, too.
            return StoreAway("the server knows no prepared statements any more")
        lost = isinstance(told, _LOST)
        return StoreAway(type(told).__name__) if lost else None

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def _connection(self, sql: AsyncConnection, *, writes: bool) -> PostgresqlConnection:
        driver = cast("Driver", (await sql.get_raw_connection()).driver_connection)
        return PostgresqlConnection(sql, driver, self._compiled, writes=writes)


def _engine(url: str) -> AsyncEngine:
    """Make it for psycopg: Heroku's `postgres://`, and `ssl` as the driver before called `sslmode`."""
    parts = urlsplit(url)
    named = [("sslmode" if name == "ssl" else name, value) for name, value in parse_qsl(parts.query)]
    address = parts._replace(scheme="postgresql+psycopg", query=urlencode(named)).geturl()
    engine = create_async_engine(
        address,
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=_POOL_SECONDS,
        # The connection that was used last is the one that is surely there, and has its statements prepared.
        pool_use_lifo=True,
        # It would ask the server for a type that is not used here, with each new connection.
        use_native_hstore=False,
        connect_args={
            # Transactions are begun here, together with their first statement.
            "autocommit": True,
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _SILENCE_MS,
            "options": f"-c lock_timeout={_LOCK_TIMEOUT_MS}",
            "prepare_threshold": _PREPARED_AFTER,
        },
    )
    event.listen(engine.sync_engine, "connect", _keep_prepared)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _see_that_it_is_there)
    return engine


def _keep_prepared(dbapi_connection: Any, _record: ConnectionPoolEntry) -> None:
    dbapi_connection.driver_connection.prepared_max = _PREPARED


def _note_use(_dbapi_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _see_that_it_is_there(dbapi_connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """
    Notice a connection that the server closed meanwhile, before it is used; another takes its place.

    To ask each time would be a round trip more: one that was used a moment ago is only looked at.
    """
    driver = dbapi_connection.driver_connection
    if driver.closed or _has_something_to_say(driver.fileno()):
        raise DisconnectionError
    if time.monotonic() - record.info.get(_USED, time.monotonic()) > _UNUSED_SECONDS:
        try:
            dbapi_connection.run_async(_asked)
        except Exception as error:
            raise DisconnectionError from error


async def _asked(driver: Driver) -> None:
    async with asyncio.timeout(_THERE_WITHIN_SECONDS):
        await driver.execute("SELECT 1")


def _has_something_to_say(socket: int) -> bool:
    """Whether the server has sent something unasked: it does when it closes the connection."""
    looking = select.poll()
    looking.register(socket, select.POLLIN)
    return bool(looking.poll(0))

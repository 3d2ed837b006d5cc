"""
Where everything is stored, by its address: SQLite in a file, or PostgreSQL.

On SQLite whoever writes is the only one. On PostgreSQL only what concerns the same row waits: a transaction
that counts before it writes locks the row of what it counts (an account, a channel, a job) first, and each
statement sees what was committed before it.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg  # type: ignore[import-untyped] # ships no types
from sqlalchemy import Connection, event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.operations.clock import Clock
from bot.storage.address import is_postgresql
from bot.storage.uninterrupted_sqlite import Interruptions, UninterruptedConnection

# How long PostgreSQL waits for a row that another transaction holds, in milliseconds.
_LOCK_TIMEOUT_MS = 15_000
# How long SQLite waits for whoever else writes or reads while its file is made anew.
_BUSY_SECONDS = 15.0
_CONNECT_SECONDS, _STATEMENT_SECONDS, _POOL_SECONDS = 5, 15, 30
_CONNECTIONS, _MORE_CONNECTIONS = 8, 4
# A connection that was not used for so long is asked whether it is there.
_USED, _UNUSED_SECONDS = "casefile_used", 1.0
# Statements that each connection keeps prepared: more than there are.
_PREPARED = 500
# What asyncpg says of a connection that ended while it was being made, where SQLAlchemy has no word for it.
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)


class StoreAway(SQLAlchemyError):
    """Raised when the database cannot be reached, or was lost in the middle."""


@dataclass(frozen=True, slots=True)
class Database:
    """The ways to a database, to read and to write; `interruptions` are those that statements outlast."""

    reading: AsyncEngine
    writing: AsyncEngine
    interruptions: Interruptions


@asynccontextmanager
async def open_database(url: str, simulated_time: Clock | None = None) -> AsyncIterator[Database]:
    """
    Make the way to a database, and close all connections at the end.

    Args:
        url: as the settings have it.
        simulated_time: takes the place of SQLite's own clock, for days that pass in seconds.

    """
    interruptions = Interruptions()
    engine = _postgresql(url) if is_postgresql(url) else _sqlite(url, interruptions, simulated_time)
    try:
        yield Database(_reading(engine), engine.execution_options(sqlite_begin="IMMEDIATE"), interruptions)
    finally:
        await engine.dispose()


@asynccontextmanager
async def transaction(
    database: Database, *, writing: bool, is_long: bool = False
) -> AsyncIterator[AsyncConnection]:
    """
    Open a transaction; on SQLite one that writes is the only one that does, from its start.

    On PostgreSQL each statement of one that only reads is a transaction of its own.
    With `is_long` its statements may take longer than other work should wait for them.

    Raises:
        StoreAway: when the database cannot be reached, or takes nothing that is written.

    """
    engine = database.writing if writing else database.reading
    if is_long:
        engine = engine.execution_options(sqlite_long=True)
    try:
        async with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout, OSError, asyncpg.PostgresError) as error:
        raise StoreAway(type(error).__name__) from error
    except DBAPIError as error:
        told = error.orig.__cause__ if error.orig else None
        if isinstance(told, asyncpg.ReadOnlySQLTransactionError):
            # The server was made a stand-by, and its connections stay what they were: the next ones may lead
            # to the new primary.
            await database.writing.dispose()
            raise StoreAway("the server takes no writes") from error
        if error.connection_invalidated or isinstance(told, _LOST):
            raise StoreAway(type(error).__name__) from error
        raise
    finally:
        database.interruptions.make_up_for()


async def compact(database: Database) -> bool:
    """
    Let nothing that was deleted remain in SQLite's files; False where somebody else is still reading them.

    PostgreSQL sees to that itself.

    Raises:
        StoreAway: when the file stays busy.

    """
    if database.writing.dialect.name == "postgresql":
        return True
    try:
        return await asyncio.to_thread(_compact, str(database.writing.url.database))
    except sqlite3.OperationalError as error:
        raise StoreAway(type(error).__name__) from error


def _compact(path: str) -> bool:
    with closing(sqlite3.connect(path, _BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def _reading(engine: AsyncEngine) -> AsyncEngine:
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _sqlite(url: str, interruptions: Interruptions, simulated_time: Clock | None) -> AsyncEngine:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    # The driver's own BEGIN comes too late to lock before the first read. Set later, it could be interrupted.
    connecting = {"async_creator_fn": interruptions.connect, "isolation_level": None}
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", hide_parameters=True, connect_args=connecting)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    if simulated_time is not None:
        event.listen(engine.sync_engine, "connect", _goes_by(simulated_time))
    return engine


def _postgresql(url: str) -> AsyncEngine:
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


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # What was acknowledged survives a power cut too.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _goes_by(clock: Clock) -> Callable[[Any, Any], None]:
    def julian_day(_now: str) -> float:
        return clock().timestamp() / 86_400 + 2_440_587.5

    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.create_function("julianday", 1, julian_day)

    return prepare


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    mode = options.get("sqlite_begin", "DEFERRED")
    driver: UninterruptedConnection = connection.connection.driver_connection  # type: ignore[assignment]
    driver.begin(writes=mode == "IMMEDIATE", is_long=options.get("sqlite_long", False))
    connection.exec_driver_sql(f"BEGIN {mode}")

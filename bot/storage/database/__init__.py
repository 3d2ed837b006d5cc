"""Where everything is stored, by its address: SQLite in a file, or PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # ships no types
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.operations.clock import Clock
from bot.storage.address import is_postgresql
from bot.storage.database.connection import Connection, StoreAway
from bot.storage.database.postgresql import PostgresqlDatabase
from bot.storage.database.sqlite import SqliteDatabase

__all__ = ["Connection", "Database", "StoreAway", "open_database", "transaction"]

Database = SqliteDatabase | PostgresqlDatabase
# What asyncpg says of a connection that ended while it was being made, where SQLAlchemy has no word for it.
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)


@asynccontextmanager
async def open_database(url: str, simulated_time: Clock | None = None) -> AsyncIterator[Database]:
    """
    Make the way to a database, and close all connections at the end.

    Args:
        url: as the settings have it.
        simulated_time: takes the place of SQLite's own clock, for days that pass in seconds.

    """
    database = PostgresqlDatabase(url) if is_postgresql(url) else _sqlite(url, simulated_time)
    try:
        yield database
    finally:
        await database.close()


def _sqlite(url: str, simulated_time: Clock | None) -> SqliteDatabase:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteDatabase(path, simulated_time)


@asynccontextmanager
async def transaction(
    database: Database, *, writing: bool, is_long: bool = False
) -> AsyncIterator[Connection]:
    """
    Open a transaction; on SQLite one that writes is the only one that does, from its start.

    Of one that only reads, each statement sees what was committed before it.
    With `is_long` its statements may take longer than other work should wait for them.

    Raises:
        StoreAway: when the database cannot be reached, or takes nothing that is written.

    """
    opening = database.writing if writing else database.reading
    try:
        async with opening(is_long=is_long) as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout, OSError, asyncpg.PostgresError) as error:
        raise StoreAway(type(error).__name__) from error
    except DBAPIError as error:
        told = error.orig.__cause__ if error.orig else None
        if isinstance(told, asyncpg.ReadOnlySQLTransactionError):
            # The server was made a stand-by, and its connections stay what they were: the next ones may lead
            # to the new primary.
            await database.make_up_for_loss()
            raise StoreAway("the server takes no writes") from error
        if error.connection_invalidated or isinstance(told, _LOST):
            raise StoreAway(type(error).__name__) from error
        raise

"""Where everything is stored, by its address: SQLite in a file, or PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.operations.clock import Clock
from bot.storage.address import sqlite_file
from bot.storage.database.connection import Connection, Database, Sent, StoreAway
from bot.storage.database.sqlite import SqliteDatabase

__all__ = ["Connection", "Database", "Sent", "StoreAway", "open_database", "transaction"]


@asynccontextmanager
async def open_database(url: str, simulated_time: Clock | None = None) -> AsyncIterator[Database]:
    """
    A database to read and write, whose connections are all closed at the end.

    Args:
        url: as the settings have it.
        simulated_time: takes the place of SQLite's own clock, for days that pass in seconds.

    """
    path = sqlite_file(url)
    database = _sqlite(path, simulated_time) if path else _postgresql(url)
    try:
        yield database
    finally:
        await database.close()


def _postgresql(url: str) -> Database:
    from bot.storage.database.postgresql import PostgresqlDatabase  # noqa: PLC0415 - loaded where it is used

    return PostgresqlDatabase(url)


def _sqlite(path: Path, simulated_time: Clock | None) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteDatabase(path, simulated_time)


@asynccontextmanager
async def transaction(
    database: Database, *, writing: bool, is_long: bool = False
) -> AsyncIterator[Connection]:
    """
    Open a transaction; on SQLite one that writes is the only one that does, from its start.

    In one that only reads, each statement sees what was committed before it.
    With `is_long` its statements may take longer than other work should wait for them.

    Raises:
        StoreAway: when the database cannot be reached, or takes nothing that is written.

    """
    opening = database.writing(is_long=is_long) if writing else database.reading(is_long=is_long)
    try:
        async with opening as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
        raise StoreAway(type(error).__name__) from error
    except Exception as error:
        if away := await database.lost_by(error):
            raise away from error
        raise

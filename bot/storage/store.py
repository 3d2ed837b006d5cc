"""
The database: how it is opened and brought up to date, read and written, and its own clock.

Statements are SQLAlchemy Core and run on SQLite and PostgreSQL alike.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import select, text

from bot.operations.clock import Clock
from bot.storage.database import Connection, Database, open_database, transaction
from bot.storage.schema import bring_up_to_date
from bot.storage.tables import cached_findings, now_ms

Write = Callable[[Connection], Awaitable[None]]
"""Writes something, in a transaction."""


class Store:
    """An open database; made by `open_store`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def read(self, *, is_long: bool = False) -> AsyncIterator[Connection]:
        """
        Open a transaction that changes nothing; `is_long` if it reads more than a few hundred rows.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        async with transaction(self._database, writing=False, is_long=is_long) as connection:
            yield connection

    @asynccontextmanager
    async def write(self, *, is_long: bool = False) -> AsyncIterator[Connection]:
        """
        Open a transaction that changes something; on SQLite it holds the only writer's place from its start.

        `is_long` if it reads or changes more than a few hundred rows.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        async with transaction(self._database, writing=True, is_long=is_long) as connection:
            yield connection

    async def compact(self) -> bool:
        """
        Let nothing that was deleted remain in SQLite's files; False while somebody else still reads them.

        Raises:
            StoreAway: when the file stays busy.

        """
        return await self._database.compact()

    async def now_ms(self) -> int:
        """The database's time, in milliseconds since 1970."""
        async with self.read() as connection:
            return int((await connection.execute(select(now_ms()))).scalar_one())


@asynccontextmanager
async def open_store(database_url: str, simulated_time: Clock | None = None) -> AsyncIterator[Store]:
    """
    Open the database, bring its tables up to this version, and close it at the end.

    Of several processes that start at once, one brings the tables up to date and the others wait.

    Args:
        database_url: of SQLite or PostgreSQL, as the settings have it.
        simulated_time: takes the place of SQLite's own clock, for days that pass in seconds.

    Raises:
        NewerDatabase: when a newer version of Casefile wrote it.
        StoreAway: when it cannot be reached.

    """
    async with open_database(database_url, simulated_time) as database:
        store = Store(database)
        async with store.write(is_long=True) as connection:
            await bring_up_to_date(connection)
        yield store


async def is_reachable(store: Store) -> bool:
    """
    Whether the database answers, and takes what is written: a stand-by of PostgreSQL does not.

    Raises:
        StoreAway: when it cannot be reached.

    """
    async with store.read() as connection:
        if connection.dialect.name != "postgresql":
            return bool((await connection.execute(text("SELECT 1"))).scalar_one() == 1)
        setting = text("SELECT current_setting('transaction_read_only')")
        return bool((await connection.execute(setting)).scalar_one() == "off")


async def newest_sealed(store: Store) -> str | None:
    """What was sealed last of the vendors' answers; None where nothing is kept."""
    newest = select(cached_findings.c.sealed).order_by(cached_findings.c.stored_ms.desc()).limit(1)
    async with store.read() as connection:
        sealed: str | None = (await connection.execute(newest)).scalar_one_or_none()
    return sealed

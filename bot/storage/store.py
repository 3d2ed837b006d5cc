"""
The database: how it is opened and brought up to date, read and written, and its own clock.

Statements are SQLAlchemy Core and run on SQLite and PostgreSQL alike.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Connection, Table, func, insert, inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.operations.clock import Clock
from bot.storage.database import Database, open_database, transaction
from bot.storage.tables import (
    claims,
    identities,
    index_asked,
    index_customers,
    index_lookups,
    index_names,
    index_opened,
    index_sessions,
    index_spans,
    jobs,
    known_sessions,
    metadata,
    now_ms,
    posts,
    pushed_deliveries,
    pushed_errors,
    pushed_hits,
    schema_version,
    slack_calls,
    tickets,
    turns,
)

SCHEMA_VERSION = 7


class NewerDatabase(Exception):
    """Raised when the database was written by a newer version of Casefile than this one."""


class Store:
    """An open database; made by `open_store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Whoever waits for another process's write looks again and again, or holds a connection meanwhile:
        # within a process they stand in line instead.
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """
        Open a transaction that changes nothing.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        async with transaction(self._database, writing=False) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """
        Open a transaction that changes something; it holds the only writer's place from its start.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        async with self._line, transaction(self._database, writing=True) as connection:
            yield connection

    async def now_ms(self) -> int:
        """Give the database's time."""
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
        async with store.write() as connection:
            await _bring_up_to_date(connection)
        yield store


# What each version added to the one before it; a table that stands there twice was made anew.
_STEPS: Mapping[int, tuple[Table, ...]] = MappingProxyType(
    {
        2: (tickets,),
        3: (pushed_deliveries, pushed_errors, pushed_hits),
        4: (
            index_sessions,
            index_customers,
            index_names,
            index_spans,
            index_asked,
            index_opened,
            index_lookups,
            identities,
        ),
        5: (identities,),
        6: (known_sessions, claims, turns),
        7: (turns, slack_calls),
    }
)
# Columns that came later than their tables, with their indexes.
_COLUMNS: Mapping[int, tuple[Column[Any], ...]] = MappingProxyType(
    {6: (index_sessions.c.link, jobs.c.failures), 7: (posts.c.whole,)}
)


async def _bring_up_to_date(connection: AsyncConnection) -> None:
    """Make the tables of a new database, or what is missing since the version that wrote an old one."""
    await connection.run_sync(lambda sync: schema_version.create(sync, checkfirst=True))
    found = (await connection.execute(select(func.max(schema_version.c.version)))).scalar_one()
    if found is not None and found > SCHEMA_VERSION:
        raise NewerDatabase(
            f"the database is of version {found}, this Casefile knows {SCHEMA_VERSION}: install the newer one"
        )
    if found is None:
        await connection.run_sync(metadata.create_all)
        await connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
        return
    for version in range(found + 1, SCHEMA_VERSION + 1):
        for table in _STEPS[version]:
            await connection.run_sync(partial(table.drop, checkfirst=True))
            await connection.run_sync(table.create)
        for column in _COLUMNS.get(version, ()):
            await connection.run_sync(partial(_add_column, column))
        await connection.execute(update(schema_version).values(version=version))


def _add_column(column: Column[Any], connection: Connection) -> None:
    """Add a column to a table that was made without it."""
    table = column.table
    if column.name in {known["name"] for known in inspect(connection).get_columns(table.name)}:
        return
    kind = column.type.compile(connection.dialect)
    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))
    for index in table.indexes:
        if column.name in index.columns:
            index.create(connection)


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

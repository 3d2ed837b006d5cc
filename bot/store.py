"""
The database: its tables, how it is opened, and its own clock.

Statements are SQLAlchemy Core and run on SQLite and PostgreSQL alike. Times in tables are whole
milliseconds since 1970 by the database's clock, so that processes with different clocks agree.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.clock import Clock
from bot.database import Database, open_database, transaction

SCHEMA_VERSION = 7

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

quota_accounts = Table(
    "quota_accounts",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("touched_ms", BigInteger, nullable=False),
    # What the vendor last said is left, and when that count was made and ends.
    Column("vendor_left", Integer),
    Column("vendor_counted_ms", BigInteger),
    Column("vendor_until_ms", BigInteger),
)

quota_calls = Table(
    "quota_calls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("purpose", String(20), nullable=False),
    Index("quota_calls_by_account", "account", "at_ms"),
)

cached_findings = Table(
    "cached_findings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("subject_hash", String(64), nullable=False, index=True),
    Column("stored_ms", BigInteger, nullable=False, index=True),
    Column("sealed", Text, nullable=False),
)

source_memory = Table(
    "source_memory",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("subject_hash", String(64), index=True),
    Column("sealed", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("delivery", String(64), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("state", String(10), nullable=False),
    Column("sealed", Text),
    Column("attempts", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("leased_until_ms", BigInteger, nullable=False),
    Column("leased_by", String(32)),
    Column("ended_ms", BigInteger),
    # How often answering it went wrong, as opposed to being broken off.
    Column("failures", Integer),
    UniqueConstraint("delivery"),
    Index("jobs_by_state", "state", "leased_until_ms"),
)

posts = Table(
    "posts",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("channel", String(40), nullable=False),
    # None while the outcome of posting is unknown.
    Column("ts", String(40)),
    Column("edits", Integer, nullable=False),
)


tickets = Table(
    "tickets",
    metadata,
    # The message: a hash of its channel and time.
    Column("place", String(64), primary_key=True),
    # What two notifications of one ticket in one channel have in common; None without a ticket's URL.
    Column("ticket", String(64)),
    Column("named", String(64), nullable=False),
    # Whom the answer is about; of two notifications of one ticket, one answers about them.
    Column("subjects", String(64)),
    Column("job", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reply_ts", String(40)),
    Column("created_ms", BigInteger, nullable=False, index=True),
    UniqueConstraint("ticket", "subjects"),
)


pushed_deliveries = Table(
    "pushed_deliveries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

pushed_errors = Table(
    "pushed_errors",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("error", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)

pushed_hits = Table(
    "pushed_hits",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("who", String(64), primary_key=True),
    Column("error", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)


index_sessions = Table(
    "index_sessions",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("customer", String(64)),
    Column("started_ms", BigInteger, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
    # The hash of the address that the vendor gave it.
    Column("link", String(64), index=True),
    Index("index_sessions_by_customer", "account", "customer", "started_ms"),
    Index("index_sessions_by_start", "account", "started_ms"),
)

index_customers = Table(
    "index_customers",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("customer", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

index_names = Table(
    "index_names",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("who", String(64), primary_key=True),
    Column("customer", String(64), primary_key=True),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

index_spans = Table(
    "index_spans",
    metadata,
    Column("account", String(200), primary_key=True),
    # Of sessions, or of customers.
    Column("kind", String(20), primary_key=True),
    Column("start_ms", BigInteger, primary_key=True),
    Column("end_ms", BigInteger, nullable=False),
)

index_asked = Table(
    "index_asked",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("who", String(64), primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("asked_ms", BigInteger, nullable=False, index=True),
)

index_opened = Table(
    "index_opened",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

index_lookups = Table(
    "index_lookups",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("index_lookups_by_account", "account", "at_ms"),
)

identities = Table(
    "identities",
    metadata,
    Column("email", String(64), primary_key=True),
    Column("uid", String(64), primary_key=True, index=True),
    # The source that told it.
    Column("account", String(200), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("seen_ms", BigInteger, nullable=False, index=True),
)


known_sessions = Table(
    "known_sessions",
    metadata,
    # The hash of its address, or of its source and id.
    Column("key", String(64), primary_key=True),
    Column("subject_hash", String(64), index=True),
    Column("sealed", Text, nullable=False),
    Column("kept_until_ms", BigInteger, nullable=False, index=True),
)

claims = Table(
    "claims",
    metadata,
    # The hash of what is claimed.
    Column("key", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
)


turns = Table(
    "turns",
    metadata,
    # A channel, or a method of Slack's.
    Column("key", String(64), primary_key=True),
    # Until when the turns that were taken last, one after the other.
    Column("taken_until_ms", BigInteger, nullable=False),
)


slack_calls = Table(
    "slack_calls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("method", String(64), nullable=False),
    # When it is made: some are yet to be.
    Column("at_ms", BigInteger, nullable=False),
    Index("slack_calls_by_method", "method", "at_ms"),
)


class now_ms(FunctionElement[int]):  # noqa: N801 - used as a function in statements
    """The database's clock as an expression: whole milliseconds since 1970."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms, "sqlite")
def _now_on_sqlite(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"


@compiles(now_ms, "postgresql")
def _now_on_postgresql(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


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
    {6: (index_sessions.c.link, jobs.c.failures)}
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

"""Writing the session index: rows replace older ones, times are in whole milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, insert, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import index_customers, index_names, index_opened, index_sessions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Keys in one statement: SQLite takes some 30,000 values.
_KEYS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class IndexRows:
    """Rows for the index's tables."""

    sessions: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    names: list[dict[str, Any]]

    async def put(self, connection: AsyncConnection) -> None:
        """Store the rows in place of older ones of the same sessions and customers."""
        await replace_rows(connection, index_sessions, ("account", "session"), self.sessions)
        await replace_rows(connection, index_customers, ("account", "customer"), self.customers)
        await replace_rows(connection, index_names, ("account", "who", "customer"), self.names)


async def replace_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Store rows in place of those that have the same values in these columns."""
    if not rows:
        return
    keys = [tuple(row[column] for column in columns) for row in rows]
    these = tuple_(*(table.c[column] for column in columns))
    for begin in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[begin : begin + _KEYS_AT_ONCE]
        await connection.execute(delete(table).where(these.in_(some)))
    await connection.execute(insert(table), rows)


async def forget_old_sessions(connection: AsyncConnection, now: datetime) -> None:
    """Delete rows that have passed the time until which they are kept."""
    for table in (index_sessions, index_customers, index_names, index_opened):
        await connection.execute(delete(table).where(table.c.kept_until_ms < to_ms(now)))


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def to_ms_up(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded up."""
    return -((_EPOCH - moment) // _MILLISECOND)


def from_ms(milliseconds: int) -> datetime:
    """The time in UTC of milliseconds since 1970."""
    return _EPOCH + milliseconds * _MILLISECOND

"""How the session index is written: rows in place of older ones, times in whole milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, insert, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import index_customers, index_names, index_opened, index_sessions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_KEYS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class IndexRows:
    """What is to be stored, ready for the tables."""

    sessions: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    names: list[dict[str, Any]]

    async def put(self, connection: AsyncConnection) -> None:
        """Store it in place of what was known of the same sessions and customers."""
        await replace_rows(connection, index_sessions, ("account", "session"), self.sessions)
        await replace_rows(connection, index_customers, ("account", "customer"), self.customers)
        await replace_rows(connection, index_names, ("account", "who", "customer"), self.names)


async def replace_rows(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Put rows in the place of those that have the same values in these columns."""
    if not rows:
        return
    keys = [tuple(row[column] for column in columns) for row in rows]
    these = tuple_(*(table.c[column] for column in columns))
    # SQLite takes some 30,000 values in a statement.
    for begin in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[begin : begin + _KEYS_AT_ONCE]
        await connection.execute(delete(table).where(these.in_(some)))
    await connection.execute(insert(table), rows)


async def forget_old_sessions(connection: AsyncConnection, now: datetime) -> None:
    """Delete what has been kept for as long as it may be."""
    for table in (index_sessions, index_customers, index_names, index_opened):
        await connection.execute(delete(table).where(table.c.kept_until_ms < to_ms(now)))


def to_ms(moment: datetime) -> int:
    """Give whole milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def to_ms_up(moment: datetime) -> int:
    """Give whole milliseconds since 1970, rounded up."""
    return -((_EPOCH - moment) // _MILLISECOND)


def from_ms(milliseconds: int) -> datetime:
    """Give the moment so many milliseconds after 1970."""
    return _EPOCH + milliseconds * _MILLISECOND

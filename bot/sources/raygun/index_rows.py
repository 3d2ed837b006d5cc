"""Writing the session index: rows replace older ones, times are in whole milliseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import index_customers, index_names, index_sessions
from bot.storage.upsert import upsert

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class IndexRows:
    """Rows for the index's tables."""

    sessions: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    names: list[dict[str, Any]]

    async def put(self, connection: AsyncConnection) -> None:
        """Store the rows in place of older ones of the same sessions and customers."""
        await upsert(connection, index_sessions, self.sessions)
        await upsert(connection, index_customers, self.customers)
        await upsert(connection, index_names, self.names)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def to_ms_up(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded up."""
    return -((_EPOCH - moment) // _MILLISECOND)


def from_ms(milliseconds: int) -> datetime:
    """The time in UTC of milliseconds since 1970."""
    return _EPOCH + milliseconds * _MILLISECOND

"""Writing the session index: rows replace older ones, times are in whole milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.coverage import Span
from bot.domain.model import Subject
from bot.storage.tables import index_customers, index_names, index_sessions
from bot.storage.upsert import upsert

# Customers whose names are deleted by one statement.
_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class IndexRows:
    """Rows for the index's tables; what is known of the names of those in `renamed` is replaced."""

    sessions: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    names: list[dict[str, Any]]
    renamed: list[str]

    async def put(self, connection: AsyncConnection) -> None:
        """Store the rows in place of older ones of the same sessions and customers."""
        await upsert(connection, index_sessions, self.sessions)
        await upsert(connection, index_customers, self.customers)
        for begin in range(0, len(self.renamed), _AT_ONCE):
            some = self.renamed[begin : begin + _AT_ONCE]
            theirs = index_names.c.customer.in_(some) & (
                index_names.c.account == self.customers[0]["account"]
            )
            await connection.execute(delete(index_names).where(theirs))
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


def spans_of_all(
    hashes: Mapping[Subject, Sequence[str]], rows: Mapping[str, tuple[int, int]]
) -> dict[Subject, Span]:
    """For each name the span that the rows of all its spellings have in common, where there is one."""
    spans = {}
    for name, spelled in hashes.items():
        begins, ends = zip(*(rows.get(one, (0, 0)) for one in spelled), strict=True)
        if max(begins) < min(ends):
            spans[name] = Span(from_ms(max(begins)), from_ms(min(ends)))
    return spans

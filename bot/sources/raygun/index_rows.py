"""The rows of the session index: read at once, written over older ones; times in whole milliseconds."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)

from bot.domain.coverage import Coverage, Span
from bot.domain.model import Subject
from bot.operations.clock import from_ms, to_ms
from bot.storage.database import Connection
from bot.storage.tables import (
    index_asked,
    index_customers,
    index_lookups,
    index_names,
    index_opened,
    index_sessions,
    index_spans,
)
from bot.storage.upsert import upsert

# Sessions that are returned for one person, and the vendor's user ids that are looked into for one.
MOST_FOUND = 200
_MOST_CUSTOMERS = 20
# Customers whose names are deleted by one statement.
_AT_ONCE = 500
# What a row is about that was read together with others.
_CUSTOMER, _SPAN, _ASKED = range(3)


@dataclass(frozen=True, slots=True)
class IndexRows:
    """Rows for the index's tables; what is known of the names of those in `renamed` is replaced."""

    sessions: list[dict[str, Any]]
    customers: list[dict[str, Any]]
    names: list[dict[str, Any]]
    renamed: list[str]

    async def put(self, connection: Connection) -> None:
        """Store the rows in place of older ones of the same sessions and customers."""
        upsert(connection, index_sessions, self.sessions)
        upsert(connection, index_customers, self.customers)
        for begin in range(0, len(self.renamed), _AT_ONCE):
            some = self.renamed[begin : begin + _AT_ONCE]
            theirs = index_names.c.customer.in_(some) & (
                index_names.c.account == self.customers[0]["account"]
            )
            connection.send(delete(index_names).where(theirs))
        upsert(connection, index_names, self.names)


class Unread(NamedTuple):
    """At least so many records of a span could not be read; times in milliseconds since 1970."""

    start: int
    end: int
    records: int


class AskedSpan(NamedTuple):
    """Since when the vendor was asked for somebody, when that was, and how many records were unread."""

    since_ms: int
    asked_ms: int
    unread: int


class FoundSession(NamedTuple):
    """A session of a customer, sealed, and its own page, sealed, where that was read."""

    customer: str
    sealed: str
    page: str | None


async def read_customers(
    connection: Connection,
    account: str,
    who: Collection[str],
    listing: str,
    spelled: Collection[str],
    lately_ms: int,
) -> tuple[dict[str, str | None], list[tuple[int, int]], list[Unread], dict[str, AskedSpan | None]]:
    """
    Who has one of these names, which spans of a list are complete, and where records could not be read.

    Returns:
        the customers who were seen last, each with who that is, sealed; begins and ends of the spans; where
        records of any list could not be read; for each spelling of a name when the vendor was asked by it
        since `lately_ms`, None where it was not.

    """
    names = {"who": [*who], "spelled": [*spelled]}
    values = {"account": account, "listing": listing, "lately": lately_ms} | names
    rows = (await connection.execute(_customers_and_spans(), values)).all()
    customers = {row.name: row.sealed for row in rows if row.kind == _CUSTOMER}
    of_spans = [row for row in rows if row.kind == _SPAN]
    spans = [(row.start_ms, row.end_ms) for row in of_spans if row.unread is None]
    unread = [Unread(row.start_ms, row.end_ms, row.unread) for row in of_spans if row.unread is not None]
    return customers, spans, unread, _asked_of(rows, spelled)


async def read_asked(
    connection: Connection, account: str, spelled: Collection[str], lately_ms: int
) -> dict[str, AskedSpan | None]:
    """For each spelling of a name when the vendor was asked by it since a time, None where it was not."""
    values = {"account": account, "spelled": [*spelled], "lately": lately_ms}
    return _asked_of((await connection.execute(_asked(), values)).all(), spelled)


def _asked_of(rows: Sequence[Any], spelled: Collection[str]) -> dict[str, AskedSpan | None]:
    found = {r.name: AskedSpan(r.start_ms, r.end_ms, r.unread or 0) for r in rows if r.kind == _ASKED}
    return {one: found.get(one) for one in spelled}


async def add_span(
    connection: Connection, of: tuple[str, str], span: Span, now: datetime, retention: timedelta
) -> None:
    """Add a span to those that a listing (`of`: account, kind) covers, and drop what is too old."""
    account, kind = of
    ours = (index_spans.c.account == account) & (index_spans.c.kind == kind)
    query = select(index_spans.c.start_ms, index_spans.c.end_ms).where(ours)
    rows = (await connection.execute(query)).all()
    kept = Span(now - retention, max(span.end, now))
    # Rounded to whole milliseconds inwards, so that no more is recorded than was read.
    begun, ended = to_ms_up(span.start), to_ms(span.end)
    spans = [(start, end) for start, end in (*rows, (begun, ended)) if start < end]
    whole = Coverage.of(Span(from_ms(start), from_ms(end)) for start, end in spans).within(kept)
    connection.send(delete(index_spans).where(ours))
    covered = [
        {"account": account, "kind": kind, "start_ms": to_ms_up(one.start), "end_ms": to_ms(one.end)}
        for one in whole.spans
    ]
    if covered:
        connection.send(insert(index_spans), covered)


async def claim_unread(
    connection: Connection, account: str, listing: str, span: Span, records: int, kept_since: datetime
) -> None:
    """Note how many records of a span of a list could not be read; what is older than kept is forgotten."""
    ours = (index_spans.c.account == account) & (index_spans.c.kind == _unread_kind(listing))
    query = select(index_spans.c.start_ms, index_spans.c.end_ms, index_spans.c.unread).where(ours)
    before = [Unread(*row) for row in (await connection.execute(query)).all()]
    after = unread_after(before, Unread(to_ms(span.start), to_ms_up(span.end), records))
    after = [one for one in after if one.end > to_ms(kept_since)]
    if after != before:
        connection.send(delete(index_spans).where(ours))
        same = {"account": account, "kind": _unread_kind(listing)}
        rows = [same | {"start_ms": u.start, "end_ms": u.end, "unread": u.records} for u in after]
        if rows:
            connection.send(insert(index_spans), rows)


def unread_after(before: Sequence[Unread], read: Unread) -> list[Unread]:
    """
    Where records could not be read, after a span was read anew: never more than there are.

    What could not be read in the part that was read twice may be the same both times, so that of an older
    span that reaches out of it only those are left that are more. Where it reaches out on both sides they may
    be on either, so that it stays as long as it is.
    """
    after = []
    for old in before:
        if old.end <= read.start or old.start >= read.end:
            after.append(old)
            continue
        left = Unread(
            old.start if old.start < read.start else read.end,
            old.end if old.end > read.end else read.start,
            old.records - read.records,
        )
        if left.start < left.end and left.records > 0:
            after.append(left)
    return sorted([*after, read] if read.records else after)


def unread_since(unread: Iterable[Unread], since: datetime) -> int:
    """How many records of the time since a moment could not be read, at least."""
    return sum(one.records for one in unread if one.end > to_ms(since))


def _unread_kind(listing: str) -> str:
    return f"unread {listing}"


async def read_sessions(
    connection: Connection, account: str, customers: Sequence[str], since_ms: int, now_ms: int
) -> list[FoundSession]:
    """The sessions of customers that began since a time and are still kept, of each the newest 200."""
    if not customers:
        return []
    values = {"account": account, "since": since_ms, "now": now_ms}
    named = {f"customer_{number}": customer for number, customer in enumerate(customers)}
    rows = (await connection.execute(_sessions_of(len(customers)), values | named)).all()
    return [FoundSession(row.customer, row.sealed, row.page) for row in rows]


async def read_traffic(
    connection: Connection, account: str, since_ms: int, hour_ms: int
) -> tuple[dict[int, int], list[int]]:
    """How many sessions began in each hour since a time, by its number; when people were looked up."""
    hour = (index_sessions.c.started_ms // hour_ms).label("hour")
    begun = (
        select(hour, func.count().label("sessions"))
        .where(index_sessions.c.account == account, index_sessions.c.started_ms >= since_ms)
        .group_by(hour)
    )
    asked = select(index_lookups.c.at_ms, literal(None, BigInteger())).where(
        index_lookups.c.account == account, index_lookups.c.at_ms >= since_ms
    )
    rows = (await connection.execute(union_all(begun, asked))).all()
    hours = {int(row.hour): int(row.sessions) for row in rows if row.sessions is not None}
    return hours, sorted(int(row.hour) for row in rows if row.sessions is None)


@cache
def _customers_and_spans() -> Any:
    account = bindparam("account", type_=String())
    named = select(index_names.c.customer).where(
        index_names.c.account == account, index_names.c.who.in_(bindparam("who", expanding=True))
    )
    seen_last = (
        select(index_sessions.c.customer)
        .where(index_sessions.c.account == account, index_sessions.c.customer.in_(named))
        .group_by(index_sessions.c.customer)
        .order_by(func.max(index_sessions.c.started_ms).desc())
        .limit(_MOST_CUSTOMERS)
        .subquery()
    )
    its = and_(index_customers.c.account == account, index_customers.c.customer == seen_last.c.customer)
    customers = select(
        literal(_CUSTOMER, Integer()).label("kind"),
        seen_last.c.customer.label("name"),
        index_customers.c.sealed,
        literal(None, BigInteger()).label("start_ms"),
        literal(None, BigInteger()).label("end_ms"),
        literal(None, Integer()).label("unread"),
    ).select_from(seen_last.outerjoin(index_customers, its))
    spans = select(
        literal(_SPAN, Integer()),
        literal(None, String()),
        literal(None, Text()),
        index_spans.c.start_ms,
        index_spans.c.end_ms,
        index_spans.c.unread,
    ).where(
        index_spans.c.account == account,
        or_(index_spans.c.kind == bindparam("listing", type_=String()), index_spans.c.unread > 0),
    )
    return union_all(customers, spans, _asked())


@cache
def _asked() -> Select[Any]:
    return select(
        literal(_ASKED, Integer()).label("kind"),
        index_asked.c.who.label("name"),
        literal(None, Text()).label("sealed"),
        index_asked.c.since_ms.label("start_ms"),
        index_asked.c.asked_ms.label("end_ms"),
        index_asked.c.unread,
    ).where(
        index_asked.c.account == bindparam("account", type_=String()),
        index_asked.c.who.in_(bindparam("spelled", expanding=True)),
        index_asked.c.asked_ms >= bindparam("lately", type_=BigInteger()),
    )


@cache
def _sessions_of(customers: int) -> Select[Any]:
    # A part for each: for all together the database would search everybody's sessions by time.
    account = bindparam("account", type_=String())
    each = []
    for number in range(customers):
        theirs = select(index_sessions.c.customer, index_sessions.c.sealed, index_sessions.c.session).where(
            index_sessions.c.account == account,
            index_sessions.c.customer == bindparam(f"customer_{number}", type_=String()),
            index_sessions.c.started_ms >= bindparam("since", type_=BigInteger()),
            index_sessions.c.kept_until_ms >= bindparam("now", type_=BigInteger()),
        )
        newest = theirs.order_by(index_sessions.c.started_ms.desc()).limit(MOST_FOUND).subquery()
        each.append(select(newest))
    found = union_all(*each).subquery()
    its = and_(index_opened.c.account == account, index_opened.c.session == found.c.session)
    return select(found.c.customer, found.c.sealed, index_opened.c.sealed.label("page")).select_from(
        found.outerjoin(index_opened, its)
    )


def to_ms_up(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded up."""
    return to_ms(moment + timedelta(microseconds=999))


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

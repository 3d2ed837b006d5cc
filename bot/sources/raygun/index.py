"""
The local index: sessions of whole accounts, by email, uid and the vendor's own user id.

It is filled by whole pages and knows for which spans of time it is complete (its coverage). A span is
claimed in the same transaction that stores its sessions, and only when all of it was read. People are kept as
hashes, sessions sealed. All times are handed in or come with the sessions: the vendor's time counts here.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.addresses import read_address
from bot.domain.coverage import Coverage, Span
from bot.domain.links import spellings
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.sources.raygun.index_rows import (
    IndexRows,
    forget_old_sessions,
    from_ms,
    replace_rows,
    to_ms,
    to_ms_up,
)
from bot.storage.keyring import Keyring, Unsealable
from bot.storage.store import Store
from bot.storage.tables import (
    index_asked,
    index_customers,
    index_lookups,
    index_names,
    index_opened,
    index_sessions,
    index_spans,
)

_MOST_FOUND = 200
_MOST_CUSTOMERS = 20
_HOUR_MS = 3_600_000
# How long the times of lookups are kept: the same day of the last week is among them.
_LOOKUPS_KEPT = timedelta(days=8)

T = TypeVar("T")

_SESSION = TypeAdapter(Session)
_USER = TypeAdapter(SessionUser)


class Kind(StrEnum):
    """What a span is complete for."""

    SESSIONS = "sessions"
    CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class Sighted:
    """A session, and the vendor's own id of the customer whose session it is."""

    session: Session
    customer: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """The vendor's own id of a customer, and who that is."""

    id: str
    user: SessionUser


@dataclass(frozen=True, slots=True)
class Harvest:
    """
    What reading came to.

    `whole` are the spans that were read from end to end; sessions outside of them are welcome all the same.
    """

    sessions: Sequence[Sighted] = ()
    customers: Sequence[Customer] = ()
    whole: Span | None = None
    whole_customers: Span | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What one session's own page told: the session with what the list does not have, and its errors."""

    session: Session
    errors: tuple[ErrorEvent, ...]
    at: datetime


_OPENED = TypeAdapter(Opened)


@dataclass(frozen=True, slots=True)
class Found:
    """
    What is known of one person.

    Args:
        sessions: newest first; whose they are is to be checked by their names.
        opened: what sessions' own pages told, by the sessions' ids.
        asked: the span for which the person was last asked about by themselves, by all of their names.
        coverage: what the whole index is complete for.

    """

    sessions: tuple[Session, ...]
    opened: Mapping[str, Opened]
    asked: Span | None
    coverage: Coverage


class SessionIndex:
    """
    The index of all accounts that have one.

    Args:
        store: where it is kept.
        keyring: hashes people and seals the rest.
        retention: how long after its start a session stays.
        answers_kept: how long what was asked about one person stays, however old its sessions.

    """

    def __init__(self, store: Store, keyring: Keyring, retention: timedelta, answers_kept: timedelta) -> None:
        self._store = store
        self._keyring = keyring
        self.retention = retention
        self._answers_kept = answers_kept

    async def put(self, source: SourceName, harvest: Harvest, now: datetime) -> None:
        """Store what was read in pages, and claim the spans of which all was read."""
        rows = await asyncio.to_thread(self._rows, source, harvest, now, now)
        async with self._store.write() as connection:
            await rows.put(connection)
            for kind, span in ((Kind.SESSIONS, harvest.whole), (Kind.CUSTOMERS, harvest.whole_customers)):
                if span is not None:
                    await self._claim(connection, str(source), kind, span, now)
            await forget_old_sessions(connection, now)

    async def put_answer(
        self, source: SourceName, subjects: Iterable[Subject], harvest: Harvest, asked: Span
    ) -> None:
        """Store what was answered about one person: everything of the span `asked`, whose end is now."""
        account, now = str(source), asked.end
        rows = await asyncio.to_thread(self._rows, source, harvest, now, now + self._answers_kept)
        span = {"account": account, "since_ms": to_ms_up(asked.start), "asked_ms": to_ms(now)}
        names = {self._who(subject) for subject in subjects}
        for customer in harvest.customers:
            names |= self._names(customer.user)
        asked_rows = [span | {"who": who} for who in names]
        async with self._store.write() as connection:
            await rows.put(connection)
            await replace_rows(connection, index_asked, ("account", "who"), asked_rows)
            old = index_asked.c.asked_ms < to_ms(now - self._answers_kept)
            await connection.execute(delete(index_asked).where(old))

    async def put_opened(self, source: SourceName, opened: Opened) -> None:
        """Store what a session's own page told."""
        account, session = str(source), self._id(source, opened.session.id)
        async with self._store.write() as connection:
            same = (index_opened.c.account == account) & (index_opened.c.session == session)
            await connection.execute(delete(index_opened).where(same))
            row = {
                "account": account,
                "session": session,
                "sealed": self._keyring.seal(_OPENED.dump_json(opened).decode()),
                "kept_until_ms": to_ms(opened.at + self.retention),
            }
            await connection.execute(insert(index_opened).values(row))

    async def coverage(self, source: SourceName, now: datetime, kind: Kind = Kind.SESSIONS) -> Coverage:
        """Give what is complete of the time for which sessions are kept."""
        async with self._store.read() as connection:
            return await self._coverage(connection, source, now, kind)

    async def look_up(
        self, source: SourceName, names: Sequence[Subject], since: datetime, now: datetime
    ) -> Found:
        """Give what is known of whoever goes by these names: sessions newest first, 200 at most."""
        who = {self._who(name) for name in names}
        async with self._store.read() as connection:
            sessions = await self._sessions(connection, source, who, since)
            return Found(
                sessions,
                await self._opened(connection, source, sessions),
                await self._asked(connection, source, who),
                await self._coverage(connection, source, now, Kind.SESSIONS),
            )

    async def linked(self, hashes: Sequence[str]) -> Session | None:
        """Give the session whose address has one of these hashes, of any source."""
        return await self._one(index_sessions.c.link.in_(hashes))

    async def one(self, source: SourceName, session_id: str) -> Session | None:
        """Give the session of this id."""
        is_it = index_sessions.c.session == self._id(source, session_id)
        return await self._one((index_sessions.c.account == str(source)) & is_it)

    async def _one(self, such: ColumnElement[bool]) -> Session | None:
        theirs = (index_customers.c.account == index_sessions.c.account) & (
            index_customers.c.customer == index_sessions.c.customer
        )
        query = select(index_sessions.c.sealed, index_customers.c.sealed).outerjoin(index_customers, theirs)
        async with self._store.read() as connection:
            found = (await connection.execute(query.where(such).limit(1))).first()
        return None if found is None else self._session(found[0], found[1])

    async def count(self, source: SourceName, kind: Kind, since: datetime) -> int:
        """Give how many sessions are known to have begun since, or how many customers are known at all."""
        account = str(source)
        query = select(func.count()).where(
            index_sessions.c.account == account, index_sessions.c.started_ms >= to_ms(since)
        )
        if kind is Kind.CUSTOMERS:
            query = select(func.count()).where(index_customers.c.account == account)
        async with self._store.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def begun_by_hour(self, source: SourceName, since: datetime) -> dict[datetime, int]:
        """Give how many known sessions began in each hour."""
        hour = index_sessions.c.started_ms // _HOUR_MS
        query = (
            select(hour, func.count())
            .where(index_sessions.c.account == str(source), index_sessions.c.started_ms >= to_ms(since))
            .group_by(hour)
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return {from_ms(int(number) * _HOUR_MS): int(count) for number, count in rows}

    async def note_lookup(self, source: SourceName, now: datetime) -> None:
        """Remember that somebody was looked up: how the days go tells how to pace calls."""
        async with self._store.write() as connection:
            row = {"account": str(source), "at_ms": to_ms(now)}
            await connection.execute(insert(index_lookups).values(row))
            old = index_lookups.c.at_ms < to_ms(now - _LOOKUPS_KEPT)
            await connection.execute(delete(index_lookups).where(old))

    async def lookups(self, source: SourceName) -> tuple[datetime, ...]:
        """Give when somebody was looked up in the last eight days, the earliest first."""
        query = select(index_lookups.c.at_ms).where(index_lookups.c.account == str(source))
        async with self._store.read() as connection:
            rows = (await connection.execute(query.order_by(index_lookups.c.at_ms))).scalars().all()
        return tuple(from_ms(at) for at in rows)

    async def _coverage(
        self, connection: AsyncConnection, source: SourceName, now: datetime, kind: Kind
    ) -> Coverage:
        query = select(index_spans.c.start_ms, index_spans.c.end_ms).where(
            index_spans.c.account == str(source), index_spans.c.kind == kind.value
        )
        rows = (await connection.execute(query)).all()
        whole = Coverage.of(Span(from_ms(start), from_ms(end)) for start, end in rows)
        return whole.within(Span(now - self.retention, max(now, whole.end or now)))

    async def _sessions(
        self, connection: AsyncConnection, source: SourceName, who: set[str], since: datetime
    ) -> tuple[Session, ...]:
        account = str(source)
        named = select(index_names.c.customer).where(
            index_names.c.account == account, index_names.c.who.in_(who)
        )
        customers = (await connection.execute(named.distinct().limit(_MOST_CUSTOMERS))).scalars().all()
        found: list[Session] = []
        # One by one: together they would be searched through everybody's sessions in order of time.
        for customer in customers:
            user = select(index_customers.c.sealed).where(
                index_customers.c.account == account, index_customers.c.customer == customer
            )
            sealed_user = (await connection.execute(user)).scalar_one_or_none()
            theirs = select(index_sessions.c.sealed).where(
                index_sessions.c.account == account,
                index_sessions.c.customer == customer,
                index_sessions.c.started_ms >= to_ms(since),
            )
            newest = theirs.order_by(index_sessions.c.started_ms.desc()).limit(_MOST_FOUND)
            rows = (await connection.execute(newest)).scalars().all()
            found += [session for sealed in rows if (session := self._session(sealed, sealed_user))]
        found.sort(key=lambda session: session.started_at or since, reverse=True)
        return tuple(found[:_MOST_FOUND])

    async def _opened(
        self, connection: AsyncConnection, source: SourceName, sessions: Sequence[Session]
    ) -> dict[str, Opened]:
        hashed = {self._id(source, session.id) for session in sessions}
        if not hashed:
            return {}
        query = select(index_opened.c.sealed).where(
            index_opened.c.account == str(source), index_opened.c.session.in_(hashed)
        )
        rows = (await connection.execute(query)).scalars().all()
        read = (self._unsealed(_OPENED, sealed) for sealed in rows)
        return {opened.session.id: opened for opened in read if opened is not None}

    async def _asked(self, connection: AsyncConnection, source: SourceName, who: set[str]) -> Span | None:
        """Give the span for which every one of the names was asked about: one that was not may find more."""
        query = select(index_asked.c.since_ms, index_asked.c.asked_ms).where(
            index_asked.c.account == str(source), index_asked.c.who.in_(who)
        )
        rows = (await connection.execute(query)).all()
        if len(rows) < len(who):
            return None
        since, asked = max(row[0] for row in rows), min(row[1] for row in rows)
        return Span(from_ms(since), from_ms(asked)) if since < asked else None

    def _rows(self, source: SourceName, harvest: Harvest, now: datetime, at_least: datetime) -> "IndexRows":
        """Seal and hash what is to be stored; the last of two records of one thing counts."""
        account, kept = str(source), to_ms(max(now + self.retention, at_least))
        sessions = {
            row["session"]: row
            for sighted in harvest.sessions
            if (row := self._session_row(source, sighted, to_ms(at_least)))
        }
        customers, names = {}, {}
        for customer in harvest.customers:
            hashed = self._customer(source, customer.id)
            row = {"account": account, "customer": hashed, "kept_until_ms": kept}
            customers[hashed] = row | {"sealed": self._keyring.seal(_USER.dump_json(customer.user).decode())}
            for who in self._names(customer.user):
                names[who, hashed] = row | {"who": who}
        return IndexRows([*sessions.values()], [*customers.values()], [*names.values()])

    def _session_row(self, source: SourceName, sighted: Sighted, at_least_ms: int) -> dict[str, Any] | None:
        session = sighted.session
        if session.started_at is None:
            return None
        return {
            "account": str(source),
            "session": self._id(source, session.id),
            "customer": self._customer(source, sighted.customer) if sighted.customer else None,
            "started_ms": to_ms(session.started_at),
            "sealed": self._keyring.seal(_SESSION.dump_json(session).decode()),
            "link": self._keyring.hash("link", spellings(session.url)[0]) if session.url else None,
            "kept_until_ms": max(to_ms(session.started_at + self.retention), at_least_ms),
        }

    async def _claim(
        self, connection: AsyncConnection, account: str, kind: Kind, span: Span, now: datetime
    ) -> None:
        """Add a span to the coverage; what is older than the retention is claimed no longer."""
        ours = (index_spans.c.account == account) & (index_spans.c.kind == kind.value)
        query = select(index_spans.c.start_ms, index_spans.c.end_ms).where(ours)
        rows = (await connection.execute(query)).all()
        kept = Span(now - self.retention, max(span.end, now))
        # In whole milliseconds, and never more than was read.
        begun, ended = to_ms_up(span.start), to_ms(span.end)
        spans = [(start, end) for start, end in (*rows, (begun, ended)) if start < end]
        whole = Coverage.of(Span(from_ms(start), from_ms(end)) for start, end in spans).within(kept)
        await connection.execute(delete(index_spans).where(ours))
        for one in whole.spans:
            ends = {"start_ms": to_ms_up(one.start), "end_ms": to_ms(one.end)}
            row: dict[str, Any] = {"account": account, "kind": kind.value, **ends}
            await connection.execute(insert(index_spans).values(row))

    def _session(self, sealed: str, customer: str | None) -> Session | None:
        session = self._unsealed(_SESSION, sealed)
        user = self._unsealed(_USER, customer) if customer else None
        if session is None or user is None or session.user != SessionUser():
            return session
        return replace(session, user=user)

    def _unsealed(self, adapter: TypeAdapter[T], sealed: str) -> T | None:
        try:
            return adapter.validate_json(self._keyring.unseal(sealed))
        except (Unsealable, ValueError):
            # Sealed by a key since retired, or written in an older form: it will be read again.
            return None

    def _names(self, user: SessionUser) -> set[str]:
        """Give the hashes of all that a user goes by; an identifier may be an address."""
        names = set()
        if user.uid:
            address = read_address(user.uid) if "@" in user.uid else None
            names.add(self._who(address or Subject(SubjectKind.UID, user.uid, user.uid)))
        if user.email:
            names.add(self._who(Subject(SubjectKind.EMAIL, user.email.lower(), user.email)))
        return names

    def _who(self, subject: Subject) -> str:
        return self._keyring.hash(subject.kind, subject.value)

    def _id(self, source: SourceName, session_id: str) -> str:
        return self._keyring.hash("session", str(source), session_id)

    def _customer(self, source: SourceName, customer_id: str) -> str:
        return self._keyring.hash("customer", str(source), customer_id)

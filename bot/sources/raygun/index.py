"""
The local index: sessions of whole accounts, by email, uid and the vendor's own user id.

It is filled with whole pages and records for which spans of time it is complete (its coverage). A span is
recorded in the same transaction as its sessions, and only when all of it was read. People are stored as
hashes, sessions sealed. Times are passed in or come with the sessions, so that the vendor's clock is used.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, func, insert, select

from bot.domain.addresses import read_address, subject_of_address
from bot.domain.coverage import Coverage, Span
from bot.domain.links import spellings
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.operations.clock import from_ms, to_ms
from bot.sources.raygun.index_rows import (
    MOST_FOUND,
    AskedSpan,
    FoundSession,
    IndexRows,
    add_span,
    claim_unread,
    read_asked,
    read_customers,
    read_sessions,
    read_traffic,
    spans_of_all,
    to_ms_up,
    unread_since,
)
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import (
    index_asked,
    index_customers,
    index_lookups,
    index_opened,
    index_sessions,
    index_spans,
    quota_accounts,
)
from bot.storage.upsert import lock_row, upsert

_HOUR_MS = 3_600_000
# A visit that began longer ago is not looked for, though it may have gone on.
LONGEST_VISIT = timedelta(days=1)

_SESSION = TypeAdapter(Session)
_USER = TypeAdapter(SessionUser)


class Listing(StrEnum):
    """Of which list a span is complete."""

    SESSIONS = "sessions"
    CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class Sighted:
    """A session, and the vendor's own id for its customer, if it has one."""

    session: Session
    customer: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """The vendor's own id for a customer, and who that is."""

    id: str
    user: SessionUser


@dataclass(frozen=True, slots=True)
class Harvest:
    """
    What was read from the vendor.

    `whole` and `whole_customers` are the spans that were read completely; sessions outside them are stored
    too. `current` says that the customers have the names that the vendor has for them now, and no other.
    `unread` and `unread_customers` are how many records could not be read.
    """

    sessions: Sequence[Sighted] = ()
    customers: Sequence[Customer] = ()
    whole: Span | None = None
    whole_customers: Span | None = None
    current: bool = False
    unread: int = 0
    unread_customers: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """One session's own page, as read at `at`: the session with more fields than in lists, and its errors."""

    session: Session
    errors: tuple[ErrorEvent, ...]
    at: datetime


_OPENED = TypeAdapter(Opened)


@dataclass(frozen=True, slots=True)
class IndexedSessions:
    """
    What the index has of one person.

    Args:
        sessions: newest first; the caller checks by their names whose they are.
        opened: sessions' own pages, by the sessions' ids.
        coverage: the spans for which the whole index is complete.
        unread: how many records of the asked days, whoever they are about, could not be read.
        asked: when the vendor was asked by a spelling of a name, by its hash; None where it was not.

    """

    sessions: tuple[Session, ...]
    opened: Mapping[str, Opened]
    coverage: Coverage
    unread: int
    asked: Mapping[str, AskedSpan | None]


class SessionIndex:
    """
    The index of all accounts that have one.

    Args:
        store: where it is kept.
        keyring: hashes people and seals the rest.
        retention: how long a session is kept after its start.
        answers_kept: how long an answer about one person is kept, however old its sessions.

    """

    def __init__(self, store: Store, keyring: Keyring, retention: timedelta, answers_kept: timedelta) -> None:
        self._store = store
        self._keyring = keyring
        self.retention = retention
        self._answers_kept = answers_kept
        # How often this process has changed it: what was read before may be different now.
        self.changes = 0
        self._noted: list[dict[str, Any]] = []

    async def put(self, source: SourceName, harvest: Harvest, now: datetime) -> None:
        """Store pages that were read, and record the spans that were read completely."""
        rows = await asyncio.to_thread(self._rows, source, harvest, now, now)
        async with self._writing() as connection:
            # Spans are read and written again: nobody else does so meanwhile.
            lock_row(connection, quota_accounts, {"account": str(source), "touched_ms": 0})
            await rows.put(connection)
            for kind, span, unread in (
                (Listing.SESSIONS, harvest.whole, harvest.unread),
                (Listing.CUSTOMERS, harvest.whole_customers, harvest.unread_customers),
            ):
                if span is not None:
                    await add_span(connection, (str(source), kind.value), span, now, self.retention)
                    await claim_unread(
                        connection, str(source), kind.value, span, unread, now - self.retention
                    )
        self.changes += 1

    async def put_answer(self, source: SourceName, name: Subject, harvest: Harvest, asked: Span) -> None:
        """Store the answer to one of a person's names: its sessions in the span `asked`, which ends now."""
        account, now = str(source), asked.end
        rows = await asyncio.to_thread(self._rows, source, harvest, now, now + self._answers_kept)
        times = {"since_ms": to_ms_up(asked.start), "asked_ms": to_ms(now)}
        span: dict[str, Any] = {"account": account, "unread": harvest.unread, **times}
        asked_rows = [span | {"who": who, "subject_hash": self._who(name)} for who in self._spelled(name)]
        async with self._writing() as connection:
            await rows.put(connection)
            upsert(connection, index_asked, asked_rows)
        self.changes += 1

    async def put_opened(self, source: SourceName, opened: Opened) -> None:
        """Store a session's own page."""
        account, session = str(source), self._id(source, opened.session.id)
        async with self._writing() as connection:
            row = {
                "account": account,
                "session": session,
                "sealed": self._keyring.seal_value(_OPENED, opened),
                "kept_until_ms": to_ms(opened.at + self.retention),
            }
            upsert(connection, index_opened, [row])
        self.changes += 1

    async def coverage(self, source: SourceName, now: datetime, kind: Listing = Listing.SESSIONS) -> Coverage:
        """The spans for which the index is complete, of the time for which sessions are kept."""
        async with self._store.read() as connection:
            return await self._coverage(connection, source, now, kind)

    async def look_up(
        self, source: SourceName, names: Sequence[Subject], since: datetime, now: datetime
    ) -> IndexedSessions:
        """What the index has of the person with these names: sessions newest first, 200 at most."""
        who, account = {self._who(name) for name in names}, str(source)
        spelled = [one for name in names for one in self._spelled(name)]
        lately = to_ms(now - self._answers_kept)
        async with self._store.read() as connection:
            customers, spans, unread, asked = await read_customers(
                connection, account, who, Listing.SESSIONS.value, spelled, lately
            )
            rows = await read_sessions(
                connection, account, [*customers], to_ms(since - LONGEST_VISIT), to_ms(now)
            )
        sessions, opened = self._found(customers, rows, since)
        left_out = unread_since(unread, since)
        return IndexedSessions(sessions, opened, self._lasting(spans, now), left_out, asked)

    async def asked(
        self,
        source: SourceName,
        names: Iterable[Subject],
        now: datetime,
        known: Mapping[str, AskedSpan | None] = MappingProxyType({}),
    ) -> tuple[dict[Subject, Span], int]:
        """The span last asked for by all spellings of a name, for each; how many records were unread."""
        hashes = {name: self._spelled(name) for name in names}
        spelled, rows = {who for own in hashes.values() for who in own}, dict(known)
        if missing := spelled - rows.keys():
            async with self._store.read() as connection:
                rows |= await read_asked(connection, str(source), missing, to_ms(now - self._answers_kept))
        found = {who: row for who in spelled if (row := rows[who])}
        spans = spans_of_all(hashes, {who: (row.since_ms, row.asked_ms) for who, row in found.items()})
        return spans, max((row.unread for row in found.values()), default=0)

    async def linked(self, hashes: Sequence[str]) -> Session | None:
        """The session, of any source, whose URL has one of these hashes; None where there is none."""
        return await self._one(index_sessions.c.link.in_(hashes))

    async def one(self, source: SourceName, session_id: str) -> Session | None:
        """The session with this id; None where there is none."""
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

    async def count(self, source: SourceName, kind: Listing, since: datetime) -> int:
        """How many sessions since a time are known, or how many customers of any time."""
        account = str(source)
        query = select(func.count()).where(
            index_sessions.c.account == account, index_sessions.c.started_ms >= to_ms(since)
        )
        if kind is Listing.CUSTOMERS:
            query = select(func.count()).where(index_customers.c.account == account)
        async with self._store.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def traffic(
        self, source: SourceName, since: datetime
    ) -> tuple[dict[datetime, int], tuple[datetime, ...]]:
        """
        What happened from a moment on.

        Returns:
            how many known sessions began in each hour, by when the hour begins; and when people were looked
            up, earliest first (of that the last eight days are kept).

        """
        async with self._store.read() as connection:
            hours, lookups = await read_traffic(connection, str(source), to_ms(since), _HOUR_MS)
        begun = {from_ms(hour * _HOUR_MS): sessions for hour, sessions in hours.items()}
        return begun, tuple(map(from_ms, lookups))

    def note_lookup(self, source: SourceName, now: datetime) -> None:
        """Have a lookup stored with what comes next: calls are spread over the day by lookups."""
        self._noted.append({"account": str(source), "at_ms": to_ms(now)})

    async def write_noted(self) -> None:
        """Store the lookups that are noted, where nothing else comes."""
        async with self._writing():
            pass

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Connection]:
        """A writer's transaction that also writes which lookups were noted."""
        noted, self._noted = self._noted, []
        try:
            async with self._store.write() as connection:
                yield connection
                if noted:
                    connection.send(insert(index_lookups), noted)
        except BaseException:
            self._noted = noted + self._noted
            raise

    async def _coverage(
        self, connection: Connection, source: SourceName, now: datetime, kind: Listing
    ) -> Coverage:
        query = select(index_spans.c.start_ms, index_spans.c.end_ms).where(
            index_spans.c.account == str(source), index_spans.c.kind == kind.value
        )
        return self._lasting((await connection.execute(query)).all(), now)

    def _lasting(self, spans: Iterable[Sequence[int]], now: datetime) -> Coverage:
        """What is covered by spans in milliseconds, of the time for which sessions are kept."""
        whole = Coverage.of(Span(from_ms(start), from_ms(end)) for start, end in spans)
        return whole.within(Span(now - self.retention, max(now, whole.end or now)))

    def _found(
        self, customers: Mapping[str, str | None], rows: Sequence[FoundSession], since: datetime
    ) -> tuple[tuple[Session, ...], dict[str, Opened]]:
        """The sessions that reach into the time since a moment, newest first, and the own pages of these."""
        pages: dict[str, str | None] = {}
        found: list[Session] = []
        for row in rows:
            if session := self._session(row.sealed, customers.get(row.customer)):
                found.append(session)
                pages[session.id] = row.page
        # A visit that began before and went on is theirs of this time too.
        inside = [one for one in found if (one.ended_at or one.started_at or since) >= since]
        inside.sort(key=lambda session: session.started_at or since, reverse=True)
        newest = tuple(inside[:MOST_FOUND])
        read = (self._keyring.unseal_value(_OPENED, page) for one in newest if (page := pages[one.id]))
        return newest, {opened.session.id: opened for opened in read if opened is not None}

    def _rows(self, source: SourceName, harvest: Harvest, now: datetime, at_least: datetime) -> "IndexRows":
        """The rows to store, hashed and sealed; of two records with one id, the last."""
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
            customers[hashed] = row | {"sealed": self._keyring.seal_value(_USER, customer.user)}
            for who in self._names(customer.user):
                names[who, hashed] = row | {"who": who}
        renamed = [*customers] if harvest.current else []
        return IndexRows([*sessions.values()], [*customers.values()], [*names.values()], renamed)

    def _session_row(self, source: SourceName, sighted: Sighted, at_least_ms: int) -> dict[str, Any] | None:
        session = sighted.session
        if session.started_at is None:
            return None
        return {
            "account": str(source),
            "session": self._id(source, session.id),
            "customer": self._customer(source, sighted.customer) if sighted.customer else None,
            "started_ms": to_ms(session.started_at),
            "sealed": self._keyring.seal_value(_SESSION, session),
            "link": self._keyring.hash("link", spellings(session.url)[0]) if session.url else None,
            "kept_until_ms": max(to_ms(session.started_at + self.retention), at_least_ms),
        }

    def _session(self, sealed: str, customer: str | None) -> Session | None:
        session = self._keyring.unseal_value(_SESSION, sealed)
        user = self._keyring.unseal_value(_USER, customer) if customer else None
        if session is None or user is None or session.user != SessionUser():
            return session
        return replace(session, user=user)

    def _names(self, user: SessionUser) -> set[str]:
        """The hashes of a user's names; an identifier may be an address."""
        names = set()
        if user.uid:
            address = read_address(user.uid) if "@" in user.uid else None
            names.add(self._who(address or Subject(SubjectKind.UID, user.uid, user.uid)))
        if user.email:
            names.add(self._who(subject_of_address(user.email)))
        return names

    def _who(self, subject: Subject) -> str:
        return self._keyring.hash(subject.kind, subject.value)

    def _spelled(self, subject: Subject) -> list[str]:
        """The hash of each spelling of a name: Raygun tells capitals apart."""
        return [self._keyring.hash(subject.kind, spelling) for spelling in subject.spellings]

    def _id(self, source: SourceName, session_id: str) -> str:
        return self._keyring.hash("session", str(source), session_id)

    def _customer(self, source: SourceName, customer_id: str) -> str:
        return self._keyring.hash("customer", str(source), customer_id)

"""
Raygun's API v3, call by call (`contracts/raygun_v3.md`): lists of everybody, newest first, and one session.

Its lists cannot be filtered by user or date, and new rows come in at their begin while they are read. So each
page begins with the last row of the page before: where that row is missing, rows were missed, and reading
stops. Rows that came in meanwhile are read twice and stored once.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Generic, TypeVar

from bot.domain.coverage import Span
from bot.domain.model import ErrorEvent, Reason, Session, SessionUser, SourceName
from bot.operations.tasks import together
from bot.settings.accounts import RaygunV3Account
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import (
    AnyText,
    Flag,
    Id,
    Moment,
    Record,
    at,
    joined,
    read_record,
    to_count,
    to_moment,
)
from bot.sources.quota import Window
from bot.sources.raygun.index import Customer, Opened, Sighted
from bot.sources.raygun.webhook_events import RAYGUN_LINKS
from bot.storage.memory import Memory

# Rows a page: the vendor's maximum.
PAGE = 500
# The vendor's limits (contract); a lag, as calls take different times to arrive.
WINDOWS = (Window(10, 1, 0.5), Window(600, 60), Window(10_000, 24 * 3600))
# How long an error group's title is kept, and how many are asked for with one session.
_TITLE_LASTS = timedelta(hours=6)
_MOST_TITLES = 10
# What a lookup needs of a token: a scope, and a path that shows it.
_SCOPES = {
    "applications:read": "",
    "customers:read": "customers",
    "rum.sessions:read": "sessions",
    "cr.errors:read": "error-groups",
}
# The precision of the index's times.
_TICK = timedelta(milliseconds=1)
# Seconds of the windows that `X-Rate-Limit-Limit` names.
_NAMED_WINDOWS = {"1s": 1, "1m": 60, "1d": 24 * 3600}
_DEFAULT_WINDOW_SECONDS = 60


class _Row(Record):
    identifier: Id = None


class _Session(_Row):
    customerIdentifier: Id = None  # noqa: N815 - the vendor's spelling
    isActive: Flag = None  # noqa: N815
    startedAt: Moment = None  # noqa: N815
    endedAt: Moment = None  # noqa: N815
    countryCode: AnyText = None  # noqa: N815
    platformName: AnyText = None  # noqa: N815
    operatingSystemName: AnyText = None  # noqa: N815
    operatingSystemVersion: AnyText = None  # noqa: N815
    browserName: AnyText = None  # noqa: N815
    browserVersion: AnyText = None  # noqa: N815
    applicationUrl: AnyText = None  # noqa: N815


class _Customer(_Row):
    externalIdentifier: Id = None  # noqa: N815
    emailAddress: AnyText = None  # noqa: N815
    fullName: AnyText = None  # noqa: N815
    firstName: AnyText = None  # noqa: N815
    isAnonymous: Flag = None  # noqa: N815
    firstSeenAt: Moment = None  # noqa: N815
    lastSeenAt: Moment = None  # noqa: N815


class _Hit(Record):
    errorGroupIdentifier: Id = None  # noqa: N815
    occurredAt: Moment = None  # noqa: N815
    applicationUrl: AnyText = None  # noqa: N815


R = TypeVar("R", bound=_Row)


@dataclass(frozen=True, slots=True)
class _List(Generic[R]):
    """One of the lists: its path, the field that it is ordered by, its rows' type, and a row's time."""

    path: str
    order: str
    record: type[R]
    stamp: Callable[[R], datetime | None]


_SESSIONS = _List("sessions", "startedAt", _Session, lambda row: row.startedAt)
_CUSTOMERS = _List("customers", "lastSeenAt", _Customer, lambda row: row.lastSeenAt)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[R]):
    """Rows by identifier, the span for which they are complete (None: for none), and how many were unread."""

    rows: Mapping[str, R]
    whole: Span | None
    unread: int


@dataclass(frozen=True, slots=True)
class RaygunV3Api:
    """One application's calls to API v3."""

    name: SourceName
    http: VendorHttp
    settings: RaygunV3Account
    memory: Memory

    async def sessions(
        self, wanted: Span, calls: Calls, most_pages: int, newer: int = 0
    ) -> Stretch[_Session]:
        """
        Sessions that began in a span, from its end backwards, up to a number of pages.

        Args:
            wanted: the span; it ends now, or where what is known begins.
            calls: the calls that are made.
            most_pages: the number of pages.
            newer: how many sessions after the span are known, and skipped.

        """
        return await self._newest_first(_SESSIONS, wanted, calls, most_pages, newer)

    async def customers(
        self, wanted: Span, calls: Calls, most_pages: int, newer: int = 0
    ) -> Stretch[_Customer]:
        """Customers who were last seen in a span; see `sessions`."""
        stretch = await self._newest_first(_CUSTOMERS, wanted, calls, most_pages, newer)
        if len(stretch.rows) < PAGE or newer:
            return stretch
        # Customers who came back while pages were read have moved to the head of the list.
        head, _given = await self._page(_CUSTOMERS, 0, calls)
        moved = {row.identifier: row for row in head if row.identifier}
        return replace(stretch, rows={**stretch.rows, **moved})

    async def open(self, session_id: str, calls: Calls) -> Opened | None:
        """One session with its errors and their titles; None where Raygun has no such session."""
        reply = await self._get(f"sessions/{segment(session_id)}", {"include": "errors"}, calls)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        row = read_record(reply.body, _Session) if reply.ok else None
        session = self._session(row) if row else None
        if not reply.ok:
            raise self._refused(reply, calls)
        if session is None:
            raise calls.unreadable("a session")
        hits = calls.records(at(reply.body, "errors") or [], _Hit) or []
        errors = await self._errors(hits, session, calls)
        return Opened(replace(session, errors=len(hits)), errors, self.http.clock())

    async def check(self, calls: Calls) -> None:
        """
        Ask for the application, and for one row of each list, which need a scope each.

        Raises:
            CallFailed: when one cannot be read; where scopes are missing, all of them are named.

        """
        lacking = []
        for scope, path in _SCOPES.items():
            reply = await self._get(path, {"count": "1"} if path else {}, calls)
            if reply.status == HTTPStatus.FORBIDDEN:
                lacking.append(scope)
            elif not reply.ok:
                raise self._refused(reply, calls)
        if lacking:
            raise CallFailed(Reason.NOT_AUTHORISED, f"Raygun’s token lacks {', '.join(lacking)}")

    def sighted(self, stretch: Stretch[_Session]) -> list[Sighted]:
        """Sessions for the index, with their customers' ids: the list does not say more about who it was."""
        rows = stretch.rows.values()
        return [Sighted(session, row.customerIdentifier) for row in rows if (session := self._session(row))]

    def known(self, stretch: Stretch[_Customer]) -> list[Customer]:
        """Customers for the index."""
        return [Customer(row.identifier or "", _user(row)) for row in stretch.rows.values()]

    async def _newest_first(
        self, listing: "_List[R]", wanted: Span, calls: Calls, most_pages: int, newer: int
    ) -> Stretch[R]:
        rows: dict[str, R] = {}
        oldest, unread_before = wanted.end, calls.left_out
        offset, last = max(0, newer - 1), None
        joined_on = newer == 0
        for number in range(most_pages):
            try:
                page, given = await self._page(listing, offset, calls)
            except CallFailed:
                if not number:
                    raise
                break
            times = [moment for row in page if (moment := listing.stamp(row))]
            joined_on = joined_on or bool(times and times[0] >= wanted.end)
            rows_missed = last is not None and all(row.identifier != last for row in page)
            rows |= {row.identifier: row for row in page if row.identifier}
            if rows_missed or not joined_on:
                break
            if given < PAGE:
                oldest = wanted.start
                break
            oldest = min((*times, oldest))
            if oldest < wanted.start:
                break
            last, offset = page[-1].identifier if page else None, offset + given - 1
        # Rows of the same time as the oldest one may be on the next page, which was not read.
        start = max(wanted.start, oldest + (_TICK if oldest > wanted.start else timedelta()))
        whole = Span(start, wanted.end) if joined_on and start < wanted.end else None
        return Stretch(rows, whole, calls.left_out - unread_before)

    async def _page(self, listing: "_List[R]", offset: int, calls: Calls) -> tuple[list[R], int]:
        """The readable rows of a page, and how many rows it had."""
        params = {"count": str(PAGE), "offset": str(offset), "orderby": f"{listing.order} desc"}
        reply = await self._get(listing.path, params, calls)
        if not reply.ok:
            raise self._refused(reply, calls)
        rows = calls.records(reply.body, listing.record)
        if rows is None:
            raise calls.unreadable(f"a list of {listing.path}")
        calls.left_out += sum(row.identifier is None for row in rows)
        return rows, len(reply.body)

    async def _get(self, path: str, params: dict[str, str], calls: Calls) -> Reply:
        headers = {"Authorization": f"Bearer {self.settings.token.get_secret_value()}"}
        base = f"/v3/applications/{segment(self.settings.application)}"
        reply = await calls.get(f"{base}/{path}".rstrip("/"), params=params, headers=headers)
        await self._correct_quota(reply, calls)
        return reply

    async def _correct_quota(self, reply: Reply, calls: Calls) -> None:
        """Correct the ledger by the vendor's headers, where they can be read."""
        left = to_count(reply.headers.get("x-rate-limit-remaining"))
        if left is None:
            return
        named = reply.headers.get("x-rate-limit-limit", "")
        usual = timedelta(seconds=_NAMED_WINDOWS.get(named, _DEFAULT_WINDOW_SECONDS))
        reset = to_moment(reply.headers.get("x-rate-limit-reset"))
        now = self.http.clock()
        await calls.correct(left, min(usual, reset - now) if reset and reset > now else usual)

    def _refused(self, reply: Reply, calls: Calls) -> CallFailed:
        if reply.status == HTTPStatus.UNAUTHORIZED:
            return CallFailed(Reason.NOT_AUTHORISED, _BAD_KEY)
        if reply.status == HTTPStatus.FORBIDDEN:
            return CallFailed(Reason.NOT_AUTHORISED, _LACKS)
        if reply.status == HTTPStatus.NOT_FOUND:
            return CallFailed(Reason.NOT_AUTHORISED, "Raygun knows no application by the configured id")
        return calls.refused(reply)

    async def _errors(self, hits: list[_Hit], session: Session, calls: Calls) -> tuple[ErrorEvent, ...]:
        """A session's errors, one for each error group, with the group's title."""
        groups: dict[str, list[_Hit]] = {}
        for hit in hits:
            groups.setdefault(hit.errorGroupIdentifier or "", []).append(hit)
        asked = [group for group in islice(groups, _MOST_TITLES) if group]
        told = dict(zip(asked, await together(*(self._title(group, calls) for group in asked)), strict=True))
        events = []
        for group, some in groups.items():
            title, status = told.get(group, (None, None))
            newest = max(some, key=lambda hit: hit.occurredAt or datetime.min.replace(tzinfo=UTC))
            events.append(
                ErrorEvent(
                    source=self.name,
                    id=group or None,
                    title=title or "Error without a title",
                    url=RAYGUN_LINKS.allow(newest.applicationUrl),
                    occurred_at=newest.occurredAt,
                    count=len(some),
                    session_id=session.id,
                    status=status,
                )
            )
        return tuple(events)

    async def _title(self, group: str, calls: Calls) -> tuple[str | None, str | None]:
        """An error group's title and status, kept for hours; None twice where they cannot be read."""
        name = f"error_group:{group}"
        known = await self.memory.recall(str(self.name), name)
        if known is None:
            try:
                reply = await self._get(f"error-groups/{segment(group)}", {}, calls)
            except CallFailed:
                return None, None
            if not reply.ok:
                return None, None
            known = json.dumps([_text(reply, "message"), _text(reply, "status")])
            await self.memory.remember(str(self.name), name, known, _TITLE_LASTS)
        title, status = json.loads(known)
        return title, status

    def _session(self, row: _Session) -> Session | None:
        if row.identifier is None:
            return None
        over = row.endedAt if row.isActive is not True else None
        length = (row.endedAt - row.startedAt) if row.endedAt and row.startedAt else None
        return Session(
            source=self.name,
            id=row.identifier,
            url=RAYGUN_LINKS.allow(row.applicationUrl),
            started_at=row.startedAt,
            ended_at=over,
            duration_seconds=None if length is None else max(0, int(length.total_seconds())),
            live=row.isActive,
            device=row.platformName,
            browser=joined(row.browserName, row.browserVersion),
            os=joined(row.operatingSystemName, row.operatingSystemVersion),
            country=row.countryCode,
        )


_BAD_KEY = "Raygun does not take our token: it is wrong or has expired"
_LACKS = f"Raygun’s token lacks a scope: it needs {', '.join(_SCOPES)}"


def _user(row: _Customer) -> SessionUser:
    email = row.emailAddress.lower() if row.emailAddress else None
    # Of somebody anonymous it is a device's identifier, which others may use too.
    uid = None if row.isAnonymous else row.externalIdentifier
    return SessionUser(uid, email, row.fullName or row.firstName, first_seen=row.firstSeenAt)


def _text(reply: Reply, name: str) -> str | None:
    found = at(reply.body, name)
    return found if isinstance(found, str) and found else None

"""
Raygun's legacy RUM API, call by call (`contracts/raygun_rum_v1.md`).

A login gives a session key that is valid for 15 minutes; every other call needs it, and all processes share
it.
"""

import asyncio
import base64
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import groupby

from pydantic import Field

from bot.domain.coverage import Span
from bot.domain.model import ErrorEvent, Reason, Session, SessionUser, SourceName
from bot.settings.accounts import RaygunAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp
from bot.sources.json_fields import (
    AnyText,
    Count,
    Id,
    Moment,
    Page,
    Part,
    Record,
    at,
    joined,
    read_record,
    read_records,
    to_count,
    to_flag,
    to_id,
    to_moment,
    to_text,
)
from bot.sources.raygun.index import Customer, Harvest, Opened, Sighted
from bot.sources.raygun.webhook_events import RAYGUN_LINKS
from bot.storage.memory import Memory

# Sessions a page: the vendor's maximum; a page of 500 costs one call, as does one of 50.
PAGE = 500
# Pages that are read of a span, should it have more sessions than expected.
_MOST_PAGES = 4
# The vendor's 15 minutes, less one.
KEY_LASTS = timedelta(minutes=14)
# After a 429 without a word of the wait: how long no call is made, twice as long after each further one. It
# is not documented when the vendor's day ends, and a try may count.
FIRST_REST = timedelta(minutes=30)
_LONGEST_REST = timedelta(hours=4)
_REFUSALS_KEPT = timedelta(days=1)
# The last pages of a visit that are told.
_TRAIL = 8
# How long it is kept by which HTTP method a login works.
_METHOD_LASTS = timedelta(days=30)


class _Listed(Record):
    needed = "id"
    id: Id = None
    sessionStart: Moment = None  # noqa: N815 - the vendor's spelling
    sessionEnd: Moment = None  # noqa: N815
    user: Part = Field(default_factory=dict)
    browser: Part = Field(default_factory=dict)
    platform: Part = Field(default_factory=dict)
    os: Part = Field(default_factory=dict)
    location: Part = Field(default_factory=dict)
    sessionLength: Count = None  # noqa: N815 - milliseconds
    status: AnyText = None
    pageViewCount: Count = None  # noqa: N815
    links: Part = Field(default_factory=dict)


class _PageView(Record):
    page: Page = None
    viewedOn: Moment = None  # noqa: N815
    loadingTime: Count = None  # noqa: N815 - milliseconds


class _HitBy(Record):
    groupId: Id = None  # noqa: N815
    title: AnyText = None
    links: Part = Field(default_factory=dict)


class _Detail(_Listed):
    errors: list[object] | None = None
    pageViews: list[object] | None = None  # noqa: N815
    satisfactionRating: AnyText = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class RaygunApi:
    """One application's calls to the legacy API."""

    name: SourceName
    http: VendorHttp
    settings: RaygunAccount
    memory: Memory
    _logging_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read_span(self, span: Span, calls: Calls) -> Harvest:
        """
        Everybody's sessions that began in a span, page by page.

        The order is not documented, and after a page that fails the rest is not read: so the span counts as
        whole only when there were as many different sessions as the vendor says there are.
        """
        span = _in_whole_seconds(span)
        rows: dict[str, _Listed] = {}
        given, total, unreadable = 0, 0, 0
        for number in range(_MOST_PAGES):
            try:
                page = await self._page(span, {"skip": str(given)} if number else {}, calls)
            except CallFailed:
                if not number:
                    raise
                break
            readable = {row.id: row for row in page.rows if row.id}
            rows |= readable
            unreadable += page.given - sum(row.id is not None for row in page.rows)
            given += page.given
            total = page.total
            if not page.given or given >= total:
                break
        whole = len(rows) + unreadable >= total
        return replace(self._harvest(rows.values()), whole=span if whole else None, unread=unreadable)

    async def ask_person(self, identifier: str, span: Span, calls: Calls) -> Harvest:
        """One person's sessions by the app's identifier, 500 at most; `whole` is set where those are all."""
        page = await self._page(span, {"userIdentifier": identifier}, calls)
        whole = span if page.given >= page.total else None
        unreadable = page.given - sum(row.id is not None for row in page.rows)
        return replace(self._harvest(page.rows), whole=whole, unread=unreadable)

    async def open(self, session_id: str, calls: Calls) -> Opened | None:
        """One session with its errors; None where Raygun has none with this number."""
        reply = await self._ask("/api/v1/pulse/session", {"id": session_id}, calls)
        if not calls.is_there(reply):
            return None
        detail = read_record(at(reply.body, "session"), _Detail)
        session = self._detailed(detail) if detail else None
        if detail is None or session is None:
            raise calls.unreadable("a session")
        return Opened(session, tuple(self._errors(detail, session)), self.http.clock())

    async def check(self, calls: Calls) -> None:
        """Log in, or use the present login, and ask for one session of the last minute."""
        now = self.http.clock()
        await self._page(Span(now - timedelta(minutes=1), now), {"limit": "1"}, calls)

    async def key_is_known(self) -> bool:
        """Whether there is a session key that has not run out."""
        return await self.memory.recall(str(self.name), "session_key") is not None

    async def _page(self, span: Span, more: dict[str, str], calls: Calls) -> "_Page":
        params = {"dateFrom": _iso(span.start), "dateTo": _iso(span.end), "limit": str(PAGE), **more}
        reply = await self._ask("/api/v1/pulse/sessions", params, calls)
        if not reply.ok:
            raise calls.refused(reply)
        given = at(reply.body, "sessions")
        rows = calls.records(given, _Listed)
        if rows is None:
            raise calls.unreadable("a list of sessions")
        total = to_count(at(reply.body, "totalSessions"))
        # Without a total, a page that is not full is the last one.
        unknown = len(given) + (len(given) >= PAGE)
        return _Page(rows, len(given), unknown if total is None else total)

    def _harvest(self, rows: Iterable[_Listed]) -> Harvest:
        rows = list(rows)
        sessions = [
            Sighted(session, _customer_id(row)) for row in rows if (session := self._session(row)) is not None
        ]
        customers = {
            customer: Customer(customer, _user(row)) for row in rows if (customer := _customer_id(row))
        }
        return Harvest(sessions, tuple(customers.values()))

    async def _ask(self, path: str, params: dict[str, str], calls: Calls) -> Reply:
        """The reply to a call with the session key; a key that has run out is replaced, once."""
        key = await self._key(calls)
        reply = await self._made(calls.get(path, params=params, headers={"X-SessionKey": key}))
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        key = await self._key(calls, expired=key)
        return await self._made(calls.get(path, params=params, headers={"X-SessionKey": key}))

    async def _made(self, call: Awaitable[Reply]) -> Reply:
        """A call's reply; after a 429 that says nothing of the wait, none is made for longer each time."""
        try:
            reply = await call
        except CallFailed as failed:
            if failed.failure.reason is not Reason.RATE_LIMITED or failed.asked_to_wait is not None:
                raise
            before = to_count(await self.memory.recall(str(self.name), "refusals")) or 0
            await self.memory.remember(str(self.name), "refusals", str(before + 1), _REFUSALS_KEPT)
            rest = min(FIRST_REST * 2**before, _LONGEST_REST)
            await self.http.ledger.correct(self.http.account, 0, rest)
            until = self.http.clock() + rest
            raise CallFailed(Reason.RATE_LIMITED, failed.failure.message, until) from None
        if await self.memory.recall(str(self.name), "refusals"):
            await self.memory.forget(str(self.name), "refusals")
        return reply

    async def _key(self, calls: Calls, expired: str | None = None) -> str:
        async with self._logging_in:
            known = await self.memory.recall(str(self.name), "session_key")
            if not known or known == expired:
                # Another process may have logged in meanwhile, which costs a call.
                known = await self.memory.recall(str(self.name), "session_key", anew=True)
            if known and known != expired:
                return known
            key = await self._log_in(calls)
            await self.memory.remember(str(self.name), "session_key", key, KEY_LASTS)
            return key

    async def _log_in(self, calls: Calls) -> str:
        """A new session key, by GET or, after a 404 or 405, by POST: the vendor documents both."""
        method = await self.memory.recall(str(self.name), "login_method") or "GET"
        reply = await self._authenticate(method, calls)
        if reply.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            method = "POST" if method == "GET" else "GET"
            reply = await self._authenticate(method, calls)
            if reply.ok:
                await self.memory.remember(str(self.name), "login_method", method, _METHOD_LASTS)
        if not reply.ok:
            raise calls.refused(reply)
        key = to_id(at(reply.body, "sessionKey"))
        if key is None:
            raise calls.unreadable("a session key")
        return key

    async def _authenticate(self, method: str, calls: Calls) -> Reply:
        settings = self.settings
        pair = f"{settings.client_id}:{settings.client_secret.get_secret_value()}"
        headers = {
            "X-ApiKey": settings.api_key.get_secret_value(),
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        }
        path = "/api/v1/pulse/authenticate"
        return await self._made(calls.request(method, path, headers=headers, free=not settings.login_counts))

    def _session(self, row: _Listed) -> Session | None:
        if row.id is None:
            return None
        location = row.location
        return Session(
            source=self.name,
            id=row.id,
            url=RAYGUN_LINKS.allow(to_text(row.links.get("web"))),
            started_at=row.sessionStart,
            ended_at=row.sessionEnd,
            duration_seconds=None if row.sessionLength is None else row.sessionLength // 1000,
            live=None if row.status is None else row.status.lower() == "active",
            user=_user(row),
            pages=row.pageViewCount,
            device=to_text(row.platform.get("name")),
            browser=joined(row.browser.get("name"), row.browser.get("version")),
            os=joined(row.os.get("name"), row.os.get("version")),
            country=to_text(location.get("country")),
            city=_place(location),
        )

    def _detailed(self, detail: _Detail) -> Session | None:
        """A session with what its own page adds to the list."""
        views = read_records(detail.pageViews, _PageView) or []
        views.sort(key=lambda view: view.viewedOn or datetime.min.replace(tzinfo=UTC))
        pages = [view.page for view in views if view.page]
        slowest = max(
            (view for view in views if view.page and view.loadingTime),
            key=lambda view: view.loadingTime or 0,
            default=_PageView(),
        )
        session = self._session(detail)
        if session is None:
            return None
        return replace(
            session,
            pages=len(views) or None,
            entry_page=pages[0] if pages else None,
            exit_page=pages[-1] if pages else None,
            errors=len(detail.errors or []),
            trail=tuple(page for page, _same in groupby(pages))[-_TRAIL:],
            satisfaction=detail.satisfactionRating,
            slowest_page=slowest.page,
            slowest_page_seconds=None if slowest.loadingTime is None else slowest.loadingTime / 1000,
        )

    def _errors(self, detail: _Detail, session: Session) -> list[ErrorEvent]:
        """A session's errors, one for each error group; Raygun gives no time for them."""
        hits = sorted(read_records(detail.errors, _HitBy) or [], key=lambda hit: hit.groupId or "")
        events = []
        for group, members in groupby(hits, key=lambda hit: hit.groupId):
            same = list(members)
            events.append(
                ErrorEvent(
                    source=self.name,
                    id=group,
                    title=same[0].title or "Error without a title",
                    url=RAYGUN_LINKS.allow(to_text(same[0].links.get("web"))),
                    count=len(same),
                    session_id=session.id,
                )
            )
        return events


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: its readable rows, how many rows it had, and how many sessions there are in all."""

    rows: list[_Listed]
    given: int
    total: int


def _user(row: _Listed) -> SessionUser:
    user = row.user
    return SessionUser(
        # Of somebody anonymous it is a device's identifier, which others may use too.
        uid=None if to_flag(user.get("isAnonymous")) else to_id(user.get("identifier")),
        email=(to_text(user.get("emailAddress")) or "").lower() or None,
        name=to_text(user.get("fullName")) or to_text(user.get("firstName")),
        first_seen=to_moment(user.get("firstSeen")),
        url=RAYGUN_LINKS.allow(to_text(at(user, "links", "web"))),
    )


def _place(location: Mapping[str, object]) -> str | None:
    """The city and the part of the country that its address was found in."""
    parts = (to_text(at(location, "ipLookup", part)) for part in ("city", "state"))
    return ", ".join(dict.fromkeys(part for part in parts if part)) or None


def _customer_id(row: _Listed) -> str | None:
    """Raygun's own number of a user or, where that is missing, the app's identifier; None without both."""
    number = to_id(row.user.get("id"))
    identifier = to_id(row.user.get("identifier"))
    return number or (f"identifier {identifier}" if identifier else None)


def _in_whole_seconds(span: Span) -> Span:
    """The span in whole seconds, as the vendor takes it: none is claimed at its end that is not read."""
    start = span.start.replace(microsecond=0)
    return Span(start, max(span.end.replace(microsecond=0), start + timedelta(seconds=1)))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""
Raygun Real User Monitoring, the legacy API (`contracts/raygun_rum_v1.md`): 50 calls in 24 hours.

A lookup costs a login (its key lasts 15 minutes and is shared by all processes), one list, and one call
for each session whose errors are wanted. The first half of the day's calls may go to errors; the second
half is kept for finding people.
"""

import asyncio
import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from pydantic import Field

from bot.cache import Answer
from bot.casefile import ErrorEvent, Reason, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.quota import Account, Window
from bot.settings import RaygunAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp
from bot.sources.memory import Memory
from bot.sources.raygun_events import RAYGUN_LINKS
from bot.sources.reading import (
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
    to_id,
    to_text,
)
from bot.sources.source import Freshness, Question

# The vendor's maximum; a page of 500 costs the same as one of 50.
_LIMIT = 500
_MOST_DETAILS = 2
# A minute before the vendor's 15 are over.
_KEY_LASTS = timedelta(minutes=14)
_METHOD_LASTS = timedelta(days=30)
_DAY_SECONDS = 24 * 3600


class _Listed(Record):
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


class _HitBy(Record):
    groupId: Id = None  # noqa: N815
    title: AnyText = None
    links: Part = Field(default_factory=dict)


class _Detail(_Listed):
    errors: list[object] | None = None
    pageViews: list[object] | None = None  # noqa: N815


def windows(settings: RaygunAccount) -> tuple[Window, ...]:
    """Give the calls that one application may make: rolling, as when the vendor's day ends is not known."""
    return (Window(settings.daily_calls, _DAY_SECONDS),)


def rest_after_429(now: datetime) -> timedelta:
    """Give the time to the next midnight in UTC: when the vendor's day ends is not documented."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow - now


def details_affordable(left: int, daily_calls: int) -> int:
    """Give how many sessions may be opened for their errors with this many calls left."""
    return max(0, min(_MOST_DETAILS, left - daily_calls // 2))


@dataclass(frozen=True, slots=True)
class Raygun:
    """One application, through the legacy API."""

    name: SourceName
    http: VendorHttp
    settings: RaygunAccount
    memory: Memory
    _logging_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    title = "Raygun"
    freshness = Freshness(found=timedelta(minutes=15), nobody=timedelta(minutes=5))

    async def account(self) -> Account:
        """Give the account with its rolling day."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """Give the most calls: login, list (twice for an address with capitals), errors of two sessions."""
        return await self._login_cost() + len(subject.spellings) + _MOST_DETAILS

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        Give the sessions whose user identifier is the subject, and the errors of the newest ones.

        Raygun has no search by address: an address is found where the application uses it as identifier.
        """
        await self._make_sure_of(1 + await self._login_cost(), calls)
        rows: list[_Listed] = []
        for identifier in question.subject.spellings:
            rows = await self._list(identifier, question, calls)
            if rows:
                break
        sessions = sorted(
            (session for row in rows if (session := self._session(row))),
            key=lambda session: session.started_at or datetime.min.replace(tzinfo=UTC),
            reverse=True,
        )
        opened, errors, note = await self._open_newest(sessions, calls)
        notes = [note] if note else []
        if not sessions and question.subject.kind is SubjectKind.EMAIL:
            notes.append("it knows people by the app's own identifier: the uid may find more")
        return Answer(sessions=(*opened, *sessions[len(opened) :]), errors=errors, notes=tuple(notes))

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """Describe one session by its number."""
        detail = await self._detail(session_id, calls)
        return self._detailed(detail) if detail else None

    async def check(self, calls: Calls) -> str:
        """Log in, or use the login there is, and ask for one session of the last minute."""
        now = self.http.clock()
        span = {"dateFrom": _iso(now - timedelta(minutes=1)), "dateTo": _iso(now), "limit": "1"}
        reply = await self._ask("/api/v1/pulse/sessions", span, calls)
        if not reply.ok:
            raise calls.refused(reply)
        return "login and list of sessions work"

    async def _list(self, identifier: str, question: Question, calls: Calls) -> list[_Listed]:
        now = self.http.clock()
        params = {
            "dateFrom": _iso(question.since(now)),
            "dateTo": _iso(now),
            "userIdentifier": identifier,
            "limit": str(_LIMIT),
        }
        reply = await self._ask("/api/v1/pulse/sessions", params, calls)
        if not reply.ok:
            raise calls.refused(reply)
        rows = read_records(at(reply.body, "sessions"), _Listed)
        if rows is None:
            raise calls.unreadable("a list of sessions")
        return [row for row in rows if _belongs_to(row, question.subject)]

    async def _open_newest(
        self, sessions: list[Session], calls: Calls
    ) -> tuple[list[Session], tuple[ErrorEvent, ...], str | None]:
        """Open the newest sessions for their errors, as far as the quota allows; say what was left out."""
        left = await calls.left()
        wanted = min(len(sessions), _MOST_DETAILS)
        affordable = min(wanted, details_affordable(left or 0, self.settings.daily_calls))
        opened: list[Session] = []
        errors: list[ErrorEvent] = []
        for session in sessions[:affordable]:
            try:
                detail = await self._detail(session.id, calls)
            except CallFailed as failed:
                return opened, tuple(errors), f"errors are missing: {failed.failure.message}"
            opened.append(self._detailed(detail, session) if detail else session)
            errors += self._errors(detail, session) if detail else []
        if not wanted:
            return opened, (), None
        if not affordable:
            return opened, (), "errors not asked for: the calls left are kept for finding people"
        newest = "the newest session" if affordable == 1 else f"the newest {affordable} sessions"
        return opened, tuple(errors), f"errors of {newest} alone" if len(sessions) > affordable else None

    async def _detail(self, session_id: str, calls: Calls) -> _Detail | None:
        reply = await self._ask("/api/v1/pulse/session", {"id": session_id}, calls)
        if reply.status == 404:  # noqa: PLR2004
            return None
        if not reply.ok:
            raise calls.refused(reply)
        detail = read_record(at(reply.body, "session"), _Detail)
        if detail is None or detail.id is None:
            raise calls.unreadable("a session")
        return detail

    async def _ask(self, path: str, params: dict[str, str], calls: Calls) -> Reply:
        """Ask with the session key; one that has run out is renewed once."""
        key = await self._key(calls)
        reply = await calls.get(path, params=params, headers={"X-SessionKey": key})
        if reply.status != 401:  # noqa: PLR2004
            return reply
        key = await self._key(calls, expired=key)
        return await calls.get(path, params=params, headers={"X-SessionKey": key})

    async def _key(self, calls: Calls, expired: str | None = None) -> str:
        async with self._logging_in:
            known = await self.memory.recall(str(self.name), "session_key")
            if known and known != expired:
                return known
            key = await self._log_in(calls)
            await self.memory.remember(str(self.name), "session_key", key, _KEY_LASTS)
            return key

    async def _log_in(self, calls: Calls) -> str:
        """Log in by GET or, where that is not known there, by POST: the vendor's page says both."""
        method = await self.memory.recall(str(self.name), "login_method") or "GET"
        reply = await self._authenticate(method, calls)
        if reply.status in (404, 405):
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
        return await calls.request(method, path, headers=headers, free=not settings.login_counts)

    async def _login_cost(self) -> int:
        known = await self.memory.recall(str(self.name), "session_key")
        return int(known is None and self.settings.login_counts)

    async def _make_sure_of(self, needed: int, calls: Calls) -> None:
        """Refuse before the login is spent on a list that can no longer be asked for."""
        state = await self.http.ledger.state(calls.account)
        if state.left is not None and 0 < state.left < needed:
            raise CallFailed(
                Reason.QUOTA_SPENT,
                f"Raygun was not asked: a login and a list need {needed} calls, and {state.left} is left",
                state.blocked_until or state.returns_at,
            )

    def _session(self, row: _Listed) -> Session | None:
        if row.id is None:
            return None
        location, user = row.location, row.user
        return Session(
            source=self.name,
            id=row.id,
            url=RAYGUN_LINKS.allow(to_text(row.links.get("web"))),
            started_at=row.sessionStart,
            ended_at=row.sessionEnd,
            duration_seconds=None if row.sessionLength is None else row.sessionLength // 1000,
            live=None if row.status is None else row.status.lower() == "active",
            user=SessionUser(
                uid=to_id(user.get("identifier")),
                email=(to_text(user.get("emailAddress")) or "").lower() or None,
                name=to_text(user.get("fullName")) or to_text(user.get("firstName")),
            ),
            pages=row.pageViewCount,
            device=to_text(row.platform.get("name")),
            browser=joined(row.browser.get("name"), row.browser.get("version")),
            os=joined(row.os.get("name"), row.os.get("version")),
            country=to_text(location.get("country")),
            city=to_text(at(location, "ipLookup", "city")),
        )

    def _detailed(self, detail: _Detail, listed: Session | None = None) -> Session:
        """Give a session with what its detail adds to the list; the page count stands in the list alone."""
        views = read_records(detail.pageViews, _PageView) or []
        views.sort(key=lambda view: view.viewedOn or datetime.min.replace(tzinfo=UTC))
        pages = [view.page for view in views if view.page]
        session = self._session(detail)
        if session is None:
            raise ValueError("a detail without an id is not read")
        return replace(
            session,
            url=session.url or (listed.url if listed else None),
            pages=(listed.pages if listed else None) or len(views) or None,
            entry_page=pages[0] if pages else None,
            exit_page=pages[-1] if pages else None,
            errors=len(detail.errors or []),
        )

    def _errors(self, detail: _Detail, session: Session) -> list[ErrorEvent]:
        """Give a session's errors, one for each group; Raygun gives no time for a single error."""
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


def _belongs_to(row: _Listed, subject: Subject) -> bool:
    """Check again whose session it is: another customer's must never be shown."""
    identifier = to_id(row.user.get("identifier")) or ""
    if subject.kind is SubjectKind.UID:
        return identifier == subject.value
    address = to_text(row.user.get("emailAddress")) or ""
    return subject.value in (identifier.lower(), address.lower())


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

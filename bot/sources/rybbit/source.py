"""
Rybbit (`contracts/rybbit.md`, `contracts/rybbit_observed.md`): sessions and errors of an identified user.

An address is first resolved to the product's uid: by trait, then by a search whose results are compared
exactly; without a result it is taken as the uid itself. The pair is kept. Older servers ignore parameters
silently and then answer with everybody's sessions, so person and time of each are checked again here.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import Field

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import ErrorEvent, Reason, Session, SessionUser, SourceName, Subject, SubjectKind, UrlIs
from bot.settings.model import RybbitAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import (
    AnyText,
    Count,
    Flag,
    Id,
    Moment,
    Page,
    Part,
    Record,
    at,
    joined,
    read_record,
    read_records,
    to_text,
)
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account
from bot.sources.rybbit.server import RybbitServer
from bot.sources.safe_links import LinkRule
from bot.sources.wiring import Wiring
from bot.storage.memory import Memory

# Sessions that are listed of one uid; one more is asked for, to see whether there are more.
_LIMIT = 100
# Uids that are looked up for one address, errors of each, and of those the ones whose time is asked for:
# each costs a call.
_MOST_UIDS = 3
_MOST_MESSAGES = 5
_MOST_TIMED = 3
# Users on a page of search results.
_USERS_A_PAGE = 100
_PAIR_LASTS = timedelta(hours=24)
# A session whose last event is younger than this may still be running; the server does not say.
_MAYBE_LIVE = timedelta(minutes=5)


class _Visitor(Record):
    identified_user_id: Id = None
    traits: Part = Field(default_factory=dict)


class _Row(_Visitor):
    session_id: Id = None
    user_id: Id = None
    session_start: Moment = None
    session_end: Moment = None
    session_duration: Count = None
    pageviews: Count = None
    errors: Count = None
    entry_page: Page = None
    exit_page: Page = None
    device_type: AnyText = None
    browser: AnyText = None
    browser_version: AnyText = None
    operating_system: AnyText = None
    operating_system_version: AnyText = None
    country: AnyText = None
    city: AnyText = None
    channel: AnyText = None
    has_replay: Flag = None


class _ErrorName(Record):
    value: AnyText = None
    errorName: AnyText = None  # noqa: N815 - the vendor's spelling
    count: Count = None


class _ErrorRow(Record):
    timestamp: Moment = None
    session_id: Id = None
    pathname: Page = None


class _Event(Record):
    type: AnyText = None


@dataclass(frozen=True, slots=True)
class Rybbit:
    """One site on one Rybbit server."""

    name: SourceName
    http: VendorHttp
    settings: RybbitAccount
    memory: Memory
    server: RybbitServer

    title = "Rybbit"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """The account with the limits of this server."""
        return await self.server.account()

    async def cost(self, subject: Subject) -> int:
        """The most calls: to find the person, to list each uid's sessions, for the errors and their times."""
        resolving = 0 if subject.kind is SubjectKind.UID else len(subject.spellings) + 1
        uids = 1 if subject.kind is SubjectKind.UID else _MOST_UIDS
        return resolving + uids * (2 + _MOST_TIMED) + 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        """The subject's sessions and the errors in them."""
        uids = await self._uids(question, calls)
        sessions: dict[str, Session] = {}
        errors: list[ErrorEvent] = []
        notes: list[str] = []
        for uid in uids:
            rows = await self._sessions_of(uid, question, calls)
            site = await self.server.site_number(calls) if rows else self.settings.site
            found = [session for row in rows[:_LIMIT] if (session := self._session(row, uid, site))]
            sessions |= {session.id: session for session in found}
            if len(rows) > _LIMIT:
                notes.append(f"the newest {_LIMIT} sessions alone")
            if any(session.errors for session in found):
                try:
                    errors += await self._errors_of(uid, question, found, site, calls)
                except CallFailed as failed:
                    notes.append(f"errors are missing: {failed.failure.message}")
        return Answer(
            tuple(sessions.values()), tuple(errors), tuple(notes), people=_carriers(question.subject, uids)
        )

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its id; whose it is comes from the list of its day."""
        reply = await self.server.get("session", calls, {}, session=session_id)
        row = read_record(at(reply.body, "data", "session"), _Row) if reply and reply.ok else None
        if reply is None or row is None or row.session_id != session_id:
            return None
        events = read_records(at(reply.body, "data", "events"), _Event) or []
        errors = sum(event.type == "error" for event in events)
        if row.session_start:
            row = await self._listed(row, calls) or row
        site = await self.server.site_number(calls)
        described = self._session(row, row.identified_user_id or row.user_id or "", site)
        return replace(described, errors=errors) if described and described.errors is None else described

    async def check(self, calls: Calls) -> str:
        """Ask for one session of today; on a public site that proves the URL alone."""
        reply = await self.server.get("sessions", calls, _window(self.http.clock(), 0) | {"limit": "1"})
        if reply is None or not reply.ok:
            raise calls.unreadable("a list of sessions")
        return "the key may list the site's sessions"

    async def is_ours(self, link: Link, calls: Calls) -> bool:
        """Whether a page is of our site, on the server where people open it."""
        hosts = {
            urlsplit(url).netloc.lower() for url in (self.settings.base_url, self.settings.web_url) if url
        }
        if link.host not in hosts or link.account_id is None:
            return False
        return link.account_id in (self.settings.site, await self.server.site_number(calls))

    async def person(self, link: Link, calls: Calls) -> Subject | None:  # noqa: ARG002 - needs no call
        """The person of a page: the uid is in its URL."""
        return Subject(SubjectKind.UID, link.user_id, link.user_id) if link.user_id else None

    async def _uids(self, question: Question, calls: Calls) -> tuple[str, ...]:
        subject = question.subject
        if subject.kind is SubjectKind.UID:
            return (subject.typed,)
        name, hashed = self.memory.name_for("uids", str(self.name), subject.value)
        if known := await self.memory.recall(str(self.name), name):
            return tuple(json.loads(known))
        uids = await self._by_trait(subject, calls) or await self._by_search(question, calls)
        if not uids:
            return subject.spellings
        await self.memory.remember(str(self.name), name, json.dumps(uids), _PAIR_LASTS, hashed)
        return uids

    async def _by_trait(self, subject: Subject, calls: Calls) -> tuple[str, ...]:
        """The uids of users with the address as a trait; the server compares with capitals."""
        for spelling in subject.spellings:
            reply = await self.server.get("user_traits", calls, {"key": "email", "value": spelling})
            if reply is None or not reply.ok:
                return ()
            if uids := _uids_of(_read(at(reply.body, "users"), _Visitor, calls), subject):
                return uids
        return ()

    async def _by_search(self, question: Question, calls: Calls) -> tuple[str, ...]:
        """The uids of users with the address by search, which finds parts too; old servers list everybody."""
        params = {"search": question.subject.typed, "search_field": "email", "page_size": str(_USERS_A_PAGE)}
        window = _window(self.http.clock(), question.days)
        reply = await self.server.get("users", calls, window | params)
        if reply is None or not reply.ok:
            return ()
        return _uids_of(_read(at(reply.body, "data"), _Visitor, calls), question.subject)

    async def _sessions_of(self, uid: str, question: Question, calls: Calls) -> list[_Row]:
        now = self.http.clock()
        params = _window(now, question.days) | {"user_id": uid, "limit": str(_LIMIT + 1)}
        reply = await self.server.get("sessions", calls, params)
        if reply is None or not reply.ok:
            raise calls.unreadable("a list of sessions")
        raw = at(reply.body, "data")
        rows = _read(raw, _Row, calls)
        if rows and not any("identified_user_id" in row for row in raw if isinstance(row, dict)):
            raise CallFailed(
                Reason.UNSUPPORTED, "Rybbit's server is too old: it cannot list one person's sessions"
            )
        since = question.since(now)
        return [row for row in rows if _is_of(row, uid) and _is_since(row, since)]

    async def _errors_of(
        self, uid: str, question: Question, sessions: list[Session], site: str, calls: Calls
    ) -> list[ErrorEvent]:
        window = _window(self.http.clock(), question.days) | {"filters": _filter(uid), "page": "1"}
        reply = await self.server.get("error_names", calls, window | {"limit": str(_MOST_MESSAGES)})
        names = _read(_rows(reply), _ErrorName, calls)
        seen = {session.id for session in sessions}
        events = []
        for number, name in enumerate(name for name in names if name.value is not None):
            last = None
            if number < _MOST_TIMED:
                last = await self._last_hit(name.value or "", window, calls)
                if last and last.session_id not in seen:
                    # An old server has ignored the filter: this error is somebody else's.
                    continue
            events.append(
                ErrorEvent(
                    source=self.name,
                    title=_title(name),
                    url=self._person_link(uid, site),
                    occurred_at=last.timestamp if last else None,
                    count=name.count,
                    session_id=last.session_id if last else None,
                    page=last.pathname if last else None,
                )
            )
        return events

    async def _last_hit(self, message: str, window: dict[str, str], calls: Calls) -> _ErrorRow | None:
        params = window | {"errorMessage": message, "limit": "1"}
        reply = await self.server.get("error_events", calls, params)
        return next(iter(_read(_rows(reply), _ErrorRow, calls)), None)

    async def _listed(self, row: _Row, calls: Calls) -> _Row | None:
        """The session as the list of its day has it; the id is compared here, as old servers ignore it."""
        start = row.session_start or self.http.clock()
        day = {"start_date": _day(start), "end_date": _day(start), "time_zone": "UTC"}
        params = day | {"session_id": row.session_id or "", "limit": str(_LIMIT)}
        reply = await self.server.get("sessions", calls, params)
        rows = _read(at(reply.body, "data"), _Row, calls) if reply and reply.ok else []
        return next((listed for listed in rows if listed.session_id == row.session_id), None)

    def _session(self, row: _Row, uid: str, site: str) -> Session | None:
        if row.session_id is None:
            return None
        email = to_text(row.traits.get("email"))
        over = row.session_end is not None and self.http.clock() - row.session_end > _MAYBE_LIVE
        return Session(
            source=self.name,
            id=row.session_id,
            url=self._person_link(uid, site),
            url_is=UrlIs.PERSON,
            started_at=row.session_start,
            ended_at=row.session_end,
            duration_seconds=row.session_duration,
            live=False if over else None,
            user=SessionUser(
                uid=row.identified_user_id,
                email=email.lower() if email else None,
                name=to_text(row.traits.get("name")) or to_text(row.traits.get("username")),
            ),
            pages=row.pageviews,
            entry_page=row.entry_page,
            exit_page=row.exit_page,
            device=row.device_type,
            browser=joined(row.browser, row.browser_version),
            os=joined(row.operating_system, row.operating_system_version),
            country=row.country,
            city=row.city,
            errors=row.errors,
            channel=row.channel,
            has_replay=row.has_replay,
        )

    def _person_link(self, uid: str, site: str) -> str | None:
        """The URL of the person's page: Rybbit has none for a single session."""
        base = self.settings.web_url or self.settings.base_url
        return LinkRule(origins=(base,)).allow(f"{base}/{site}/user/{segment(uid)}") if uid else None


def build(name: SourceName, settings: RybbitAccount, client: httpx.AsyncClient, wiring: Wiring) -> Rybbit:
    """The source of a configured site."""
    http = wiring.http(client, Rybbit.title, settings.base_url, str(name))
    server = RybbitServer(http, settings, wiring.memory)
    return Rybbit(name, http, settings, wiring.memory, server)


def _window(now: datetime, days: int) -> dict[str, str]:
    """The span as parameters, in whole days; without the zone old servers answer with all days."""
    return {"start_date": _day(now - timedelta(days=days)), "end_date": _day(now), "time_zone": "UTC"}


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def _filter(uid: str) -> str:
    # The value must be a text: a number makes the server answer 500.
    return json.dumps([{"parameter": "user_id", "type": "equals", "value": [uid]}])


def _rows(reply: Reply | None) -> Any:
    """The rows of a reply; where `page` was asked for they are one level deeper."""
    data = at(reply.body, "data") if reply and reply.ok else None
    return at(data, "data") if isinstance(data, dict) else data


def _read(rows: Any, record: type[Any], calls: Calls) -> list[Any]:
    records = read_records(rows, record)
    if records is None:
        raise calls.unreadable("a list")
    return records


def _uids_of(visitors: list[_Visitor], subject: Subject) -> tuple[str, ...]:
    """The uids of visitors with exactly this address, as a trait or as the uid itself."""
    uids = []
    for visitor in visitors:
        uid = visitor.identified_user_id
        addresses = (to_text(visitor.traits.get("email")), uid)
        if uid and any(address and address.lower() == subject.value for address in addresses):
            uids.append(uid)
    return tuple(dict.fromkeys(uids))[:_MOST_UIDS]


def _carriers(subject: Subject, uids: tuple[str, ...]) -> tuple[SessionUser, ...]:
    """The people whom an address was resolved to; a uid that is the address itself was only tried."""
    if subject.kind is SubjectKind.UID:
        return ()
    return tuple(SessionUser(uid=uid, email=subject.value) for uid in uids if "@" not in uid)


def _is_of(row: _Row, uid: str) -> bool:
    return uid in (row.identified_user_id, row.user_id)


def _is_since(row: _Row, since: datetime) -> bool:
    last = row.session_end or row.session_start
    return last is None or last >= since


def _title(name: _ErrorName) -> str:
    message, kind = name.value or "", name.errorName
    return message if not kind or message.startswith(kind) else f"{kind}: {message}"

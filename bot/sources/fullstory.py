"""FullStory (`contracts/fullstory.md`): sessions by address or uid, one call, ready-made replay links."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, TypeAdapter

from bot.cache import Answer
from bot.casefile import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.quota import Account, Window
from bot.settings import FullStoryAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp, segment
from bot.sources.memory import Memory
from bot.sources.reading import (
    AnyText,
    Flag,
    Id,
    Moment,
    Part,
    Record,
    at,
    joined,
    read_records,
    to_page,
    to_text,
)
from bot.sources.source import Freshness, Question
from bot.sources.weblinks import LinkRule
from bot.sources.wiring import Wiring

# The vendor's default; no maximum is documented, so no more is asked for.
_LIMIT = 20
# Activations in a month, of the plans that have them (contract, section 3.5).
_ACTIVATIONS = Window(1_000, 31 * 24 * 3600)
_ERRORS_LAST = timedelta(hours=6)
_MOST_PROPERTIES = 3
_USERS_LAST, _NOBODY_LASTS = timedelta(hours=12), timedelta(minutes=10)
# Open vocabulary: these, and whatever names an error or exception (contract, section 3.2).
_ERROR_TYPES = frozenset({"console_message", "exception", "crash", "crashed"})


class _ListedSession(Record):
    userId: Id = None  # noqa: N815 - the vendor's spelling
    sessionId: Id = None  # noqa: N815
    createdTime: Moment = None  # noqa: N815
    fsUrl: AnyText = None  # noqa: N815


class _User(Record):
    id: Id = None
    uid: Id = None
    display_name: AnyText = None
    email: AnyText = None
    is_being_deleted: Flag = None


class _Event(Record):
    event_time: Moment = None
    event_type: AnyText = None
    event_properties: Part = Field(default_factory=dict)
    source_properties: Part = Field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        kind = (self.event_type or "").lower()
        return kind in _ERROR_TYPES or "error" in kind or "exception" in kind


_USERS = TypeAdapter(list[_User])
_ERRORS = TypeAdapter(tuple[ErrorEvent, ...])


@dataclass(frozen=True, slots=True)
class FullStory:
    """One FullStory organisation."""

    name: SourceName
    http: VendorHttp
    settings: FullStoryAccount
    memory: Memory

    title = "FullStory"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """Give the account; the vendor publishes no numbers, so a 429 alone closes it."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """Give 2, the list and who it is, or 4 for an address with capitals: it may be stored lower-cased."""
        return 2 * len(subject.spellings)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        Give the newest sessions, and who the subject is, for sources that know them by another name.

        FullStory lists no errors, and takes no dates: older sessions are left out here.
        """
        subject = question.subject
        listed, told = await asyncio.gather(
            self._rows(subject, calls), self._users(subject, calls), return_exceptions=True
        )
        if isinstance(listed, BaseException):
            raise listed
        notes = []
        if isinstance(told, CallFailed):
            notes.append(f"who this is was not told: {told.failure.message}")
        elif isinstance(told, BaseException):
            raise told
        users = [] if isinstance(told, CallFailed) else told
        since = question.since(self.http.clock())
        sessions = [session for row in listed if (session := self._session(row, subject, users)) is not None]
        recent = [s for s in sessions if s.started_at is None or s.started_at >= since]
        if len(listed) >= _LIMIT and len(recent) == len(sessions):
            notes.append(f"the newest {_LIMIT} sessions alone")
        return Answer(tuple(recent), notes=tuple(notes), people=tuple(_named(user) for user in users))

    async def _rows(self, subject: Subject, calls: Calls) -> list[_ListedSession]:
        """
        List sessions by one identifier a call.

        Both together would give the union, which would be other people's sessions.
        """
        rows: list[_ListedSession] = []
        for spelling in subject.spellings:
            params = {subject.kind.value: spelling, "limit": str(_LIMIT)}
            rows = _listed(await calls.get("/sessions/v2", params=params, headers=self._headers()), calls)
            if rows:
                break
        return rows

    async def _users(self, subject: Subject, calls: Calls) -> list[_User]:
        """Give the records of whoever carries exactly this name; remembered for hours, nobody for minutes."""
        name, hashed = self.memory.name_for("users", str(self.name), subject.kind, subject.value)
        if (known := await self.memory.recall(str(self.name), name)) is not None:
            return _USERS.validate_json(known)
        users: list[_User] = []
        for spelling in subject.spellings:
            reply = await calls.get(
                "/v2/users", params={subject.kind.value: spelling}, headers=self._headers()
            )
            if not reply.ok:
                raise calls.refused(reply)
            read = read_records(at(reply.body, "results") or [], _User) or []
            users = [user for user in read if _is_named(user, subject)]
            if users:
                break
        lasting = _USERS_LAST if users else _NOBODY_LASTS
        known = _USERS.dump_json(users).decode()
        await self.memory.remember(str(self.name), name, known, lasting, hashed)
        return users

    @property
    def budget(self) -> Account:
        """Give the plan's Activations; a month of any length is never overdrawn in 31 days."""
        return Account(f"fullstory_activations/{self.name.account}", (_ACTIVATIONS,))

    async def more_accounts(self) -> tuple[Account, ...]:
        """Give the Activations."""
        return (self.budget,)

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """
        Describe one session from its events; `session_id` is `device:session` or a client id.

        There is no cheaper call. It costs one Activation: on request only.
        """
        events = await self._events(session_id, calls)
        return None if events is None else self._from_events(session_id, events)

    async def errors_in(self, session_id: str, calls: Calls) -> tuple[ErrorEvent, ...]:
        """Give a session's errors from its events, oldest first; what was read is kept for a while."""
        name, _ = self.memory.name_for("errors", session_id)
        if (known := await self.memory.recall(str(self.name), name)) is not None:
            return _ERRORS.validate_json(known)
        events = await self._events(session_id, calls) or []
        errors = tuple(self._error(session_id, event) for event in events if event.is_error)
        errors = tuple(sorted(errors, key=lambda e: e.occurred_at or self.http.clock()))
        known = _ERRORS.dump_json(errors).decode()
        await self.memory.remember(str(self.name), name, known, _ERRORS_LAST)
        return errors

    async def _events(self, session_id: str, calls: Calls) -> list[_Event] | None:
        path = f"/v2/sessions/{segment(session_id)}/events"
        reply = await calls.request("GET", path, headers=self._headers(), budget=self.budget)
        if reply.status == 404:  # noqa: PLR2004
            return None
        if not reply.ok:
            raise calls.refused(reply)
        events = read_records(at(reply.body, "events"), _Event)
        if events is None:
            raise calls.unreadable("a list of events")
        return events

    def _error(self, session_id: str, event: _Event) -> ErrorEvent:
        told = [f"{key}: {text}" for key, value in event.event_properties.items() if (text := to_text(value))]
        kind = (event.event_type or "error").replace("_", " ")
        title = f"{kind} ({', '.join(told[:_MOST_PROPERTIES])})" if told else kind
        return ErrorEvent(
            self.name,
            title,
            occurred_at=event.event_time,
            count=1,
            session_id=session_id,
            page=_page(event),
        )

    async def check(self, calls: Calls) -> str:
        """Ask whose key it is (`GET /me`)."""
        reply = await calls.get("/me", headers=self._headers())
        if not reply.ok:
            raise calls.refused(reply)
        role = to_text(at(reply.body, "role")) or "unknown"
        organisation = to_text(at(reply.body, "orgId")) or "unknown"
        return f"the key of organisation {organisation} works, with the role {role}"

    def _headers(self) -> dict[str, str]:
        # The key is in its final form already: encoding it again is the classic mistake.
        return {"Authorization": f"Basic {self.settings.api_key.get_secret_value()}"}

    def _session(self, row: _ListedSession, subject: Subject, users: list[_User]) -> Session | None:
        if row.userId is None or row.sessionId is None:
            return None
        user = next((user for user in users if user.id == row.userId), None)
        return Session(
            source=self.name,
            id=f"{row.userId}:{row.sessionId}",
            url=_LINKS.allow(row.fsUrl),
            started_at=row.createdTime,
            user=_named(user) if user else _asked_for(subject),
            errors_on_request=True,
        )

    def _from_events(self, session_id: str, events: list[_Event]) -> Session:
        times = sorted(event.event_time for event in events if event.event_time)
        visits = [page for event in events if event.event_type == "navigate" and (page := _page(event))]
        agent: dict[str, Any] = next((a for e in events if (a := _agent(e))), {})
        return Session(
            source=self.name,
            id=session_id,
            started_at=times[0] if times else None,
            ended_at=times[-1] if times else None,
            duration_seconds=int((times[-1] - times[0]).total_seconds()) if times else None,
            pages=len(visits) or None,
            entry_page=visits[0] if visits else None,
            exit_page=visits[-1] if visits else None,
            device=to_text(agent.get("device")),
            browser=joined(agent.get("browser"), agent.get("browser_version")),
            os=to_text(agent.get("operating_system")),
            errors=sum(event.is_error for event in events),
        )


def build(
    name: SourceName, settings: FullStoryAccount, client: httpx.AsyncClient, wiring: Wiring
) -> FullStory:
    """Make an organisation of a configured account."""
    http = wiring.http(client, FullStory.title, settings.base_url, str(name))
    return FullStory(name, http, settings, wiring.memory)


_LINKS = LinkRule(hosts=("fullstory.com",))


def _listed(reply: Reply, calls: Calls) -> list[_ListedSession]:
    if not reply.ok:
        raise calls.refused(reply)
    if not isinstance(reply.body, dict):
        raise calls.unreadable("a list of sessions")
    # An empty list may be left out altogether.
    rows = read_records(reply.body.get("sessions") or [], _ListedSession)
    if rows is None:
        raise calls.unreadable("a list of sessions")
    return rows


def _asked_for(subject: Subject) -> SessionUser:
    """Give what the vendor matched on; the list itself names nobody."""
    if subject.kind is SubjectKind.EMAIL:
        return SessionUser(email=subject.value)
    return SessionUser(uid=subject.value)


def _is_named(user: _User, subject: Subject) -> bool:
    if user.is_being_deleted:
        return False
    if subject.kind is SubjectKind.UID:
        return user.uid == subject.value
    return user.email is not None and user.email.lower() == subject.value


def _named(user: _User) -> SessionUser:
    return SessionUser(user.uid, user.email.lower() if user.email else None, user.display_name)


def _page(event: _Event) -> str | None:
    return to_page(at(event.source_properties, "url", "full_url"))


def _agent(event: _Event) -> dict[str, Any] | None:
    agent = at(event.source_properties, "user_agent")
    return agent if isinstance(agent, dict) else None

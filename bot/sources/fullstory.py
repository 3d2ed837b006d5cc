"""FullStory (`contracts/fullstory.md`): sessions by address or uid, with the vendor's own replay links."""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, TypeAdapter

from bot.domain.addresses import read_address
from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.settings.model import FullStoryAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import (
    AnyText,
    Flag,
    Id,
    Moment,
    Part,
    Record,
    at,
    read_record,
    read_records,
    to_page,
    to_text,
)
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account, Window
from bot.sources.safe_links import LinkRule
from bot.sources.wiring import Wiring
from bot.storage.memory import Memory

# Sessions in a list: the vendor's default; no maximum is documented, so no more are asked for.
_LIMIT = 20
# `o-7QX2B-na1`: the core is the part that is the same in all forms of an organisation's id.
_ORGANISATION = re.compile(r"o-(?P<core>.+)-[a-z]{2,3}\d{1,2}")
_ORGANISATION_LASTS = timedelta(days=7)
# Activations in a month, of the plans that have them (contract, section 3.5).
_ACTIVATIONS = Window(1_000, 31 * 24 * 3600)
# How long a session's errors are kept, once they were paid for.
_ERRORS_LAST = timedelta(hours=6)
# Properties of an event that are shown in an error's title.
_MOST_PROPERTIES = 3
# How long it is kept who a subject is, and that nobody is.
_USERS_LAST, _NOBODY_LASTS = timedelta(hours=12), timedelta(minutes=10)
# Event types that are errors, besides any with "error" or "exception" in its name: the vendor documents no
# complete list (contract, section 3.2).
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
        """The account, without windows: the vendor publishes no numbers, so only its 429 closes it."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """The list and the users, for each spelling: 2 calls, or 4 for an address with capitals."""
        return 2 * len(subject.spellings)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The newest sessions, and who the subject is, for sources that know them by another name.

        FullStory lists no errors and takes no dates: sessions before the asked days are left out here.
        """
        subject = question.subject
        listed, users = await asyncio.gather(
            self._rows(subject, calls), self._users(subject, calls), return_exceptions=True
        )
        if isinstance(listed, BaseException):
            raise listed
        notes = []
        if isinstance(users, CallFailed):
            notes.append(f"who this is was not told: {users.failure.message}")
            users = []
        elif isinstance(users, BaseException):
            raise users
        since = question.since(self.http.clock())
        sessions = [session for row in listed if (session := self._session(row, subject, users)) is not None]
        recent = [s for s in sessions if s.started_at is None or s.started_at >= since]
        if len(listed) >= _LIMIT and len(recent) == len(sessions):
            notes.append(f"the newest {_LIMIT} sessions alone")
        return Answer(tuple(recent), notes=tuple(notes), people=tuple(_named(user) for user in users))

    async def _rows(self, subject: Subject, calls: Calls) -> list[_ListedSession]:
        """
        The sessions listed for the subject's first spelling that has any.

        Each call has one identifier: with two the vendor answers with the sessions of either person.
        """
        rows: list[_ListedSession] = []
        for spelling in subject.spellings:
            params = {subject.kind.value: spelling, "limit": str(_LIMIT)}
            rows = _listed(await calls.get("/sessions/v2", params=params, headers=self._headers()), calls)
            if rows:
                break
        return rows

    async def _users(self, subject: Subject, calls: Calls) -> list[_User]:
        """The records of users with exactly this name; kept for hours, or for minutes if there are none."""
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
        """The plan's Activations; with a window of 31 days no month has more, however long it is."""
        return Account(f"fullstory_activations/{self.name.account}", (_ACTIVATIONS,))

    async def more_accounts(self) -> tuple[Account, ...]:
        """The account of the Activations."""
        return (self.budget,)

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """
        One session, by `device:session`; None where it is not found, and for a client id.

        The only call for one session is for its events, which costs an Activation. So it is searched among
        the newest sessions of the user whose id is the first half of the pair; a client id has no user in it.
        """
        device, _, number = session_id.partition(":")
        if not (device.isdecimal() and number.isdecimal()):
            return None
        user = await self._user(device, calls)
        subject = _subject_of(user) if user else None
        if user is None or subject is None:
            return None
        rows = await self._rows(subject, calls)
        listed = [session for row in rows if (session := self._session(row, subject, [user]))]
        return next((session for session in listed if session.id == session_id), None)

    async def is_ours(self, link: Link, calls: Calls) -> bool:
        """Whether a page is of our organisation; its id is asked for once a week."""
        ours = await self.memory.recall(str(self.name), "organisation")
        if ours is None:
            ours = to_text(at(await self._me(calls), "orgId")) or ""
            await self.memory.remember(str(self.name), "organisation", ours, _ORGANISATION_LASTS)
        return bool(link.account_id and ours) and _core(link.account_id or "") == _core(ours)

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """The person of a user's page, by the uid or address in their record; None where it has neither."""
        user = await self._user(link.user_id, calls) if link.user_id else None
        return _subject_of(user) if user else None

    async def _user(self, user_id: str, calls: Calls) -> _User | None:
        reply = await calls.get(f"/v2/users/{segment(user_id)}", headers=self._headers())
        if not calls.is_there(reply):
            return None
        user = read_record(reply.body, _User)
        return user if user and user.id == user_id and not user.is_being_deleted else None

    async def errors_in(self, session_id: str, calls: Calls) -> tuple[ErrorEvent, ...]:
        """A session's errors, oldest first, from its events; kept, as reading them costs an Activation."""
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
        if not calls.is_there(reply):
            return None
        events = read_records(at(reply.body, "events"), _Event)
        if events is None:
            raise calls.unreadable("a list of events")
        return events

    def _error(self, session_id: str, event: _Event) -> ErrorEvent:
        properties = event.event_properties.items()
        shown = [f"{key}: {text}" for key, value in properties if (text := to_text(value))]
        kind = (event.event_type or "error").replace("_", " ")
        title = f"{kind} ({', '.join(shown[:_MOST_PROPERTIES])})" if shown else kind
        return ErrorEvent(
            self.name,
            title,
            occurred_at=event.event_time,
            count=1,
            session_id=session_id,
            page=_page(event),
        )

    async def check(self, calls: Calls) -> str:
        """Ask whose key it is (`GET /me`); returns the organisation and the key's role in words."""
        me = await self._me(calls)
        role = to_text(at(me, "role")) or "unknown"
        organisation = to_text(at(me, "orgId")) or "unknown"
        return f"the key of organisation {organisation} works, with the role {role}"

    async def _me(self, calls: Calls) -> Any:
        reply = await calls.get("/me", headers=self._headers())
        if not reply.ok:
            raise calls.refused(reply)
        return reply.body

    def _headers(self) -> dict[str, str]:
        # FullStory shows the key ready for use: it must not be encoded again.
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


def build(
    name: SourceName, settings: FullStoryAccount, client: httpx.AsyncClient, wiring: Wiring
) -> FullStory:
    """The source of a configured organisation."""
    http = wiring.http(client, FullStory.title, settings.base_url, str(name))
    return FullStory(name, http, settings, wiring.memory)


_LINKS = LinkRule(hosts=("fullstory.com",))


def _listed(reply: Reply, calls: Calls) -> list[_ListedSession]:
    if not reply.ok:
        raise calls.refused(reply)
    if not isinstance(reply.body, dict):
        raise calls.unreadable("a list of sessions")
    # Where there are none, the field may be missing.
    rows = read_records(reply.body.get("sessions") or [], _ListedSession)
    if rows is None:
        raise calls.unreadable("a list of sessions")
    return rows


def _asked_for(subject: Subject) -> SessionUser:
    """The user as the subject names them, for the list of sessions does not name its user."""
    if subject.kind is SubjectKind.EMAIL:
        return SessionUser(email=subject.value)
    return SessionUser(uid=subject.value)


def _core(organisation: str) -> str:
    """The part of an organisation's id that all its forms have: `7QX2B` of `o-7QX2B-na1`."""
    found = _ORGANISATION.fullmatch(organisation)
    return found["core"] if found else organisation


def _subject_of(user: _User) -> Subject | None:
    if user.uid:
        return Subject(SubjectKind.UID, user.uid, user.uid)
    return read_address(user.email) if user.email else None


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

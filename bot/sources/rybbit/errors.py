"""
A person's errors at Rybbit, the newest first.

The list of messages is by frequency and without times. So the newest sessions that have errors are opened,
one call each, which gives every error's exact time; messages of older sessions are then asked for by name.
What is left out is counted.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import Field

from bot.domain.model import ErrorEvent, ErrorKind, Session
from bot.sources.http import Calls, Reply
from bot.sources.json_fields import (
    AnyText,
    Count,
    Id,
    Moment,
    Page,
    Part,
    Record,
    at,
    to_count,
    to_text,
)
from bot.sources.rybbit.records import read_list, rows_of
from bot.sources.rybbit.server import RybbitServer

# The newest sessions with errors that are opened, and messages of older ones that are timed: a call each.
MOST_OPENED = 3
MOST_OLDER = 2
# With no more calls left than this, one session is opened and nothing else is asked.
_FEW_CALLS = 20
# Rows of one call: a larger limit costs no more.
_EVENTS = 2_000
MESSAGES = 1_000
_HITS = 500
# The last pages of a visit that are told.
_TRAIL = 8


class _Event(Record):
    type: AnyText = None
    timestamp: Moment = None
    pathname: Page = None
    event_name: AnyText = None
    props: Part = Field(default_factory=dict)


class ErrorName(Record):
    """A message among a site's errors, and in how many sessions it was."""

    # As it came: it is sent back, and the server compares it exactly.
    value: Any = None
    errorName: AnyText = None  # noqa: N815 - the vendor's spelling
    count: Count = None
    sessionCount: Count = None  # noqa: N815

    @property
    def title(self) -> str:
        """The message with its kind, as its error events have it."""
        return _title(to_text(self.value), self.errorName)

    @property
    def as_it_came(self) -> str:
        """The message as a parameter; one that looks like a number came as a number."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


class _Hit(Record):
    timestamp: Moment = None
    session_id: Id = None
    pathname: Page = None


@dataclass(frozen=True, slots=True)
class Told:
    """What was read of a person's sessions: them, with what their own pages add, and their errors."""

    sessions: dict[str, Session]
    errors: list[ErrorEvent] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """How many errors the sessions have that are not among those read."""
        total = sum(session.errors or 0 for session in self.sessions.values())
        return max(0, total - sum(error.count or 0 for error in self.errors))


@dataclass(slots=True)
class ErrorReader:
    """Reads the errors of sessions, which are one person's."""

    server: RybbitServer
    calls: Calls
    told: Told

    async def read(self, uid: str, window: dict[str, str]) -> None:
        """
        Read the errors of the newest sessions with errors, and messages of older ones, into `told`.

        Raises:
            CallFailed: when the vendor cannot be asked or understood; what was read before stays.

        """
        newest_first = sorted(
            self.told.sessions.values(), key=lambda s: (s.started_at is not None, s.started_at), reverse=True
        )
        failing = [session for session in newest_first if session.errors]
        left = await self.calls.left()
        few = left is not None and left <= _FEW_CALLS
        opened = failing[: 1 if few else MOST_OPENED]
        if not few and newest_first[:1] != opened[:1]:
            # For its trail of pages.
            await self._open(newest_first[0])
        for session in opened:
            await self._open(session)
        if len(failing) > len(opened) and not few:
            await self._older(uid, window)

    async def _open(self, session: Session) -> None:
        events = await self._events(session.id)
        if not events:
            return
        hits = [event for event in events if event.type == "error"]
        self.told.sessions[session.id] = replace(
            session, trail=_trail(events), errors=max(session.errors or 0, len(hits))
        )
        for event in hits:
            self._add(_title(to_text(event.props.get("message")), event.event_name), session.id, event)

    async def _events(self, session_id: str) -> list[_Event]:
        """A session's events, oldest first; of a very long one those at its end."""
        params = {"limit": str(_EVENTS)}
        reply = await self.server.get("session", self.calls, params, session=session_id)
        if reply is None or not reply.ok:
            return []
        total = to_count(at(reply.body, "data", "pagination", "total")) or 0
        if at(reply.body, "data", "pagination", "hasMore") is True and total > _EVENTS:
            params |= {"offset": str(total - _EVENTS)}
            reply = await self.server.get("session", self.calls, params, session=session_id) or reply
        return self.calls.records(at(reply.body, "data", "events"), _Event) or []

    async def _older(self, uid: str, window: dict[str, str]) -> None:
        """Ask for messages that no opened session had, the most frequent first."""
        theirs = window | {"filters": _filter(uid), "page": "1"}
        reply = await self.server.get("error_names", self.calls, theirs | {"limit": str(MESSAGES)})
        messages = read_list(rows_of(reply), ErrorName, self.calls)
        seen = {error.title for error in self.told.errors}
        unseen = [one for one in messages if one.value is not None and one.title not in seen]
        for message in unseen[:MOST_OLDER]:
            params = theirs | {"errorMessage": message.as_it_came, "limit": str(_HITS)}
            hits = read_list(rows_of(await self._hits(params)), _Hit, self.calls)
            # An old server ignores the filter: errors in other sessions are somebody else's.
            for hit in hits:
                if hit.session_id in self.told.sessions:
                    self._add(message.title, hit.session_id, hit)

    async def _hits(self, params: dict[str, str]) -> Reply | None:
        return await self.server.get("error_events", self.calls, params)

    def _add(self, title: str, session_id: str, hit: _Event | _Hit) -> None:
        """Count a hit of an error; the newest one tells when and where it was."""
        for number, known in enumerate(self.told.errors):
            if known.title == title:
                grown = replace(known, count=(known.count or 0) + 1)
                if _later(hit.timestamp, known.occurred_at):
                    grown = replace(
                        grown, occurred_at=hit.timestamp, session_id=session_id, page=hit.pathname
                    )
                self.told.errors[number] = grown
                return
        session = self.told.sessions[session_id]
        self.told.errors.append(
            ErrorEvent(
                source=session.source,
                title=title,
                url=session.url,
                occurred_at=hit.timestamp,
                count=1,
                session_id=session_id,
                page=hit.pathname,
                kind=ErrorKind.EXCEPTION,
            )
        )


def notes_on(told: Told) -> Iterable[str]:
    """What is to be said of errors that were left out."""
    if told.left_out:
        yield f"{told.left_out} more error{'' if told.left_out == 1 else 's'} in these sessions, not shown"


def _later(moment: datetime | None, than: datetime | None) -> bool:
    return moment is not None and (than is None or moment > than)


def _trail(events: Sequence[_Event]) -> tuple[str, ...]:
    """The last pages that were seen, each once in a row."""
    pages: list[str] = []
    for event in events:
        if event.type == "pageview" and event.pathname and event.pathname not in pages[-1:]:
            pages.append(event.pathname)
    return tuple(pages[-_TRAIL:])


def _title(message: str | None, kind: str | None) -> str:
    if not message or not kind:
        return message or kind or "Error without a message"
    return message if message.startswith(kind) else f"{kind}: {message}"


def _filter(uid: str) -> str:
    # The value must be a text: a number makes the server answer 500.
    return json.dumps([{"parameter": "user_id", "type": "equals", "value": [uid]}])

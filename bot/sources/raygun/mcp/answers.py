"""
What the tools of Raygun's MCP server answer, read by the few fields that are understood. Pure functions.

The tools and their parameters are documented (github.com/MindscapeHQ/mcp-server-raygun, TOOLS.md); the JSON
of their answers is not. So names are taken in camel, Pascal and snake case, lists with and without a wrapper,
and what names neither a customer nor a session is not guessed at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import AliasChoices, Field

from bot.domain.addresses import address_value
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.sources.json_fields import AnyText, Flag, Id, Moment, Record, by_snake, by_time, joined, read_record
from bot.sources.raygun.webhook_events import RAYGUN_LINKS

_CUSTOMERS = ("customers", "results", "items", "data")
_SESSIONS = ("sessions", "recent_sessions", "results", "items", "data")
_GROUPS = ("error_groups", "recent_error_groups", "errors", "recent_errors")


class OddAnswer(Exception):
    """Raised when a tool is not there, or answers something else than is understood; says what, in words."""


class FoundCustomer(Record):
    """One customer that a search found; `identifier` is Raygun's own, which the other tools are asked by."""

    identifier: Id = Field(None, validation_alias=AliasChoices("identifier", "customer_identifier", "id"))
    external_identifier: Id = Field(
        None, validation_alias=AliasChoices("external_identifier", "unique_identifier")
    )
    email_address: AnyText = Field(None, validation_alias=AliasChoices("email_address", "email"))
    full_name: AnyText = Field(None, validation_alias=AliasChoices("full_name", "name", "first_name"))
    is_anonymous: Flag = None
    first_seen_at: Moment = Field(None, validation_alias=AliasChoices("first_seen_at", "first_seen"))
    last_seen_at: Moment = Field(None, validation_alias=AliasChoices("last_seen_at", "last_seen"))

    def is_called(self, name: Subject) -> bool:
        """Whether this is exactly whom a name means: a search finds parts of names too."""
        uid = self.external_identifier
        if self.is_anonymous:
            # The identifier is the device's own then.
            uid = None
        if name.kind is SubjectKind.UID:
            return uid == name.value
        return name.value in {address_value(uid or ""), address_value(self.email_address or "")}

    @property
    def person(self) -> SessionUser:
        """The customer as other sources know users."""
        uid = None if self.is_anonymous else self.external_identifier
        address = self.email_address or (uid if uid and "@" in uid else None)
        return SessionUser(
            uid, address.lower() if address else None, self.full_name, first_seen=self.first_seen_at
        )


class _SeenSession(Record):
    identifier: Id = Field(None, validation_alias=AliasChoices("identifier", "session_identifier", "id"))
    customer_identifier: Id = None
    is_active: Flag = Field(None, validation_alias=AliasChoices("is_active", "active"))
    started_at: Moment = Field(None, validation_alias=AliasChoices("started_at", "start_time"))
    ended_at: Moment = Field(None, validation_alias=AliasChoices("ended_at", "end_time"))
    updated_at: Moment = None
    country_code: AnyText = None
    platform_name: AnyText = None
    operating_system_name: AnyText = None
    operating_system_version: AnyText = None
    browser_name: AnyText = Field(None, validation_alias=AliasChoices("browser_name", "browser"))
    browser_version: AnyText = None
    application_url: AnyText = Field(None, validation_alias=AliasChoices("application_url", "url"))


class _SeenGroup(Record):
    identifier: Id = Field(None, validation_alias=AliasChoices("identifier", "error_group_identifier", "id"))
    message: AnyText = None
    status: AnyText = None
    last_occurred_at: Moment = Field(
        None, validation_alias=AliasChoices("last_occurred_at", "last_occurred", "last_occurred_on")
    )
    application_url: AnyText = Field(None, validation_alias=AliasChoices("application_url", "url"))


def customers(body: Any) -> list[FoundCustomer]:
    """
    The customers that a search found.

    Raises:
        OddAnswer: where there is no list of customers, or not one of its rows is one.

    """
    rows = _rows(body, _CUSTOMERS)
    if rows is None:
        raise OddAnswer("its search answered no list of customers")
    found = _records(rows, FoundCustomer)
    named = [one for one in found if one.identifier and (one.external_identifier or one.email_address)]
    if rows and not any(one.identifier for one in found):
        raise OddAnswer("its search answered customers in a form of their own")
    return named


@dataclass(frozen=True, slots=True)
class ToldSessions:
    """The sessions in an answer, newest first, and how many rows could not be read."""

    sessions: tuple[Session, ...]
    left_out: int = 0


def sessions(body: Any, name: SourceName, user: SessionUser, of_customer: str | None = None) -> ToldSessions:
    """
    The sessions in an answer; with `of_customer` those that name this customer alone.

    Raises:
        OddAnswer: where there is no list of sessions, or not one of its rows is one.

    """
    rows = _rows(body, _SESSIONS)
    if rows is None:
        raise OddAnswer("it answered no list of sessions")
    seen = [row for row in _records(rows, _SeenSession) if row.identifier and row.started_at]
    if rows and not seen:
        raise OddAnswer("it answered sessions in a form of their own")
    left_out = len(rows) - len(seen)
    if of_customer is not None:
        seen = [row for row in seen if row.customer_identifier == of_customer]
    found = [_session(row, row.identifier, row.started_at, name, user) for row in seen if row.identifier]
    return ToldSessions(
        tuple(sorted(found, key=lambda session: by_time(session.started_at), reverse=True)), left_out
    )


def errors(body: Any, name: SourceName, since: datetime) -> list[ErrorEvent]:
    """
    The error groups that hit the customer, in the vendor's order: the newest first.

    When a group hit this customer is not told apart from when it hit anybody, so no time is claimed; one that
    hit nobody since the asked days began is left out.
    """
    groups = _records(_rows(body, _GROUPS) or [], _SeenGroup)
    return [
        ErrorEvent(
            name,
            group.message or "an error without a message",
            group.identifier,
            RAYGUN_LINKS.allow(group.application_url),
            status=group.status.lower() if group.status else None,
        )
        for group in groups
        if (group.message or group.identifier) and (group.last_occurred_at or since) >= since
    ]


def _session(
    row: _SeenSession, identifier: str, started_at: datetime | None, name: SourceName, user: SessionUser
) -> Session:
    live = row.is_active
    ended_at = row.ended_at or (None if live else row.updated_at)
    lasted = ended_at - started_at if started_at and ended_at else None
    return Session(
        name,
        identifier,
        url=RAYGUN_LINKS.allow(row.application_url),
        started_at=started_at,
        ended_at=ended_at,
        duration_seconds=None if lasted is None or lasted < timedelta() else int(lasted.total_seconds()),
        live=live,
        user=user,
        device=row.platform_name,
        browser=joined(row.browser_name, row.browser_version),
        os=joined(row.operating_system_name, row.operating_system_version),
        country=row.country_code,
    )


R = TypeVar("R", bound=Record)


def _records(rows: Sequence[Any], record: type[R]) -> list[R]:
    read = (read_record(by_snake(row), record) for row in rows if isinstance(row, dict))
    return [one for one in read if one is not None]


def _rows(body: Any, names: Sequence[str]) -> list[Any] | None:
    """The list in an answer: itself, or what it has by one of these names, wrapped at most once."""
    if isinstance(body, list):
        return body
    named = by_snake(body)
    for name in names:
        if isinstance(named.get(name), list):
            return list(named[name])
    inner = [value for value in named.values() if isinstance(value, dict)]
    for value in inner:
        below = by_snake(value)
        for name in names:
            if isinstance(below.get(name), list):
                return list(below[name])
    return None

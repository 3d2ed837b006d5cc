"""Rows of PostHog's answers, and what they are in our words (`docs/contracts/posthog.md`)."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BeforeValidator, Field

from bot.domain.addresses import address_value, read_address
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.settings.accounts import PostHogAccount
from bot.sources.json_fields import (
    Count,
    Flag,
    Id,
    Moment,
    Page,
    Part,
    Record,
    by_time,
    end_of,
    to_id,
    to_plan,
    to_text,
)

# A list of people names ten of somebody's ids at most.
MOST_IDS_LISTED = 10
# What PostHog's libraries make up for whoever has not been identified, in capitals on iOS.
_MADE_UP = re.compile(r"(?:[a-z0-9]+-){4}[a-z0-9]+", re.IGNORECASE)
_TITLE_WITHOUT = "An exception without a message"

Ids = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda ids: [one for one in map(to_id, ids) if one] if isinstance(ids, list) else []),
]


class PersonRow(Record):
    """One person as the list, the single call or a recording has them."""

    needed = "uuid"
    uuid: Id = None
    distinct_ids: Ids = ()
    properties: Part = Field(default_factory=dict)
    created_at: Moment = None
    last_seen_at: Moment = None

    @property
    def email(self) -> str | None:
        """The address that the app gave them as a property, else the one of their ids that is an address."""
        ids = [one for one in self.distinct_ids if read_address(one)]
        return self.property_email or (ids[0] if len(ids) == 1 else None)

    @property
    def property_email(self) -> str | None:
        """The address among their properties, as it was given."""
        return to_text(self.properties.get("email"))

    @property
    def uid(self) -> str | None:
        """The uid that the app identified them by; None where there is none or more than one."""
        given = [one for one in self.distinct_ids if not _MADE_UP.fullmatch(one) and "@" not in one]
        return given[0] if len(given) == 1 else None


class RecordingRow(Record):
    """One recording as the list and the single call have it; its person may be cut short."""

    needed = "id"
    id: Id = None
    distinct_id: Id = None
    start_time: Moment = None
    end_time: Moment = None
    recording_duration: Count = None
    ongoing: Flag = None
    retention_period_days: Count = None
    start_url: Page = None
    person: Part = Field(default_factory=dict)


class ExceptionRow(Record):
    """One exception, of the columns that are asked for."""

    needed = "uuid"
    uuid: Id = None
    timestamp: Moment = None
    person_id: Id = None
    session_id: Id = None
    issue_id: Id = None
    types: Any = None
    values: Any = None
    url: Page = None

    @property
    def title(self) -> str:
        """Its type and its message; either may be a list, or the JSON of one."""
        parts = (first for one in (self.types, self.values) if (first := _first(one)))
        return ": ".join(parts) or _TITLE_WITHOUT


def _first(value: Any) -> str | None:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return to_text(value)
    return to_text(value[0] if isinstance(value, list) and value else value)


def is_theirs(subject: Subject, person: PersonRow) -> bool | None:
    """Whether a person is the subject, exactly, as a search may find more; None where it does not say."""
    names: tuple[str, ...] = (subject.value,)
    if subject.kind is SubjectKind.EMAIL:
        if person.property_email:
            return address_value(person.property_email) == subject.value
        names = subject.spellings
    if any(name in person.distinct_ids for name in names):
        return True
    return None if len(person.distinct_ids) >= MOST_IDS_LISTED else False


@dataclass(frozen=True, slots=True)
class PostHogWords:
    """Says what rows are in our words, with links to where people open PostHog."""

    name: SourceName
    settings: PostHogAccount

    def session(self, row: RecordingRow, session_id: str, user: SessionUser, errors: int | None) -> Session:
        """A recording as a session; `errors` are the exceptions in it, None where that is not known."""
        return Session(
            source=self.name,
            id=session_id,
            url=self._page(f"replay/{quote(session_id, safe='')}"),
            started_at=row.start_time,
            ended_at=end_of(row.start_time, row.end_time, row.recording_duration),
            duration_seconds=row.recording_duration,
            live=row.ongoing,
            user=user,
            entry_page=row.start_url,
            errors=errors,
            has_replay=True,
        )

    def user(self, person: PersonRow, subject: Subject | None = None) -> SessionUser:
        """The person; by whichever uid was asked for, where one was."""
        asked = subject.value if subject is not None and subject.kind is SubjectKind.UID else None
        by_id = subject.value if subject is not None and subject.kind is SubjectKind.EMAIL else None
        email = person.email or by_id
        first, last = (to_text(person.properties.get(key)) for key in ("first_name", "last_name"))
        names = " ".join(part for part in (first, last) if part)
        return SessionUser(
            asked or person.uid,
            email.lower() if email else None,
            to_text(person.properties.get("name")) or names or None,
            to_plan(person.properties),
            person.created_at,
            self._page(f"persons/{quote(person.uuid, safe='')}") if person.uuid else None,
        )

    def errors(self, rows: Sequence[ExceptionRow]) -> tuple[ErrorEvent, ...]:
        """One error for each issue in each session, newest first, dated by when it last hit the person."""
        same: dict[tuple[str | None, str | None], list[ExceptionRow]] = {}
        for row in rows:
            same.setdefault((row.issue_id or row.title, row.session_id), []).append(row)
        told = [self._error(hits) for hits in same.values()]
        return tuple(sorted(told, key=lambda error: by_time(error.occurred_at), reverse=True))

    def _error(self, hits: Sequence[ExceptionRow]) -> ErrorEvent:
        newest = max(hits, key=lambda row: by_time(row.timestamp))
        issue = newest.issue_id
        return ErrorEvent(
            self.name,
            newest.title,
            id=issue,
            url=self._page(f"error_tracking/{quote(issue, safe='')}") if issue else None,
            occurred_at=newest.timestamp,
            count=len(hits),
            session_id=newest.session_id,
            page=newest.url,
        )

    def _page(self, path: str) -> str:
        """A page's URL: the API names none (contract, section 7)."""
        base = (self.settings.web_url or self.settings.base_url).rstrip("/")
        return f"{base}/project/{self.settings.project}/{path}"


def errors_by_session(rows: Sequence[ExceptionRow]) -> Counter[str]:
    """How many exceptions each session had."""
    return Counter(row.session_id for row in rows if row.session_id)

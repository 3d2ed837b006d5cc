"""Rows of Sentry's answers, and what they are in our words (`docs/contracts/sentry.md`, sections 2 to 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from bot.domain.addresses import address_value
from bot.domain.model import ErrorEvent, ErrorKind, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.settings.accounts import SentryAccount
from bot.sources.json_fields import (
    AnyText,
    Count,
    Flag,
    Id,
    Moment,
    Page,
    Part,
    Record,
    by_time,
    end_of,
    joined,
    read_record,
    to_id,
    to_page,
    to_text,
)
from bot.sources.safe_links import LinkRule
from bot.sources.sentry.links import CLOUD, is_cloud

# The last pages of a replay that are kept, in the order they were seen.
_TRAIL = 10
# The level of what ended the program.
_FATAL = "fatal"


def to_hex_id(value: Any) -> str | None:
    """A replay's or an error's id without dashes: the documents' examples have them, answers do not."""
    return (to_id(value) or "").replace("-", "") or None


HexId = Annotated[str | None, BeforeValidator(to_hex_id)]
Texts = Annotated[tuple[Any, ...], BeforeValidator(lambda value: value if isinstance(value, list) else [])]


class ReplayRow(Record):
    """One replay as the list and the single call have it."""

    needed = "id"
    id: HexId = None
    started_at: Moment = None
    finished_at: Moment = None
    duration: Count = None
    count_errors: Count = None
    count_urls: Count = None
    count_rage_clicks: Count = None
    count_dead_clicks: Count = None
    is_archived: Flag = None
    urls: Texts = ()
    error_ids: Texts = ()
    releases: Texts = ()
    user: Part = Field(default_factory=dict)
    browser: Part = Field(default_factory=dict)
    os: Part = Field(default_factory=dict)
    device: Part = Field(default_factory=dict)


class ErrorRow(Record):
    """One error as the table of events has it."""

    needed = "id"
    id: HexId = None
    title: AnyText = None
    issue_id: Id = Field(None, validation_alias="issue.id")
    timestamp: Moment = None
    user_id: Id = Field(None, validation_alias="user.id")
    user_email: AnyText = Field(None, validation_alias="user.email")
    replay_id: HexId = Field(None, validation_alias="replayId")
    url: Page = None
    level: AnyText = None


class Lifetime(Record):
    """What is counted of an issue since it began; the same beside it is of the asked days alone."""

    userCount: Count = None  # noqa: N815 - the vendor's spelling
    firstSeen: Moment = None  # noqa: N815


OfAllTime = Annotated[Lifetime, BeforeValidator(lambda value: read_record(value, Lifetime) or Lifetime())]


class IssueRow(Record):
    """One issue: a group of errors that are the same."""

    needed = "id"
    id: Id = None
    title: AnyText = None
    permalink: AnyText = None
    status: AnyText = None
    lifetime: OfAllTime = Field(default_factory=Lifetime)


def is_theirs(subject: Subject, uid: str | None, email: str | None) -> bool | None:
    """Whether a row is the subject's, exactly, as a search may find more; None where it does not say."""
    if subject.kind is SubjectKind.UID:
        return None if uid is None else uid == subject.value
    return None if email is None else address_value(email) == subject.value


@dataclass(frozen=True, slots=True)
class SentryWords:
    """Says what rows are in our words, with links to where people open Sentry."""

    name: SourceName
    settings: SentryAccount

    def session(self, row: ReplayRow, session_id: str) -> Session:
        """A replay as a session."""
        pages = [page for page, _ in groupby(to_page(url) for url in row.urls) if page]
        browser = joined(row.browser.get("name"), row.browser.get("version"))
        return Session(
            source=self.name,
            id=session_id,
            url=self._page(f"explore/replays/{session_id}/"),
            started_at=row.started_at,
            ended_at=end_of(row.started_at, row.finished_at, row.duration),
            duration_seconds=row.duration,
            user=_user(row),
            pages=row.count_urls,
            entry_page=pages[0] if pages else None,
            exit_page=pages[-1] if pages else None,
            device=to_text(row.device.get("name")) or to_text(row.device.get("model")),
            browser=browser,
            os=joined(row.os.get("name"), row.os.get("version")),
            errors=row.count_errors,
            # A web site's release is no version of an app that somebody has.
            app_version=to_text(row.releases[0]) if row.releases and not browser else None,
            has_replay=True,
            trail=tuple(pages[-_TRAIL:]),
            rage_clicks=row.count_rage_clicks,
            dead_clicks=row.count_dead_clicks,
        )

    def errors(
        self, rows: Sequence[ErrorRow], replays: Sequence[ReplayRow], issues: Mapping[str, IssueRow]
    ) -> tuple[ErrorEvent, ...]:
        """One error for each issue in each replay, newest first, dated by when it last hit the person."""
        recorded_in = {to_hex_id(error): row.id for row in replays for error in row.error_ids}
        hits: dict[tuple[str | None, str | None], list[ErrorRow]] = {}
        for row in rows:
            place = row.issue_id or row.id, row.replay_id or recorded_in.get(row.id)
            hits.setdefault(place, []).append(row)
        told = [
            self._error(same, session_id, issues.get(issue or ""))
            for (issue, session_id), same in hits.items()
        ]
        return tuple(sorted(told, key=lambda error: by_time(error.occurred_at), reverse=True))

    def _error(self, same: Sequence[ErrorRow], session_id: str | None, issue: IssueRow | None) -> ErrorEvent:
        newest = max(same, key=lambda row: by_time(row.timestamp))
        own = self._page(f"issues/{newest.issue_id}/") if (newest.issue_id or "").isdecimal() else None
        return ErrorEvent(
            self.name,
            newest.title or (issue.title if issue else None) or "An error without a title",
            id=newest.issue_id,
            url=(self._links.allow(issue.permalink) if issue else None) or own,
            occurred_at=newest.timestamp,
            count=len(same),
            session_id=session_id,
            status=issue.status if issue else None,
            page=newest.url,
            kind=ErrorKind.CRASH if newest.level == _FATAL else ErrorKind.EXCEPTION,
            users_affected=issue.lifetime.userCount if issue else None,
            first_occurred_at=issue.lifetime.firstSeen if issue else None,
        )

    @property
    def _links(self) -> LinkRule:
        own = (self.settings.base_url, self.settings.web_url)
        return LinkRule(hosts=(CLOUD,), origins=tuple(url for url in own if url))

    def _page(self, path: str) -> str:
        """A page's URL: the API names none for a replay (contract, section 7)."""
        organisation = self.settings.organization
        base = self.settings.web_url or self.settings.base_url
        if is_cloud(urlsplit(base).netloc):
            return f"https://{organisation}.{CLOUD}/{path}"
        return f"{base.rstrip('/')}/organizations/{organisation}/{path}"


def _user(row: ReplayRow) -> SessionUser:
    email, name = to_text(row.user.get("email")), to_text(row.user.get("username"))
    return SessionUser(
        to_id(row.user.get("id")), email.lower() if email else None, name if name != email else None
    )

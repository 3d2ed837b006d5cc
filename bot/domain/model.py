"""
The words of the field as plain data: subject, session, error event, finding, case file.

Nothing here knows a vendor, a database or Slack. All times are aware and in UTC; None means that the
vendor does not say.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.domain.coverage import Coverage

# A longer session is a mistake of whoever told it.
_DAY_SECONDS = 86_400

Vendor = str
"""A vendor by its name in settings and JSON, such as `rybbit`: one of the registry's."""


@dataclass(frozen=True, slots=True)
class SourceName:
    """One account at one vendor, such as `rybbit/www`; the label is lower case."""

    vendor: Vendor
    account: str

    def __str__(self) -> str:
        return f"{self.vendor}/{self.account}"


class SubjectKind(StrEnum):
    """What a subject is known by."""

    EMAIL = "email"
    UID = "uid"


@dataclass(frozen=True, slots=True)
class Subject:
    """
    Who is being looked up.

    `value` is what subjects are compared by: an address lower-cased, with its domain in ASCII, or the uid
    exactly as given.
    `typed` is what vendors are sent first: some of them match addresses by case.
    """

    kind: SubjectKind
    value: str
    typed: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """What vendors are asked for, each once: as typed, lower-cased, with the domain in ASCII."""
        if self.kind is SubjectKind.UID:
            return (self.typed,)
        return tuple(dict.fromkeys((self.typed, self.typed.lower(), self.value)))


class UrlIs(StrEnum):
    """What a session's URL opens: that session, or the person whose session it is."""

    SESSION = "session"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class SessionUser:
    """
    The person whose session it is, as the vendor says.

    `plan` is the plan or subscription they have, in the vendor's words; `first_seen` is when the vendor first
    saw them; `url` opens what the vendor has about the person.
    """

    uid: str | None = None
    email: str | None = None
    name: str | None = None
    plan: str | None = None
    first_seen: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """
    One recorded visit.

    `id` is the vendor's; `pages` and `errors` are counts; `duration_seconds` is whole seconds;
    `entry_page` and `exit_page` are paths without query and fragment; `country` is an ISO 3166 code.
    For apps: `screens` are names of some screens that were seen, `rage_taps` is a count, `video` is a link
    that expires. `channel` is how the person came to the site; `has_replay` is whether there is a recording
    to watch; with `errors_on_request` its errors are read only when a person asks for them, with
    `summary_on_request` the vendor sums it up in words then.

    `trail` are the last pages or screens in the order they were seen; `referrer` is the host that led to the
    site, `campaign` what was advertised; `rage_clicks`, `dead_clicks` and `error_clicks` are counts;
    `satisfaction` is the vendor's rating of how fast it was, in its words; `slowest_page` is a path, and took
    `slowest_page_seconds` to load; `network` is how the device was connected; `recorded_offline` says that it
    was delivered later than it happened; `video_expires_at` is when `video` ends. `over_by` is when it was
    over at the latest, where the vendor does not say when it ended; `number` is its place among all sessions
    of its user, 1 for the first.
    """

    source: SourceName
    id: str
    url: str | None = None
    url_is: UrlIs = UrlIs.SESSION
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: int | None = None
    live: bool | None = None
    user: SessionUser = SessionUser()
    pages: int | None = None
    entry_page: str | None = None
    exit_page: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    country: str | None = None
    city: str | None = None
    errors: int | None = None
    app_version: str | None = None
    screens: tuple[str, ...] = ()
    crashed: bool | None = None
    rage_taps: int | None = None
    video: str | None = None
    channel: str | None = None
    has_replay: bool | None = None
    errors_on_request: bool = False
    summary_on_request: bool = False
    trail: tuple[str, ...] = ()
    referrer: str | None = None
    campaign: str | None = None
    rage_clicks: int | None = None
    dead_clicks: int | None = None
    error_clicks: int | None = None
    satisfaction: str | None = None
    slowest_page: str | None = None
    slowest_page_seconds: float | None = None
    network: str | None = None
    recorded_offline: bool | None = None
    video_expires_at: datetime | None = None
    over_by: datetime | None = None
    number: int | None = None

    @property
    def lasted_until(self) -> datetime | None:
        """Until when it surely went on: its start, and what it lasted, a day at most."""
        if self.started_at is None:
            return None
        return self.started_at + timedelta(seconds=max(0, min(self.duration_seconds or 0, _DAY_SECONDS)))

    def may_reach(self, moment: datetime) -> bool:
        """Whether it began at a moment or later, or may have lasted until then; True without any time."""
        if self.started_at is not None and self.started_at >= moment:
            return True
        if self.ended_at is None and self.over_by is not None:
            return self.over_by > moment
        return (self.ended_at or self.started_at or moment) >= moment


class ErrorKind(StrEnum):
    """What went wrong, as far as the vendor tells it apart."""

    EXCEPTION = "exception"
    CRASH = "crash"
    FAILED_REQUEST = "failed_request"
    RAGE_CLICK = "rage_click"
    DEAD_CLICK = "dead_click"
    ERROR_CLICK = "error_click"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """
    One recorded error that hit the subject.

    `id` is the error group's where the vendor has groups; `count` is how often it hit the subject or, with
    `counts_everybody`, all users; `page` is the path that it was last seen on. `occurred_at` is when it hit
    the subject, never when it hit somebody else; `users_affected` are all users whom the group hit, the first
    of them at `first_occurred_at`. `counted_at` is when these and `count` were counted, where the vendor
    says so by itself now and then: by now there may be more; None: with the finding.
    """

    source: SourceName
    title: str
    id: str | None = None
    url: str | None = None
    occurred_at: datetime | None = None
    count: int | None = None
    session_id: str | None = None
    status: str | None = None
    counts_everybody: bool = False
    page: str | None = None
    kind: ErrorKind = ErrorKind.EXCEPTION
    users_affected: int | None = None
    first_occurred_at: datetime | None = None
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketReference:
    """A help desk's ticket as a message names it: the help desk, the ticket's number or id there, its URL."""

    system: str
    id: str
    url: str


class State(StrEnum):
    """Where a source's answer comes from, or why there is none."""

    LIVE = "live"
    CACHED = "cached"
    STALE = "stale"
    INDEX = "index"
    QUOTA = "quota"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a source could not be asked, or its answer not be used."""

    NOT_AUTHORISED = "not_authorised"
    RATE_LIMITED = "rate_limited"
    QUOTA_SPENT = "quota_spent"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    VENDOR_ERROR = "vendor_error"
    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Failure:
    """
    What went wrong at one source.

    `message` is for people: what happened and what it means; it never holds a key, an address or text
    of the vendor. `until` is when asking again makes sense, where that is known.
    """

    reason: Reason
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """
    A name that may be more than one person's: a uid with several addresses, or an address with several uids.

    `shared_by` are those addresses or uids, those last seen first, and `more` is how many there are besides;
    `told_by` are the sources that said so.
    """

    name: Subject
    shared_by: tuple[Subject, ...]
    told_by: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What one source says about one subject.

    `as_of` is when the vendor said it. `calls` is how many calls this lookup cost. Of a small quota,
    `calls_left` is how many calls remain, `calls_back` is when the next one comes back, and `calls_again` is
    the most that asking again would take. `covers` is the part of the kept time for which an index is
    complete. `notes` are remarks for people on how complete the answer is. `people` are those whom the vendor
    has by that name, with or without sessions. Sessions beside a `failure` were known before it.
    `complete_from` is set where the answer does not go back as far as was asked: only what began from then on
    is all there. `partial` says that a part of what was asked failed; `left_out` is how many records
    could not be read; `by_other_name` says that the vendor may know the subject by another name.
    """

    source: SourceName
    state: State
    as_of: datetime | None = None
    calls: int = 0
    sessions: tuple[Session, ...] = ()
    errors: tuple[ErrorEvent, ...] = ()
    people: tuple[SessionUser, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    calls_left: int | None = None
    calls_again: int | None = None
    calls_back: datetime | None = None
    covers: Coverage | None = None
    complete_from: datetime | None = None
    partial: bool = False
    left_out: int = 0
    by_other_name: bool = False

    @property
    def answered(self) -> bool:
        """Whether the source has answered, if only long ago or with "nobody found"."""
        return self.as_of is not None


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """
    All findings about one subject so far.

    `waiting` are the sources that have not answered yet; `at_vendor` are those of them whose vendor is being
    asked, rather than our own storage. `doubts` are names that were not looked up as they may be another's.
    """

    subject: Subject
    as_of: datetime
    days: int
    findings: tuple[Finding, ...] = ()
    waiting: tuple[SourceName, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    at_vendor: tuple[SourceName, ...] = ()

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Every source's sessions, newest first; those without a time come last."""
        every = (session for finding in self.findings for session in finding.sessions)
        return tuple(sorted(every, key=lambda session: session.started_at or _LONG_AGO, reverse=True))

    @property
    def errors(self) -> tuple[ErrorEvent, ...]:
        """Every source's error events, newest first: by their own time, else by their session's."""
        started = {(s.source, s.id): s.started_at for s in self.sessions}

        def when(error: ErrorEvent) -> datetime:
            in_session = started.get((error.source, error.session_id or ""))
            return error.occurred_at or in_session or _LONG_AGO

        every = (error for finding in self.findings for error in finding.errors)
        return tuple(sorted(every, key=when, reverse=True))

    @property
    def last_seen(self) -> datetime | None:
        """The latest that any session is known to have gone on; None where none has a time."""
        moments = [moment for s in self.sessions for moment in (s.ended_at, s.lasted_until) if moment]
        return max(moments, default=None)

    @property
    def answered(self) -> bool:
        """Whether at least one source has answered."""
        return any(finding.answered for finding in self.findings)


CaseFiles = tuple[CaseFile, ...]
"""The case files of those who were asked for together, in their order."""

"""
What tools answer, as models with a schema: each figure with the source that says it and its age.

What vendors and customers wrote is data: one line, cut, without characters that nobody sees, and always the
value of a field.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bot.domain.characters import without_invisible

_LONGEST_TEXT = 200
_LONGEST_URL = 2_000


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    line = " ".join("".join(c if c.isprintable() else " " for c in without_invisible(value)).split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"


def _whole_url(value: Any) -> Any:
    """An address, or none where it is too long: half of one leads elsewhere."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_URL else None


Line = Annotated[str, BeforeValidator(_plain)]
Url = Annotated[str | None, BeforeValidator(_whole_url)]
Time = Annotated[
    datetime,
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}", return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Figure(_Result):
    """What every figure has: who says it, when, and how old that is."""

    source: Line = Field(description="who says it: vendor and account, such as rybbit/www")
    as_of: Time | None = Field(description="when the source said it, in UTC; null where it has not answered")
    age_seconds: int | None = Field(description="how old it is now")


class McpSession(Figure):
    """One recorded visit."""

    id: Line
    url: Url = Field(description="where it can be watched")
    url_is: Line = Field(description="session, or person: the page of the person whose session it is")
    started_at: Time | None
    ended_at: Time | None
    duration_seconds: int | None
    live: bool | None
    uid: Line | None = Field(description="the product's id of the person, as the source has it")
    email: Line | None
    name: Line | None
    pages: int | None = Field(description="how many pages or screens were seen")
    entry_page: Line | None
    exit_page: Line | None
    device: Line | None
    browser: Line | None
    os: Line | None
    app_version: Line | None
    country: Line | None
    city: Line | None
    errors: int | None = Field(description="how many errors the source counts in it")
    crashed: bool | None


class McpError(Figure):
    """One recorded error that hit the person."""

    id: Line | None = Field(description="the error group's id, where the source has groups")
    title: Line
    kind: Line
    url: Url
    occurred_at: Time | None = Field(description="when it hit this person; null where the source has no time")
    count: int | None
    counts_everybody: bool = Field(description="whether `count` is of all users rather than of this person")
    users_affected: int | None
    page: Line | None
    session_id: Line | None
    status: Line | None


class McpSource(Figure):
    """How one source answered."""

    state: Line = Field(description="live, cached, stale, index, quota (spent) or failed")
    calls: int = Field(description="calls that this question cost")
    covers_from: Time | None = Field(description="null where it has looked at the whole span")
    sessions: int = Field(description="how many sessions it has of the person")
    errors: int = Field(description="how many error events it has of the person")
    detail: Annotated[str, BeforeValidator(lambda text: text[:1_000])]


class FoundSessions(_Result):
    """A customer's sessions and errors from all sources, newest first."""

    subject: Line
    subject_is: Line = Field(description="email or uid")
    as_of: Time
    days: int = Field(description="how many days back was looked")
    complete: bool = Field(
        description="whether every source answered for the whole span; only then does nothing mean nobody"
    )
    sessions_in_all: int
    errors_in_all: int
    sessions: list[McpSession] = Field(description="the newest 50 at most")
    errors: list[McpError] = Field(description="the newest 50 at most")
    sources: list[McpSource]
    doubts: list[Line] = Field(description="names that may be another person's, and were not looked up")


class TicketNamed(_Result):
    """A help desk's ticket."""

    system: Line
    id: Line
    url: Url


class ReadTicket(_Result):
    """What a message in Slack calls for, read from the message alone."""

    source: Line = Field(description="the message: nobody was asked")
    as_of: Time
    age_seconds: int
    action: Line = Field(description="reply, offer or ignore")
    reason: Line
    requester: list[Line] = Field(description="addresses that may be looked up")
    uids: list[Line]
    mentioned: list[Line] = Field(description="other outside addresses: a person has to choose")
    ticket: TicketNamed | None


class DescribedLink(Figure):
    """What an address names, and what its source has of it."""

    vendor: Line | None = Field(description="null where it is no page of a known vendor")
    kind: Line | None = Field(description="session, person, list or error")
    session_id: Line | None
    user_id: Line | None
    account_id: Line | None
    error_id: Line | None
    known: bool = Field(description="whether it names a session or a person of a configured account")
    why: Line | None = Field(description="why nothing more is told")
    state: Line | None = Field(description="live, cached, stale, index, quota (spent) or failed")
    subject: Line | None = Field(description="whose it is, as an address or uid for find_sessions")
    session: McpSession | None
    sessions: list[McpSession] = Field(description="of a person's page: the newest 10 at most")
    errors: list[McpError]


class McpQuota(Figure):
    """What one account has left."""

    limit: int | None = Field(description="calls that the vendor allows in the window; null: none known")
    window_seconds: int | None
    used: int
    left: int | None
    returns_at: Time | None = Field(description="when the next call comes back")
    blocked_until: Time | None


class QuotaLeft(_Result):
    """Every account's calls, as Casefile's own ledger counts them."""

    accounts: list[McpQuota]

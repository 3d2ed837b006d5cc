"""
UXCam's two APIs, with one key (`contracts/uxcam.md`): the newer one is tried first, then the classic one.

The newer one takes the key in a header and has pages by cursor; the classic one takes it in the query and
has pages by number. Which one serves an account is found out once, and kept.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import structlog
from pydantic import Field

from bot.domain.model import Failure
from bot.settings.accounts import UXCamAccount
from bot.sources.http import CallFailed, Calls, Reply
from bot.sources.json_fields import (
    AnyText,
    Count,
    Id,
    Part,
    Record,
    at,
    to_count,
    to_flag,
    to_moment,
    to_text,
)
from bot.sources.quota import Window
from bot.storage.memory import Memory

# The strictest of the limits that the vendor's pages name (contract, section 1.5), each with a lag: the time
# between our counting a call and its arrival differs.
WINDOWS = (Window(5, 1, 0.5), Window(60, 60, 2), Window(500, 3600, 2))
# Sessions a page, the most that each API takes (contract, sections 1.2 and 2.1), and pages of one question.
NEWER_PAGE, CLASSIC_PAGE = 2_000, 500
MOST_PAGES = 3
# How long it is kept which API serves an account.
_KEPT = timedelta(days=7)
_NEWER, _CLASSIC = "newer", "classic"
# An API that is not served or not enabled for this account, or that does not know the key.
_NOT_THERE = frozenset({401, 403, 404, 405, 410})
# `device` is all of the device's parts at once.
_SHOWN = ("property", "user", "location", "device")
# How long no call is made after a 429 that names no time: first, and at most; each is so many times the last.
_FIRST_REST = timedelta(hours=1)
_LONGEST_REST = timedelta(days=1)
_REST_GROWS = 4


class ListedSession(Record):
    """One session as either API lists it; what its parts hold depends on the API and its version."""

    needed = "sessionId"
    sessionId: Id = None  # noqa: N815 - the vendor's spelling
    sessionNumber: Count = None  # noqa: N815
    url: AnyText = None
    video: AnyText = None
    seen: Part = Field(default_factory=dict, validation_alias="property")
    user: Part = Field(default_factory=dict)
    device: Part = Field(default_factory=dict)
    deviceBasics: Part = Field(default_factory=dict)  # noqa: N815
    deviceHardware: Part = Field(default_factory=dict)  # noqa: N815
    location: Part = Field(default_factory=dict)

    def of_user(self, name: str) -> str | None:
        """One of the user's properties; most recorded rows have them one level deeper."""
        return to_text(self.user.get(name)) or to_text(at(self.user, "userProperty", name))

    @property
    def user_id(self) -> str | None:
        """The vendor's own id of the user."""
        return self.of_user("uxcamuserid")

    @property
    def uploaded_at(self) -> datetime | None:
        """When it reached the vendor, by which lists are ordered and cut; else when it began."""
        uploaded = to_moment(self.seen.get("uploadedServerTime"))
        return uploaded or to_moment(self.seen.get("verifiedServerTime"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    The sessions to list: an attribute (`property_name` for a custom one), its value, and the span.

    With `may_be_unset` a 400 may mean that the app sets no such property.
    """

    attribute: str
    value: str
    since: datetime
    until: datetime
    property_name: str | None = None
    may_be_unset: bool = False

    def filters(self, *, classic: bool) -> list[dict[str, Any]]:
        """
        The filters in the form of one of the APIs.

        Custom properties are compared by `in` in the classic one's own collection of examples, by `equal` in
        the newer one's pages. The span is a day wider on both sides: the vendor counts days in the zone of
        the app, by time of upload.
        """
        is_list = classic and self.property_name is not None
        equal: dict[str, Any] = {
            "attribute": self.attribute,
            "operator": "in" if is_list else "equal",
            "value": [self.value] if is_list else self.value,
        }
        if self.property_name:
            equal["property_name"] = self.property_name
        day = timedelta(days=1)
        span = {"lower": f"{self.since - day:%Y-%m-%d}", "upper": f"{self.until + day:%Y-%m-%d}"}
        return [equal, {"attribute": "date_range", "operator": "between_dates", "value": span}]


@dataclass(frozen=True, slots=True)
class ListedSessions:
    """
    The sessions of all pages read.

    `cut_at` is set where there are more: the upload of the oldest one read. `failure` is why, where a page
    could not be had.
    """

    rows: tuple[ListedSession, ...] = ()
    cut_at: datetime | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[ListedSession]
    following: str | None


@dataclass(slots=True)
class GrowingRest:
    """How long no call is made after a 429 that names no time: longer each time, up to a day."""

    _rest: timedelta = timedelta()
    _until: datetime | None = None

    def __call__(self, now: datetime) -> timedelta:
        """The next rest; it begins with an hour again where the last one ended a day ago."""
        recent = self._until is not None and now - self._until < _LONGEST_REST
        self._rest = min(self._rest * _REST_GROWS, _LONGEST_REST) if recent else _FIRST_REST
        self._until = now + self._rest
        return self._rest


@dataclass(frozen=True, slots=True)
class UXCamApi:
    """One app's sessions, by whichever API serves; `account` is its name in the ledger."""

    account: str
    settings: UXCamAccount
    memory: Memory

    async def is_found_out(self) -> bool:
        """Whether it is known which API serves the account."""
        return await self._known() is not None

    async def serving(self) -> str:
        """Which API serves the account, in words."""
        return f"by its {await self._known() or _NEWER} API"

    async def sessions(self, wanted: Wanted, calls: Calls) -> ListedSessions:
        """
        The sessions wanted, the latest upload first.

        Raises:
            CallFailed: when the first page cannot be had.

        """
        rows: dict[str, ListedSession] = {}
        seen: set[str] = set()
        following: str | None = None
        for number in range(MOST_PAGES):
            try:
                page = await self._page(wanted, following, calls)
            except CallFailed as failed:
                if not number:
                    raise
                return ListedSessions(tuple(rows.values()), _oldest(rows), failed.failure)
            rows |= {row.sessionId: row for row in page.rows if row.sessionId}
            following = page.following
            # Pages that lead back to an earlier one would never end.
            if following is None or following in seen:
                return ListedSessions(tuple(rows.values()))
            seen.add(following)
        return ListedSessions(tuple(rows.values()), _oldest(rows))

    async def counted(self, filters: list[dict[str, Any]], groups: Sequence[str], calls: Calls) -> list[Any]:
        """
        How many sessions there are of each group, as rows with the groups' attributes and `session_count`.

        The classic API alone is documented for this (developer.uxcam.com/docs/sessions-1, Analyze Sessions;
        recorded answers in the vendor's collection, "Sessions with UI Freeze by app version and device
        model").

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """
        rows: list[Any] = []
        page: int | None = 1
        for _ in range(MOST_PAGES):
            params = {
                "appid": self.settings.app_id,
                "apikey": self.settings.api_key.get_secret_value(),
                "page": str(page),
                "page_size": str(CLASSIC_PAGE),
                "filters": json.dumps(filters, separators=(",", ":")),
                "group_by": json.dumps([{"attribute": one} for one in groups], separators=(",", ":")),
            }
            classic = self.settings.classic_url
            reply = await calls.request("GET", "/v2/session/analytics", params=params, base_url=classic)
            if not reply.ok:
                raise calls.refused(reply)
            data = at(reply.body, "data")
            if at(reply.body, "success") is False or not isinstance(data, list):
                raise calls.unreadable("counts of sessions")
            rows += data
            page = to_count(at(reply.body, "pagination", "next"))
            if page is None:
                return rows
        raise calls.unreadable("all counts of sessions")

    async def _page(self, wanted: Wanted, following: str | None, calls: Calls) -> _Page:
        known = await self._known()
        if known != _CLASSIC:
            reply = await self._newer(wanted, following, calls)
            if reply.status not in _NOT_THERE or following:
                await self._keep(_NEWER, known)
                await _correct_quota(reply, calls)
                return _read_newer(reply, wanted, calls)
        reply = await self._classic(wanted, following, calls)
        if reply.status in _NOT_THERE:
            await self.memory.forget(self.account, "api")
            raise calls.refused(reply)
        await self._keep(_CLASSIC, known)
        return _read_classic(reply, wanted, calls)

    async def _newer(self, wanted: Wanted, cursor: str | None, calls: Calls) -> Reply:
        body: dict[str, Any] = {
            "app_id": self.settings.app_id,
            "filters": wanted.filters(classic=False),
            "show_only": list(_SHOWN),
            "page_size": NEWER_PAGE,
            # Whoever has such a link can watch: it is asked for only where it may be shown.
            "with_video": self.settings.show_video,
        }
        if cursor:
            body["cursor"] = cursor
        headers = {"X-Api-Key": self.settings.api_key.get_secret_value()}
        return await calls.request("POST", "/api/data-access/v1/session", headers=headers, body=body)

    async def _classic(self, wanted: Wanted, page: str | None, calls: Calls) -> Reply:
        params = {
            "appid": self.settings.app_id,
            "apikey": self.settings.api_key.get_secret_value(),
            "page": page or "1",
            "page_size": str(CLASSIC_PAGE),
            # The vendor refuses blanks in it.
            "filters": json.dumps(wanted.filters(classic=True), separators=(",", ":")),
        }
        return await calls.request("GET", "/v2/session", params=params, base_url=self.settings.classic_url)

    async def _known(self) -> str | None:
        return await self.memory.recall(self.account, "api")

    async def _keep(self, api: str, known: str | None) -> None:
        if api != known:
            await self.memory.remember(self.account, "api", api, _KEPT)


def _read_newer(reply: Reply, wanted: Wanted, calls: Calls) -> _Page:
    if reply.status == HTTPStatus.BAD_REQUEST and wanted.may_be_unset:
        return _Page([], None)
    rows, paging = _rows(reply, calls), at(reply.body, "pagination")
    cursor = to_text(at(paging, "next_cursor"))
    return _Page(rows, cursor if to_flag(at(paging, "has_more")) is not False else None)


def _read_classic(reply: Reply, wanted: Wanted, calls: Calls) -> _Page:
    if reply.status == HTTPStatus.BAD_REQUEST and wanted.may_be_unset:
        return _Page([], None)
    # Some answers have no `pagination`: then there is one page.
    following = to_count(at(reply.body, "pagination", "next"))
    return _Page(_rows(reply, calls), str(following) if following else None)


def _rows(reply: Reply, calls: Calls) -> list[ListedSession]:
    if not reply.ok:
        raise calls.refused(reply)
    if not isinstance(reply.body, dict) or reply.body.get("success") is False:
        raise calls.unreadable("a list of sessions")
    rows = calls.records(reply.body.get("data") or [], ListedSession)
    if rows is None:
        raise calls.unreadable("a list of sessions")
    if rows:
        log = structlog.get_logger("uxcam")
        log.info(
            "uxcam.listed", rows=len(rows), parts=sorted(rows[0].model_fields_set), nested=_is_nested(rows[0])
        )
    return rows


def _is_nested(row: ListedSession) -> bool:
    """Whether the user's properties are one level deeper."""
    return isinstance(row.user.get("userProperty"), dict)


def _oldest(rows: dict[str, ListedSession]) -> datetime | None:
    return min((moment for row in rows.values() if (moment := row.uploaded_at)), default=None)


async def _correct_quota(reply: Reply, calls: Calls) -> None:
    """Correct the ledger by the vendor's headers; `X-RateLimit-Reset` is in seconds from now."""
    left = to_count(reply.headers.get("x-ratelimit-remaining"))
    resets = to_count(reply.headers.get("x-ratelimit-reset"))
    if left is not None and resets is not None:
        await calls.correct(left, timedelta(seconds=resets))

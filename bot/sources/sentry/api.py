"""
Sentry's calls: lists by cursor, the search's language, and how it refuses (`docs/contracts/sentry.md`).

A list's next page is asked for by its cursor alone: the address in the `Link` header is never followed, it
would carry the token elsewhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Generic

from bot.domain.model import Failure, Reason, Subject, SubjectKind
from bot.operations.clock import Clock
from bot.settings.accounts import SentryAccount
from bot.sources.http import CallFailed, Calls, Reply, segment
from bot.sources.json_fields import R, at, read_record, to_moment, to_text
from bot.sources.quota import Window
from bot.sources.sentry.records import ErrorRow, IssueRow, ReplayRow

# The strictest limit among the endpoints that are asked (contract, section 5), with a lag: the time between
# our counting a call and its arrival differs.
WINDOWS = (Window(10, 1, 0.5),)
# How long no call is made after a 429 that names no time: windows are of a second (contract, section 5).
REST = timedelta(seconds=5)
# Rows a page, the most that Sentry gives, and pages of one question.
PAGE = 100
MOST_REPLAY_PAGES, MOST_ERROR_PAGES = 3, 2
# Replays last an hour at most; a list goes by when they began.
_LONGEST_REPLAY = timedelta(hours=2)
_NEXT = re.compile(r'rel="next"\s*;\s*results="true"\s*;\s*cursor="([^"]*)"')
# What it says to a question about several projects, where a plan or a server lacks "global views".
_ONE_PROJECT = re.compile(r"\bmulti(?:ple)? projects?\b", re.IGNORECASE)
_FIELDS = (
    "id",
    "title",
    "issue",
    "issue.id",
    "timestamp",
    "user.id",
    "user.email",
    "replayId",
    "url",
    "level",
)
# What a lookup asks for, and the scope that it needs (contract, section 1).
NEEDED = {"replays": "org:read", "events": "org:read", "issues": "event:read"}

Params = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class SearchedRows(Generic[R]):
    """The rows of all pages read; `more` says that there are others, `failure` why a page is missing."""

    rows: tuple[R, ...] = ()
    more: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class SentryApi:
    """One organisation's replays, errors and issues."""

    settings: SentryAccount
    clock: Clock

    async def replays(self, name: str, since: datetime, calls: Calls) -> SearchedRows[ReplayRow] | None:
        """
        The replays that a search finds, newest first; None where the organisation records none.

        Raises:
            CallFailed: when the first page cannot be had.

        """
        params = self._span(since - _LONGEST_REPLAY) | {"query": name, "sort": "-started_at"}
        reply = await self._get("replays", params | {"per_page": str(PAGE)}, calls)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return await self._pages("replays", reply, params, ReplayRow, MOST_REPLAY_PAGES, calls)

    async def errors(self, name: str, since: datetime, calls: Calls) -> SearchedRows[ErrorRow]:
        """
        The errors that a search finds, newest first.

        Raises:
            CallFailed: when the first page cannot be had.

        """
        params = self._span(since) | {
            "query": name,
            "dataset": "errors",
            "sort": "-timestamp",
            "field": _FIELDS,
        }
        reply = await self._get("events", params | {"per_page": str(PAGE)}, calls)
        return await self._pages("events", reply, params, ErrorRow, MOST_ERROR_PAGES, calls)

    async def issues(self, name: str, since: datetime, calls: Calls) -> dict[str, IssueRow]:
        """
        The issues with an error that a search finds, by their ids: the 100 that were seen last.

        Raises:
            CallFailed: when they cannot be had.

        """
        params = self._span(since) | {"query": name, "sort": "date", "limit": str(PAGE)}
        reply = await self._get("issues", params, calls)
        rows = calls.records(reply.body, IssueRow) if reply.ok else None
        if rows is None:
            raise calls.unreadable("a list of issues") if reply.ok else self._unknown(calls, reply)
        return {row.id: row for row in rows if row.id}

    async def replay(self, replay_id: str, calls: Calls) -> ReplayRow | None:
        """
        One replay by its id; None where there is none.

        Raises:
            CallFailed: when it cannot be had.

        """
        reply = await self._get(f"replays/{segment(replay_id)}", {"statsPeriod": "90d"}, calls)
        if not calls.is_there(reply):
            return None
        row = read_record(at(reply.body, "data"), ReplayRow)
        if row is None:
            raise calls.unreadable("a replay")
        return None if row.is_archived or row.id != replay_id else row

    async def lacking(self, calls: Calls) -> tuple[str, ...]:
        """
        The scopes that the token lacks, found out by asking for a row of each kind.

        Raises:
            CallFailed: when the token or the organisation is refused as a whole.

        """
        lacking = []
        now = self.clock()
        for kind, scope in NEEDED.items():
            params = self._span(now - timedelta(hours=1)) | {"query": 'user.id:"casefile-doctor"'}
            size = {"limit": "1"} if kind == "issues" else {"per_page": "1"}
            more = {"dataset": "errors", "field": _FIELDS[:2]} if kind == "events" else {}
            reply = await self._get(kind, params | size | more, calls)
            if reply.status == HTTPStatus.FORBIDDEN:
                lacking.append(scope)
            elif reply.status == HTTPStatus.NOT_FOUND and kind == "replays":
                # Without Session Replay there is no such list; the next call says whether the name is right.
                continue
            elif not reply.ok:
                raise self._unknown(calls, reply)
        return tuple(dict.fromkeys(lacking))

    def _unknown(self, calls: Calls, reply: Reply) -> CallFailed:
        if reply.status == HTTPStatus.NOT_FOUND:
            what = "Sentry knows no such organisation: ORGANIZATION or BASE_URL is wrong"
            return CallFailed(Reason.NOT_AUTHORISED, what)
        if reply.status == HTTPStatus.BAD_REQUEST and _ONE_PROJECT.search(
            to_text(at(reply.body, "detail")) or ""
        ):
            what = "Sentry answers of one project at a time here: PROJECT has to name which"
            return CallFailed(Reason.NOT_AUTHORISED, what)
        return calls.refused(reply)

    async def _pages(
        self, kind: str, first: Reply, params: Params, record: type[R], most: int, calls: Calls
    ) -> SearchedRows[R]:
        """The rows of a list from its first page on; only the first one's failure is raised."""
        rows = self._rows(kind, first, record, calls)
        seen = set[str]()
        following = _NEXT.search(first.headers.get("link", ""))
        # Pages that lead back to an earlier one would never end.
        while following is not None and following[1] not in seen:
            if len(seen) + 1 == most:
                return SearchedRows(tuple(rows), more=True)
            seen.add(following[1])
            page = {**params, "per_page": str(PAGE), "cursor": following[1]}
            try:
                reply = await self._get(kind, page, calls)
                rows += self._rows(kind, reply, record, calls)
            except CallFailed as failed:
                return SearchedRows(tuple(rows), more=True, failure=failed.failure)
            following = _NEXT.search(reply.headers.get("link", ""))
        return SearchedRows(tuple(rows))

    def _rows(self, kind: str, reply: Reply, record: type[R], calls: Calls) -> list[R]:
        if not reply.ok:
            raise self._unknown(calls, reply)
        rows = calls.records(at(reply.body, "data"), record)
        if rows is None:
            raise calls.unreadable(f"a list of {kind}")
        return rows

    async def _get(self, path: str, params: Params, calls: Calls) -> Reply:
        headers = {"Authorization": f"Bearer {self.settings.token.get_secret_value()}"}
        where = f"/api/0/organizations/{segment(self.settings.organization)}/{path}/"
        project = {"project": self.settings.project} if self.settings.project else {}
        reply = await calls.get(where, params={**params, **project}, headers=headers)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise calls.refused(reply)
        await self._correct(reply, calls)
        return reply

    async def _correct(self, reply: Reply, calls: Calls) -> None:
        """Wait for the next window where the vendor's own count says that this one is empty."""
        resets = to_moment(reply.headers.get("x-sentry-rate-limit-reset"))
        if reply.headers.get("x-sentry-rate-limit-remaining") == "0" and resets is not None:
            left = max(resets - self.clock(), timedelta(seconds=1))
            await calls.correct(0, min(left, timedelta(minutes=1)))

    def _span(self, since: datetime) -> dict[str, str | Sequence[str]]:
        until = self.clock() + timedelta(minutes=1)
        return {"start": _written(since), "end": _written(until)}


def searched(subject: Subject, spelling: str) -> str:
    """
    The search for one name, exactly: `*` would match anything, a quote would end the value.

    A backslash before a star cannot be written in that language, so that its search finds too much: whose a
    row is is compared again.
    """
    field = "user.email" if subject.kind is SubjectKind.EMAIL else "user.id"
    escaped = spelling.replace('"', '\\"').replace("*", "\\*")
    return f'{field}:"{escaped}"'


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"

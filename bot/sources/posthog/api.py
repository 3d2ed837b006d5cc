"""
PostHog's calls: people, their recordings, their exceptions, and how it refuses (`docs/contracts/posthog.md`).

Lists of recordings have a small limit of their own: each is counted against a budget too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from bot.domain.model import Reason
from bot.operations.clock import Clock
from bot.settings.accounts import PostHogAccount
from bot.sources.http import CallFailed, Calls, Reply, segment
from bot.sources.json_fields import at, read_record, to_flag, to_text
from bot.sources.posthog.records import ExceptionRow, PersonRow, RecordingRow
from bot.sources.quota import Account, Window

# What a project allows for people, recordings and queries (contract, section 6), each with a lag: the time
# between our counting a call and its arrival differs.
WINDOWS = (Window(240, 60, 2), Window(1_200, 3_600, 2))
# Recordings and exceptions of one question, and people whom one name may have.
MOST_RECORDINGS, MOST_EXCEPTIONS, MOST_PEOPLE = 200, 200, 100
# A session lasts a day at most; a list goes by when they began.
_LONGEST_SESSION = timedelta(days=1)
# Of the hour's lists, the part that a minute may take.
_OF_AN_HOUR = 5
_COLUMNS = {
    "uuid": "uuid",
    "timestamp": "timestamp",
    "person_id": "person_id",
    "session_id": "properties.$session_id",
    "issue_id": "properties.$exception_issue_id",
    "types": "properties.$exception_types",
    "values": "properties.$exception_values",
    "url": "properties.$current_url",
}
_EXCEPTIONS = (
    f"SELECT {', '.join(_COLUMNS.values())} FROM events"  # noqa: S608 - all of it is ours, values go apart
    " WHERE event = '$exception' AND person_id IN {people} AND timestamp >= toDateTime({since})"
    f" ORDER BY timestamp DESC LIMIT {MOST_EXCEPTIONS + 1}"
)
_PEOPLE_OF_AN_ID = "SELECT person_id FROM person_distinct_ids WHERE distinct_id = {id} LIMIT 10"
_SCOPES = {"persons": "person:read", "session_recordings": "session_recording:read", "query": "query:read"}


def listings(account: str, settings: PostHogAccount) -> Account:
    """The lists of recordings that the project allows, which are fewer than its other calls."""
    hourly = settings.hourly_listings
    windows = (Window(max(1, hourly // _OF_AN_HOUR), 60, 2), Window(hourly, 3_600, 2))
    return Account(f"{account}/recordings", windows)


@dataclass(frozen=True, slots=True)
class PostHogApi:
    """One project's people, recordings and exceptions."""

    settings: PostHogAccount
    clock: Clock
    listings: Account

    async def people(self, by: str, name: str, calls: Calls) -> list[PersonRow]:
        """
        The people whom a search for one name finds: by `email`, the property, or by `distinct_id`.

        Raises:
            CallFailed: when they cannot be had.

        """
        reply = await self._get("persons", {by: name, "limit": str(MOST_PEOPLE)}, calls)
        rows = calls.records(at(self._well(reply, calls).body, "results"), PersonRow)
        if rows is None:
            raise calls.unreadable("a list of people")
        return rows

    async def has_id(self, person: PersonRow, distinct_id: str, calls: Calls) -> bool:
        """
        Whether an id is surely a person's, where the list of people names only some of theirs.

        Raises:
            CallFailed: when it cannot be asked.

        """
        rows = await self._query(_PEOPLE_OF_AN_ID, {"id": distinct_id}, calls)
        return any(isinstance(row, list) and row[:1] == [person.uuid] for row in rows)

    async def person(self, uuid: str, calls: Calls) -> PersonRow | None:
        """
        One person by PostHog's own id; None where there is none.

        Raises:
            CallFailed: when they cannot be had.

        """
        reply = await self._get(f"persons/{segment(uuid)}", {}, calls)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return read_record(self._well(reply, calls).body, PersonRow)

    async def recordings(
        self, person: PersonRow, since: datetime, calls: Calls
    ) -> tuple[list[RecordingRow], bool]:
        """
        A person's recordings, newest first, and whether there are more.

        Raises:
            CallFailed: when they cannot be had.

        """
        params = {
            "person_uuid": person.uuid or "",
            "date_from": _written(since - _LONGEST_SESSION),
            "limit": str(MOST_RECORDINGS),
            "order": "start_time",
            "order_direction": "DESC",
        }
        reply = self._well(await self._get("session_recordings", params, calls, self.listings), calls)
        rows = calls.records(at(reply.body, "results"), RecordingRow)
        if rows is None:
            raise calls.unreadable("a list of recordings")
        return rows, to_flag(at(reply.body, "has_next")) is True

    async def recording(self, session_id: str, calls: Calls) -> RecordingRow | None:
        """
        One recording by its session's id; None where there is none.

        Raises:
            CallFailed: when it cannot be had.

        """
        reply = await self._get(f"session_recordings/{segment(session_id)}", {}, calls)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        row = read_record(self._well(reply, calls).body, RecordingRow)
        if row is None:
            raise calls.unreadable("a recording")
        return row if row.id == session_id else None

    async def exceptions(
        self, people: list[str], since: datetime, calls: Calls
    ) -> tuple[list[ExceptionRow], bool]:
        """
        The exceptions that hit some people, newest first, and whether there are more.

        Raises:
            CallFailed: when they cannot be had.

        """
        rows = await self._query(_EXCEPTIONS, {"people": people, "since": _written(since)}, calls)
        named = [dict(zip(_COLUMNS, row, strict=False)) if isinstance(row, list) else row for row in rows]
        read = calls.records(named, ExceptionRow) or []
        return read[:MOST_EXCEPTIONS], len(rows) > MOST_EXCEPTIONS

    async def lacking(self, calls: Calls) -> tuple[str, ...]:
        """
        The scopes that the key lacks, found out by asking for a row of each kind.

        Raises:
            CallFailed: when the key or the project is refused as a whole.

        """
        nobody = {"distinct_id": "casefile-doctor", "limit": "1"}
        hour = {"date_from": _written(self.clock() - timedelta(hours=1)), "limit": "1"}
        replies = {
            "persons": await self._get("persons", nobody, calls),
            "session_recordings": await self._get("session_recordings", hour, calls, self.listings),
            "query": await self._ask("SELECT 1", {}, calls),
        }
        for reply in replies.values():
            if reply.status != HTTPStatus.FORBIDDEN:
                self._well(reply, calls)
            elif "scope" not in (to_text(at(reply.body, "detail")) or ""):
                what = "PostHog's key may not read this project: PROJECT is wrong, or the key is for others"
                raise CallFailed(Reason.NOT_AUTHORISED, what)
        return tuple(_SCOPES[kind] for kind, reply in replies.items() if not reply.ok)

    async def _query(self, query: str, values: Mapping[str, Any], calls: Calls) -> list[Any]:
        reply = self._well(await self._ask(query, values, calls), calls)
        rows = at(reply.body, "results")
        if not isinstance(rows, list):
            raise calls.unreadable("the rows of a query")
        return rows

    async def _ask(self, query: str, values: Mapping[str, Any], calls: Calls) -> Reply:
        # What it has kept of an earlier answer would be told as if it were of now.
        body = {
            "query": {"kind": "HogQLQuery", "query": query, "values": values},
            "refresh": "force_blocking",
            "name": "casefile",
        }
        return await calls.request("POST", self._path("query"), headers=self._headers, body=body)

    async def _get(
        self, path: str, params: Mapping[str, str], calls: Calls, budget: Account | None = None
    ) -> Reply:
        return await calls.request(
            "GET", self._path(path), params=params, headers=self._headers, budget=budget
        )

    def _path(self, path: str) -> str:
        return f"/api/projects/{segment(self.settings.project)}/{path}/"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.api_key.get_secret_value()}"}

    def _well(self, reply: Reply, calls: Calls) -> Reply:
        if reply.status == HTTPStatus.NOT_FOUND:
            what = "PostHog knows no such project: PROJECT or BASE_URL is wrong"
            raise CallFailed(Reason.NOT_AUTHORISED, what)
        if not reply.ok:
            raise calls.refused(reply)
        return reply


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"

"""
A stand-in for PostHog's private API, as strict as its documents and its source (`docs/contracts/posthog.md`).

It takes a personal API key with scopes, lists ten of a person's ids at most, compares capitals, counts lists
of recordings on their own, and runs the queries that Casefile writes, with their values apart.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.people import Customer, Error, Visit
from sandbox.vendors.stand_in import Clock, StandIn

POSTHOG = "posthog"
PROJECT = "12345"
_WEB = "https://us.posthog.com"
_SHOP = "https://shop.contoso.example"
_NAMES = uuid.UUID("0190a5f7-0000-7000-8000-000000000000")
_MOST_IDS = 10
# Calls a minute and an hour: of all kinds together, and of lists of recordings (contract, section 6).
_LIMITS = ((240, 60), (1_200, 3_600))
_SCOPES = {"persons": "person:read", "session_recordings": "session_recording:read", "query": "query:read"}
_LIST_FIELDS = frozenset(
    {"person_uuid", "date_from", "date_to", "limit", "offset", "order", "order_direction"}
)
_PERSON_FIELDS = frozenset({"email", "distinct_id", "search", "limit", "offset"})
_EVENTS = re.compile(
    r"SELECT (?P<columns>[\w$., ]+) FROM events WHERE event = '\$exception'"
    r" AND person_id IN \{(?P<people>\w+)\} AND timestamp >= toDateTime\(\{(?P<since>\w+)\}\)"
    r" ORDER BY timestamp DESC LIMIT (?P<limit>\d+)"
)
_IDS = re.compile(r"SELECT person_id FROM person_distinct_ids WHERE distinct_id = \{(?P<id>\w+)\} LIMIT \d+")


class _Refused(Exception):
    """Raised for a question that PostHog refuses with 400."""


class PostHog(StandIn):
    """
    PostHog with one project.

    Attributes:
        scopes: what the key may read.
        hourly_listings: lists of recordings in an hour; a fifth of them in a minute.
        devices: how many ids of its own making each person has, beside the app's.

    """

    def __init__(self, clock: Clock, people: Sequence[Customer]) -> None:
        super().__init__(clock)
        self.api_key = "phx_demoKeyOfNobody0123456789"
        self.scopes = set(_SCOPES.values())
        self.hourly_listings = 60
        self.devices = 1
        self.people = [person for person in people if POSTHOG in person.vendors]
        self._counted: dict[str, list[datetime]] = {"all": [], "listings": []}

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {
            "POSTHOG__APP__API_KEY": self.api_key,
            "POSTHOG__APP__PROJECT": PROJECT,
            "POSTHOG__APP__BASE_URL": self.origin,
            "POSTHOG__APP__WEB_URL": _WEB,
        }

    def urls(self, person: Customer) -> Sequence[str]:
        """Addresses of somebody's recordings, the newest first."""
        return [f"{_WEB}/project/{PROJECT}/replay/{session_id(person, visit)}" for visit in person.visits]

    def routes(self) -> list[web.RouteDef]:
        """The paths of a project that are asked for."""
        base = "/api/projects/{project}"
        return [
            web.get(f"{base}/persons/", self._answering("persons", self._persons)),
            web.get(f"{base}/persons/{{id}}/", self._answering("persons", self._person)),
            web.get(f"{base}/session_recordings/", self._answering("session_recordings", self._recordings)),
            web.get(
                f"{base}/session_recordings/{{id}}/", self._answering("session_recordings", self._recording)
            ),
            web.post(f"{base}/query/", self._query),
        ]

    def refusal(self) -> web.Response:
        """The answer to a key that is not known."""
        told = "Personal API key found in request Authorization header is invalid."
        return _error(401, "authentication_error", "authentication_failed", told)

    def rate_limited(self) -> web.Response:
        """The answer to a call beyond a limit."""
        return self._throttled(30)

    def unrouted(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:  # noqa: ARG002
        """The answer to a path that is not served."""
        return _error(error.status, "invalid_request", "not_found", "Endpoint not found.")

    def _throttled(self, seconds: int) -> web.Response:
        told = f"Request was throttled. Expected available in {seconds} seconds."
        refused = _error(429, "throttled_error", "throttled", told)
        refused.headers["Retry-After"] = str(seconds)
        return refused

    def _answering(
        self, kind: str, answer: Callable[[web.Request], web.Response]
    ) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            is_list = kind == "session_recordings" and "id" not in request.match_info
            if refused := self._refuse(kind, request, is_list=is_list):
                return refused
            try:
                return answer(request)
            except _Refused as error:
                return _error(400, "validation_error", "invalid_input", str(error))

        return handle

    def _refuse(self, kind: str, request: web.Request, *, is_list: bool = False) -> web.Response | None:
        """The refusal of a key, a project, a scope or a limit; None where the call may be made."""
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return self.refusal()
        if request.match_info["project"] != PROJECT:
            return _error(404, "invalid_request", "not_found", "Project not found.")
        if _SCOPES[kind] not in self.scopes:
            told = f"API key missing required scope '{_SCOPES[kind]}'"
            return _error(403, "authentication_error", "permission_denied", told)
        wait = self._over("all", _LIMITS)
        if is_list and wait is None:
            hourly = self.hourly_listings
            wait = self._over("listings", ((max(1, hourly // 5), 60), (hourly, 3_600)))
        return None if wait is None else self._throttled(wait)

    def _over(self, what: str, limits: Sequence[tuple[int, int]]) -> int | None:
        """Count a call; returns the seconds to wait where it is beyond a limit, else None."""
        now = self.clock()
        counted = [at for at in self._counted[what] if now - at < timedelta(hours=1)]
        self._counted[what] = counted
        for calls, seconds in limits:
            inside = [at for at in counted if now - at < timedelta(seconds=seconds)]
            if len(inside) >= calls:
                return max(1, int((inside[0] + timedelta(seconds=seconds) - now).total_seconds()))
        counted.append(now)
        return None

    def _persons(self, request: web.Request) -> web.Response:
        query = request.query
        if unknown := set(query) - _PERSON_FIELDS:
            raise _Refused(f"unknown: {sorted(unknown)}")
        found = [person for person in self.people if self._is_asked(person, query)]
        rows = [self._person_row(person) for person in found[: int(query.get("limit", "100"))]]
        return web.json_response({"results": rows, "next": None, "previous": None})

    def _is_asked(self, person: Customer, query: Mapping[str, str]) -> bool:
        if "email" in query:
            return person.email == query["email"]
        if "distinct_id" in query:
            return query["distinct_id"] in self._ids(person)
        return query.get("search", "") in f"{person.email} {self._ids(person)}"

    def _person(self, request: web.Request) -> web.Response:
        for person in self.people:
            if person_uuid(person) == request.match_info["id"]:
                return web.json_response(self._person_row(person))
        return _error(404, "invalid_request", "not_found", "Not found.")

    def _recordings(self, request: web.Request) -> web.Response:
        query = request.query
        if unknown := set(query) - _LIST_FIELDS:
            raise _Refused(f"Extra inputs are not permitted: {sorted(unknown)}")
        limit, offset = int(query.get("limit", "50")), int(query.get("offset", "0"))
        since = self._since(query.get("date_from", "-3d"))
        found = [
            (person, visit)
            for person in self.people
            for visit in person.visits
            if visit.started_at >= since and query.get("person_uuid") in (None, person_uuid(person))
        ]
        found.sort(key=lambda one: one[1].started_at, reverse=query.get("order_direction", "DESC") == "DESC")
        rows = [self._recording_row(*one) for one in found[offset : offset + limit]]
        more = offset + limit < len(found)
        return web.json_response({"results": rows, "has_next": more, "version": 4})

    def _since(self, text: str) -> datetime:
        if found := re.fullmatch(r"-(\d+)d", text):
            return self.clock() - timedelta(days=int(found[1]))
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            raise _Refused("date_from is not a date") from None

    def _recording(self, request: web.Request) -> web.Response:
        for person in self.people:
            for visit in person.visits:
                if session_id(person, visit) == request.match_info["id"]:
                    return web.json_response(self._recording_row(person, visit))
        return _error(404, "invalid_request", "not_found", "Recording not found")

    async def _query(self, request: web.Request) -> web.Response:
        if refused := self._refuse("query", request):
            return refused
        try:
            asked = json.loads(await request.text())
            return web.json_response({"results": self._run(asked), "hasMore": False, "is_cached": False})
        except (_Refused, ValueError, KeyError, TypeError) as error:
            return _error(400, "validation_error", "invalid_input", f"Unable to resolve: {error}")

    def _run(self, asked: Mapping[str, Any]) -> list[list[Any]]:
        """The rows of a query whose values are given apart."""
        if asked["query"]["kind"] != "HogQLQuery":
            raise _Refused("the kind is not known")
        text, values = asked["query"]["query"], asked["query"].get("values") or {}
        if text == "SELECT 1":
            return [[1]]
        if found := _IDS.fullmatch(text):
            wanted = values[found["id"]]
            return [[person_uuid(one)] for one in self.people if wanted in self._ids(one)]
        found = _EVENTS.fullmatch(text)
        if found is None:
            raise _Refused("the query cannot be parsed")
        people, since = values[found["people"]], self._since(values[found["since"]])
        hits = [
            (person, visit, error)
            for person in self.people
            if person_uuid(person) in people
            for visit in person.visits
            for error in visit.errors
            if _at(visit, error) >= since
        ]
        hits.sort(key=lambda hit: _at(hit[1], hit[2]), reverse=True)
        columns = found["columns"].split(", ")
        rows = [_event(*hit) for hit in hits[: int(found["limit"])]]
        return [[row[column] for column in columns] for row in rows]

    def _ids(self, person: Customer) -> list[str]:
        """All ids of a person: those that PostHog's library made up, then the app's."""
        return [*(_made("device", person.number, n) for n in range(self.devices)), person.uid]

    def _person_row(self, person: Customer) -> dict[str, Any]:
        properties = {
            "email": person.email,
            "name": person.name,
            "plan": person.plan,
            "$browser": person.browser[0],
            "$os": person.os[0],
            "$geoip_city_name": person.city,
        }
        return {
            "id": _made("id", person.number),
            "name": person.email or person.uid,
            "distinct_ids": self._ids(person)[:_MOST_IDS],
            "properties": {name: value for name, value in properties.items() if value is not None},
            "created_at": "2026-01-15T08:00:00Z",
            "uuid": person_uuid(person),
            "last_seen_at": max(
                (visit.ended_at for visit in person.visits), default=self.clock()
            ).isoformat(),
        }

    def _recording_row(self, person: Customer, visit: Visit) -> dict[str, Any]:
        return {
            "id": session_id(person, visit),
            "distinct_id": self._ids(person)[0],
            "viewed": False,
            "viewers": [],
            "recording_duration": visit.seconds,
            "active_seconds": visit.seconds // 2,
            "inactive_seconds": visit.seconds - visit.seconds // 2,
            "start_time": visit.started_at.isoformat(),
            "end_time": visit.ended_at.isoformat(),
            "click_count": 3,
            "keypress_count": 0,
            "console_error_count": len(visit.errors),
            "start_url": f"{_SHOP}{visit.pages[0]}?token=secret",
            "person": self._person_row(person),
            "ongoing": visit.running,
            "retention_period_days": 90,
            "snapshot_source": "web",
        }


def person_uuid(person: Customer) -> str:
    """PostHog's own id of a person."""
    return _made("person", person.number)


def session_id(person: Customer, visit: Visit) -> str:
    """The id of a visit's session, which is its recording's too."""
    return _made("session", person.number, visit.started_at.isoformat())


def _made(*parts: object) -> str:
    return str(uuid.uuid5(_NAMES, json.dumps(list(map(str, parts)))))


def _at(visit: Visit, error: Error) -> datetime:
    return visit.started_at + timedelta(seconds=error.after_seconds)


def _event(person: Customer, visit: Visit, error: Error) -> dict[str, Any]:
    """An exception's columns; lists come as the JSON of them."""
    return {
        "uuid": _made("event", person.number, _at(visit, error).isoformat(), error.title),
        "timestamp": _at(visit, error).isoformat(),
        "person_id": person_uuid(person),
        "properties.$session_id": session_id(person, visit),
        "properties.$exception_issue_id": _made("issue", error.title),
        "properties.$exception_types": json.dumps([error.kind]),
        "properties.$exception_values": json.dumps([error.message]),
        "properties.$current_url": f"{_SHOP}{visit.pages[-1]}?token=secret",
    }


def _error(status: int, kind: str, code: str, detail: str) -> web.Response:
    return web.json_response({"type": kind, "code": code, "detail": detail, "attr": None}, status=status)

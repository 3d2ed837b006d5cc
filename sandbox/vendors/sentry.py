"""
A stand-in for Sentry's public API, as strict as its documents and its source (`docs/contracts/sentry.md`).

It takes a bearer token with scopes, refuses searches that it cannot parse and fields that it does not have,
pages by cursors in the `Link` header, compares capitals, takes a bare `*` for anything, and counts calls by
endpoint in windows of a second.
"""

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.people import Customer, Error, Visit
from sandbox.vendors.stand_in import Clock, StandIn

SENTRY = "sentry"
ORGANIZATION, PROJECT = "acme", "4511"
_WEB = f"https://{ORGANIZATION}.sentry.io"
_SHOP = "https://shop.contoso.example"
_MOST_ROWS, _DEFAULT_ROWS = 100, 10
# How many calls each endpoint takes in a second (contract, section 5).
_LIMITS = {"replays": 40, "replay": 40, "events": 30, "issues": 10}
_SCOPES = {"replays": "org:read", "replay": "org:read", "events": "org:read", "issues": "event:read"}
_REPLAY_FIELDS = frozenset({"start", "end", "statsPeriod", "query", "sort", "per_page", "cursor", "project"})
_EVENT_FIELDS = {
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
}
_SEARCH = re.compile(r'(?P<field>user\.(?:id|email)):"(?P<value>(?:\\"|[^"])*)"')
# A star is escaped by an odd number of backslashes before it.
_WILD = re.compile(r"(?<!\\)(\\\\)*\*")
_MOST_FIELDS = 20


class _Refused(Exception):
    """Raised for a question that Sentry refuses with 400."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """An error that somebody had in a visit."""

    person: Customer
    visit: Visit
    error: Error

    @property
    def at(self) -> datetime:
        return self.visit.started_at + timedelta(seconds=self.error.after_seconds)

    @property
    def id(self) -> str:
        return _digest("event", self.person.number, self.at.isoformat(), self.error.title)

    @property
    def issue_id(self) -> str:
        return str(int(_digest("issue", self.error.title)[:8], 16))


class Sentry(StandIn):
    """
    Sentry with one organisation.

    Attributes:
        scopes: what the token may read.
        has_replays: whether the organisation has Session Replay.
        statuses: what became of issues, by their titles; those that are not named are unresolved.

    """

    def __init__(self, clock: Clock, people: Sequence[Customer]) -> None:
        super().__init__(clock)
        self.token = "sntrys-demo-token-of-nobody"  # noqa: S105 - the stand-in's own
        self.scopes = {"org:read", "event:read"}
        self.has_replays = True
        self.statuses: dict[str, str] = {}
        self.people = [person for person in people if SENTRY in person.vendors]
        self._counted: dict[str, deque[float]] = {kind: deque() for kind in _LIMITS}

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {
            "SENTRY__SHOP__TOKEN": self.token,
            "SENTRY__SHOP__ORGANIZATION": ORGANIZATION,
            "SENTRY__SHOP__BASE_URL": self.origin,
            "SENTRY__SHOP__WEB_URL": "https://sentry.io",
        }

    def urls(self, person: Customer) -> Sequence[str]:
        """Addresses of somebody's replays, the newest first."""
        return [f"{_WEB}/explore/replays/{replay_id(person, visit)}/" for visit in person.visits]

    def routes(self) -> list[web.RouteDef]:
        """The lists and the single replay of an organisation."""
        base = "/api/0/organizations/{organization}"
        return [
            web.get(f"{base}/replays/", self._answering("replays", self._replays)),
            web.get(f"{base}/replays/{{id}}/", self._answering("replay", self._replay)),
            web.get(f"{base}/events/", self._answering("events", self._events)),
            web.get(f"{base}/issues/", self._answering("issues", self._issues)),
        ]

    def refusal(self) -> web.Response:
        """The answer to a token that is not known."""
        return web.json_response({"detail": "Invalid token"}, status=401)

    def rate_limited(self) -> web.Response:
        """The answer to a call beyond a limit: a text in JSON; what stands before Sentry may add the time."""
        told = "You are attempting to use this endpoint too frequently. Limit is 10 requests in 1 seconds"
        return web.json_response(told, status=429, headers={"Retry-After": "5"})

    def unrouted(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:  # noqa: ARG002
        """The answer to a path that is not served, an address without its last slash too."""
        return web.json_response({"detail": "The requested resource does not exist"}, status=error.status)

    def _answering(
        self, kind: str, answer: Callable[[web.Request], web.Response]
    ) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                return self.refusal()
            headers, over = self._count(kind)
            if over:
                refused = web.json_response(
                    "You are attempting to use this endpoint too frequently.", status=429
                )
                refused.headers.update(headers)
                return refused
            response = self._judged(kind, request, answer)
            response.headers.update(headers)
            return response

        return handle

    def _judged(
        self, kind: str, request: web.Request, answer: Callable[[web.Request], web.Response]
    ) -> web.Response:
        if request.match_info["organization"] != ORGANIZATION:
            return web.json_response({"detail": "The requested resource does not exist"}, status=404)
        if _SCOPES[kind] not in self.scopes:
            told = "You do not have permission to perform this action."
            return web.json_response({"detail": told}, status=403)
        if kind in ("replays", "replay") and not self.has_replays:
            return web.Response(status=404)
        try:
            return answer(request)
        except _Refused as refused:
            return web.json_response({"detail": str(refused)}, status=400)

    def _count(self, kind: str) -> tuple[dict[str, str], bool]:
        """Count a call in its second; returns what the headers say, and whether it is beyond the limit."""
        now, limit = self.clock().timestamp(), _LIMITS[kind]
        counted = self._counted[kind]
        while counted and int(counted[0]) < int(now):
            counted.popleft()
        over = len(counted) >= limit
        if not over:
            counted.append(now)
        return {
            "X-Sentry-Rate-Limit-Limit": str(limit),
            "X-Sentry-Rate-Limit-Remaining": str(limit - len(counted)),
            "X-Sentry-Rate-Limit-Reset": str(int(now) + 1),
            "X-Sentry-Rate-Limit-ConcurrentLimit": "25",
            "X-Sentry-Rate-Limit-ConcurrentRemaining": "24",
        }, over

    def _replays(self, request: web.Request) -> web.Response:
        query = request.query
        if unknown := set(query) - _REPLAY_FIELDS:
            raise _Refused(f"unknown: {sorted(unknown)}")
        start, end = _span(query)
        names = names_found(query)
        # A list goes by when replays began, not by how far they reach.
        found = [
            (person, visit)
            for person in self.people
            for visit in person.visits
            if names(person) and start <= visit.started_at <= end
        ]
        if query.get("sort", "-started_at") != "-started_at":
            raise _Refused("Invalid field specified for sort.")
        found.sort(key=lambda one: one[1].started_at, reverse=True)
        rows, link = _page(request, found)
        return web.json_response({"data": [_replay_row(*one) for one in rows]}, headers={"Link": link})

    def _replay(self, request: web.Request) -> web.Response:
        if not re.fullmatch(r"\d+[smhdw]", request.query.get("statsPeriod", "")):
            _span(request.query)
        for person in self.people:
            for visit in person.visits:
                if replay_id(person, visit) == request.match_info["id"].replace("-", ""):
                    return web.json_response({"data": _replay_row(person, visit)})
        return web.Response(status=404)

    def _events(self, request: web.Request) -> web.Response:
        fields = request.query.getall("field", [])
        if not fields or len(fields) > _MOST_FIELDS or set(fields) - _EVENT_FIELDS:
            raise _Refused("You must specify valid fields, at most 20.")
        if request.query.get("sort", "").removeprefix("-") not in {"", *fields}:
            raise _Refused("Cannot sort by a field that is not selected.")
        if request.query.get("dataset") != "errors":
            raise _Refused("dataset must be one of: discover, errors, …")
        hits = self._hits(request)
        rows, link = _page(request, hits)
        data = [{name: _event_row(hit)[name] for name in fields} for hit in rows]
        return web.json_response({"data": data, "meta": {"fields": {}}}, headers={"Link": link})

    def _issues(self, request: web.Request) -> web.Response:
        limit = request.query.get("limit", "100")
        if not limit.isdecimal() or not 1 <= int(limit) <= _MOST_ROWS:
            raise _Refused("Invalid limit value.")
        newest: dict[str, _Hit] = {}
        for hit in self._hits(request):
            newest.setdefault(hit.issue_id, hit)
        start, end = _span(request.query)
        rows = [self._issue_row(hit, start, end) for hit in list(newest.values())[: int(limit)]]
        return web.json_response(rows, headers={"Link": _link(request, "0:100:0", more=False)})

    def _hits(self, request: web.Request) -> list[_Hit]:
        """The errors that a question finds, newest first."""
        start, end = _span(request.query)
        names = names_found(request.query)
        found = [hit for person in self.people if names(person) for hit in _hits_of(person)]
        return sorted((h for h in found if start <= h.at <= end), key=lambda h: h.at, reverse=True)

    def _issue_row(self, hit: _Hit, start: datetime, end: datetime) -> dict[str, Any]:
        every = [other for person in self.people for other in _hits_of(person)]
        same = [other for other in every if other.issue_id == hit.issue_id]
        return {
            "id": hit.issue_id,
            "shortId": f"SHOP-{hit.issue_id[:3]}",
            "title": hit.error.title,
            "permalink": f"{_WEB}/issues/{hit.issue_id}/",
            "status": self.statuses.get(hit.error.title, "unresolved"),
            # Of everybody in the asked days.
            **_seen([other for other in same if start <= other.at <= end]),
            "lifetime": _seen(same),
            "metadata": {"type": hit.error.kind, "value": hit.error.message},
        }


def _seen(hits: Sequence[_Hit]) -> dict[str, Any]:
    """What is counted of errors; how many there are is a text."""
    return {
        "count": str(len(hits)),
        "userCount": len({hit.person.number for hit in hits}),
        "firstSeen": f"{min(hit.at for hit in hits):%Y-%m-%dT%H:%M:%S.%fZ}",
        "lastSeen": f"{max(hit.at for hit in hits):%Y-%m-%dT%H:%M:%S.%fZ}",
    }


def replay_id(person: Customer, visit: Visit) -> str:
    """The id of a visit's replay, as the API writes it: 32 hexadecimal digits without dashes."""
    return _digest("replay", person.number, visit.started_at.isoformat())


def _hits_of(person: Customer) -> list[_Hit]:
    return [_Hit(person, visit, error) for visit in person.visits for error in visit.errors]


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(list(map(str, parts))).encode()).hexdigest()[:32]


def _replay_row(person: Customer, visit: Visit) -> dict[str, Any]:
    hits = [_Hit(person, visit, error) for error in visit.errors]
    return {
        "id": replay_id(person, visit),
        "project_id": PROJECT,
        "started_at": visit.started_at.isoformat(),
        "finished_at": visit.ended_at.isoformat(),
        "duration": visit.seconds,
        "count_errors": len(hits),
        "count_urls": len(visit.pages),
        "count_segments": max(1, visit.seconds // 5),
        "count_dead_clicks": sum(sign.count for sign in visit.signs if sign.what == "dead"),
        "count_rage_clicks": sum(sign.count for sign in visit.signs if sign.what == "rage"),
        "error_ids": [hit.id for hit in hits],
        "trace_ids": [],
        "urls": [f"{_SHOP}{page}" for page in visit.pages],
        "releases": ["shop@5.2.0"],
        "is_archived": False,
        "platform": "javascript",
        "replay_type": "session",
        "tags": {},
        "user": {
            "id": person.uid,
            "email": person.email,
            "username": person.name,
            "ip": "203.0.113.7",
            "display_name": person.name or person.email or person.uid,
        },
        "browser": {"name": person.browser[0], "version": person.browser[1]},
        "os": {"name": person.os[0], "version": person.os[1]},
        "device": {"name": person.device, "brand": None, "model": None, "family": None},
    }


def _event_row(hit: _Hit) -> dict[str, Any]:
    return {
        "id": hit.id,
        "title": hit.error.title,
        "issue": f"SHOP-{hit.issue_id[:3]}",
        "issue.id": int(hit.issue_id),
        "timestamp": hit.at.isoformat(),
        "user.id": hit.person.uid,
        "user.email": hit.person.email or "",
        "replayId": replay_id(hit.person, hit.visit),
        "url": f"{_SHOP}{hit.visit.pages[-1]}?token=secret",
        "level": "error",
        "project.name": "shop",
    }


def _span(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    try:
        start, end = (datetime.fromisoformat(query[name]).replace(tzinfo=UTC) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise _Refused("start and end are required: ISO 8601") from None
    if start >= end:
        raise _Refused("start must be before end")
    return start, end


def names_found(query: Mapping[str, str]) -> Callable[[Customer], bool]:
    """Whose rows a search finds: as written, capitals too, but for a star that is not escaped."""
    search = _SEARCH.fullmatch(query.get("query", ""))
    if search is None:
        raise _Refused("Error parsing search query")
    if query.get("project", PROJECT) != PROJECT:
        raise _Refused("Invalid project parameter.")
    value = search["value"].replace('\\"', '"')
    if _WILD.search(value):
        pieces = (re.escape(piece.replace("\\*", "*")) for piece in re.split(r"(?<!\\)\*", value))
        wanted = re.compile(".*".join(pieces), re.IGNORECASE)
    else:
        wanted = re.compile(re.escape(value.replace("\\*", "*")))
    field = search["field"]
    return lambda person: bool(
        wanted.fullmatch((person.email if field == "user.email" else person.uid) or "")
    )


def _page(request: web.Request, found: Sequence[Any]) -> tuple[Sequence[Any], str]:
    """The rows of the page at a cursor, and its `Link` header."""
    size = request.query.get("per_page", str(_DEFAULT_ROWS))
    if not size.isdecimal() or not 1 <= int(size) <= _MOST_ROWS:
        raise _Refused("Invalid per_page value. Must be between 1 and 100.")
    cursor = re.fullmatch(r"0:(\d+):[01]", request.query.get("cursor", "0:0:0"))
    if cursor is None:
        raise _Refused("Invalid cursor parameter.")
    begin = int(cursor[1])
    following = begin + int(size)
    return found[begin:following], _link(request, f"0:{following}:0", more=following < len(found))


def _link(request: web.Request, cursor: str, *, more: bool) -> str:
    """A `Link` header: both directions are there always, and say whether they have rows."""
    here = f"{request.scheme}://{request.host}{request.path}"
    back = f'<{here}?&cursor=0:0:1>; rel="previous"; results="false"; cursor="0:0:1"'
    ahead = f'<{here}?&cursor={cursor}>; rel="next"; results="{str(more).lower()}"; cursor="{cursor}"'
    return f"{back}, {ahead}"

"""Raygun's API v3 by `contracts/raygun_v3.md`: tokens with scopes, bare lists, no search by user."""

import secrets
import zlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.people import Error
from sandbox.vendors.raygun_mcp import RaygunMcp
from sandbox.vendors.raygun_traffic import Sighting, Traffic
from sandbox.vendors.stand_in import Clock, StandIn

_MOST, _USUAL = 500, 100
_APP = "https://app.raygun.com"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_SESSIONS_BY = {"startedAt", "updatedAt", "endedAt", "customerIdentifier", "countryCode", "browserName"}
_CUSTOMERS_BY = {"isAnonymous", "firstSeenAt", "lastSeenAt"}
_GROUPS_BY = {"message", "status", "lastOccurredAt", "createdAt"}
Json = dict[str, Any]


class RaygunV3(StandIn):
    """
    One application.

    Attributes:
        scopes: what the token may do.
        tells_total: whether lists have the number of all rows.
        limits: calls and seconds of each limit, the shortest first.
        refused_calls: how many came beyond them.
        between_pages: called after each list, so that it can grow before the next page.
        mcp: the hosted MCP server over the same application, where that is there.

    """

    def __init__(self, clock: Clock, traffic: Traffic) -> None:
        super().__init__(clock)
        self.token, self.application_id = "rgv3-token", "19abc7x"
        self.scopes = {"applications:read", "customers:read", "rum.sessions:read", "cr.errors:read"}
        self.tells_total = False
        self.limits = ((10, 1), (600, 60), (10_000, 86_400))
        self.refused_calls = 0
        self.between_pages: Callable[[], None] | None = None
        self._traffic = traffic
        self._ordered = list(traffic)
        self._starts = [one.visit.started_at for one in self._ordered]
        self._counted: deque[datetime] = deque()
        self.mcp: RaygunMcp | None = None

    def open_mcp(self) -> RaygunMcp:
        """Serve the MCP server beside the API, with the same token."""
        self.mcp = RaygunMcp(
            self.clock,
            self._traffic,
            self.token,
            self.application_id,
            self._listed,
            self._described,
            lambda error: self._group_row(_group_id(error), error),
            self.scopes,
        )
        return self.mcp

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it, as the newer API of `raygun/shop`."""
        known = {
            "RAYGUN_V3__SHOP__TOKEN": self.token,
            "RAYGUN_V3__SHOP__APPLICATION": self.application_id,
            "RAYGUN_V3__SHOP__BASE_URL": self.origin,
        }
        return known | ({"RAYGUN_V3__SHOP__MCP": "true"} if self.mcp else {})

    def routes(self) -> list[web.RouteDef]:
        """The contract's paths that are read."""
        app = "/v3/applications/{app}"
        return [
            web.get("/v3/applications", self._applications),
            web.get(app, self._application),
            web.get(f"{app}/customers", self._customers),
            web.get(f"{app}/customers/{{id}}", self._customer),
            web.get(f"{app}/sessions", self._sessions),
            web.get(f"{app}/sessions/{{id}}", self._session),
            web.get(f"{app}/error-groups", self._groups),
            web.get(f"{app}/error-groups/{{id}}", self._group),
            web.route("*", "/v3/mcp", self._mcp),
        ]

    def refusal(self) -> web.Response:
        """The answer to an unknown token."""
        return _problem(401, "Unauthorized")

    def admit(self, request: web.Request) -> web.StreamResponse | None:  # noqa: ARG002
        """Count a call, and refuse those beyond a limit."""
        if any(left <= 0 for left, _span, _reset in self._left()):
            self.refused_calls += 1
            return self.rate_limited()
        self._counted.append(self.clock())
        return None

    def rate_limited(self) -> web.Response:
        """The answer to a call beyond a limit."""
        return self._limited(web.Response(status=429))

    def _left(self) -> list[tuple[int, int, datetime]]:
        """For each limit: the calls left, its length in seconds, and when it is full again."""
        now = self.clock()
        found = []
        for calls, seconds in self.limits:
            since = now - timedelta(seconds=seconds)
            used = len(self._counted) - bisect_right(self._counted, since)
            found.append((calls - used, seconds, now + timedelta(seconds=seconds)))
        return found

    def _limited(self, response: web.Response) -> web.Response:
        left, seconds, reset = min(self._left()[1:], key=lambda one: one[0])
        response.headers["X-Rate-Limit-Limit"] = "1m" if seconds == 60 else "1d"  # noqa: PLR2004
        response.headers["X-Rate-Limit-Remaining"] = str(max(0, left))
        response.headers["X-Rate-Limit-Reset"] = _iso(reset)
        return response

    def _gate(self, request: web.Request, scope: str) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self.refusal()
        if scope not in self.scopes:
            return _problem(403, "Forbidden")
        if request.match_info.get("app", self.application_id) != self.application_id:
            return _problem(404, "Not Found")
        return None

    async def _mcp(self, request: web.Request) -> web.Response:
        return self._limited(await self.mcp.answer(request) if self.mcp else _problem(404, "Not Found"))

    async def _applications(self, request: web.Request) -> web.Response:
        rows = [{"identifier": self.application_id, "name": "Web shop", "apiKey": "never shown"}]
        return self._gate(request, "applications:read") or self._limited(web.json_response(rows))

    async def _application(self, request: web.Request) -> web.Response:
        row = {"identifier": self.application_id, "name": "Web shop", "apiKey": "never shown"}
        return self._gate(request, "applications:read") or self._limited(web.json_response(row))

    async def _sessions(self, request: web.Request) -> web.Response:
        begun = self._ordered[: bisect_right(self._starts, self.clock())]
        if request.query.get("orderby") == "startedAt desc":
            return self._page(request, "rum.sessions:read", _SESSIONS_BY, begun[::-1], self._listed)
        return self._page(request, "rum.sessions:read", _SESSIONS_BY, begun, self._listed)

    async def _customers(self, request: web.Request) -> web.Response:
        begun = self._ordered[: bisect_right(self._starts, self.clock())]
        people = {one.person.number: one for one in begun}
        newest = sorted(people.values(), key=lambda one: one.last_event_at(self.clock()), reverse=True)
        return self._page(request, "customers:read", _CUSTOMERS_BY, newest, self._described)

    async def _groups(self, request: web.Request) -> web.Response:
        groups = list(self._known_groups().items())
        return self._page(
            request, "cr.errors:read", _GROUPS_BY, groups, lambda pair: self._group_row(pair[0], pair[1])
        )

    def _page(
        self,
        request: web.Request,
        scope: str,
        orders: set[str],
        rows: Sequence[Any],
        row: Callable[[Any], Json],
    ) -> web.Response:
        """One page of a list, a bare array; only the newest-first orders are implemented."""
        if refused := self._gate(request, scope):
            return refused
        query = request.query
        count, offset = query.get("count", str(_USUAL)), query.get("offset", "0")
        order = query.get("orderby", "")
        if not (count.isdecimal() and offset.isdecimal() and 0 < int(count) <= _MOST):
            return _problem(400, "Bad Request")
        if order and order.removesuffix(" desc") not in orders:
            return _problem(400, "Bad Request")
        page = rows[int(offset) : int(offset) + int(count)]
        response = self._limited(web.json_response([row(one) for one in page]))
        if self.tells_total:
            response.headers["X-Raygun-Total-Count"] = str(len(rows))
        if self.between_pages:
            self.between_pages()
        return response

    async def _customer(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        found = next((one for one in self._ordered if _customer_id(one) == wanted), None)
        refused = self._gate(request, "customers:read")
        return refused or (
            self._limited(web.json_response(self._described(found))) if found else _problem(404, "Not Found")
        )

    async def _session(self, request: web.Request) -> web.Response:
        if refused := self._gate(request, "rum.sessions:read"):
            return refused
        number = int(request.match_info["id"], 36) if request.match_info["id"].isalnum() else -1
        found = self._traffic.numbered(number)
        if found is None or found.visit.started_at > self.clock():
            return _problem(404, "Not Found")
        included = set(request.query.get("include", "").split(","))
        return self._limited(web.json_response(self._listed(found) | self._more(found, included)))

    async def _group(self, request: web.Request) -> web.Response:
        if refused := self._gate(request, "cr.errors:read"):
            return refused
        found = self._known_groups().get(request.match_info["id"])
        if found is None:
            return _problem(404, "Not Found")
        return self._limited(web.json_response(self._group_row(request.match_info["id"], found)))

    def _known_groups(self) -> dict[str, Error]:
        return {_group_id(error): error for one in self._ordered for error in one.visit.errors}

    def _group_row(self, identifier: str, error: Error) -> Json:
        return {
            "identifier": identifier,
            "applicationIdentifier": self.application_id,
            "message": error.title,
            "status": "active",
            "lastOccurredAt": _iso(self.clock()),
            "createdAt": "2026-09-30T12:00:00Z",
            "applicationUrl": f"{_APP}/crashreporting/{self.application_id}/errors/{identifier}",
        }

    def _listed(self, one: Sighting) -> Json:
        now, person = self.clock(), one.person
        return {
            "identifier": _base36(one.number),
            "applicationIdentifier": self.application_id,
            "customerIdentifier": _customer_id(one),
            "isActive": one.is_running(now),
            "startedAt": _iso(one.visit.started_at),
            "updatedAt": _iso(one.last_event_at(now)),
            "endedAt": None if one.is_running(now) else _iso(one.visit.ended_at),
            "ipAddress": "203.0.113.9",
            "countryCode": person.country,
            "platformName": person.device,
            "operatingSystemName": person.os[0],
            "operatingSystemVersion": person.os[1],
            "browserName": person.browser[0],
            "browserVersion": None,
            "viewportWidth": 1680,
            "viewportHeight": 0,
            "deploymentVersion": None,
            "applicationUrl": f"{_APP}/rum/{self.application_id}/sessions/{_base36(one.number)}",
        }

    def _more(self, one: Sighting, included: set[str]) -> Json:
        found: Json = {}
        link, crashes = (
            f"{_APP}/rum/{self.application_id}",
            f"{_APP}/crashreporting/{self.application_id}/errors",
        )
        if "pageViews" in included:
            step = one.visit.seconds / max(1, len(one.visit.pages))
            found["pageViews"] = [
                {
                    "pageIdentifier": f"p{zlib.crc32(page.encode())}",
                    "viewedAt": _iso(one.visit.started_at + timedelta(seconds=number * step)),
                    "applicationUrl": f"{link}/pages/{number}",
                }
                for number, page in enumerate(one.visit.pages)
            ]
        if "errors" in included:
            found["errors"] = [
                {
                    "errorGroupIdentifier": _group_id(error),
                    "occurredAt": _iso(one.visit.started_at + timedelta(seconds=error.after_seconds)),
                    "applicationUrl": f"{crashes}/{_group_id(error)}",
                }
                for error in one.visit.errors
            ]
        return found

    def _described(self, one: Sighting) -> Json:
        person, now = one.person, self.clock()
        row: Json = {
            "identifier": _customer_id(one),
            "applicationIdentifier": self.application_id,
            "externalIdentifier": one.identifier,
            "isAnonymous": person.anonymous,
            "firstSeenAt": _iso(one.visit.started_at),
            "lastSeenAt": _iso(one.last_event_at(now)),
        }
        if person.email:
            row["emailAddress"] = person.email
        if person.name:
            row |= {"fullName": person.name, "firstName": person.name.split()[0]}
        return row


def _problem(status: int, title: str) -> web.Response:
    trace = secrets.token_hex(8)
    body = {"type": "https://tools.ietf.org/html/rfc9110", "title": title, "status": status, "traceId": trace}
    response = web.json_response(body, status=status, content_type="application/problem+json")
    response.headers["X-Raygun-RequestId"] = trace
    return response


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _customer_id(one: Sighting) -> str:
    return f"c{_base36(55_000 + one.person.number)}"


def _group_id(error: Error) -> str:
    return _base36(5_544_000_000 + zlib.crc32(error.title.encode()))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

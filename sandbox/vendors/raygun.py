"""Raygun's legacy RUM API by `contracts/raygun_rum_v1.md`: two credentials, short-lived keys, 50 calls."""

import base64
import secrets
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.vendors.raygun_mcp import RaygunMcp
from sandbox.vendors.raygun_traffic import Sighting, Traffic
from sandbox.vendors.stand_in import Clock, StandIn

_KEY_LASTS = timedelta(minutes=15)
_DAY = timedelta(hours=24)
_MOST = 500
_DEFAULT_LIMIT = 50
_APP = "https://app.raygun.com"
_API = "https://api.raygun.com/api/v1/pulse"
_PLAN = "19abc7x"
_MCP = "/v3/mcp"


class Raygun(StandIn):
    """
    One application.

    Attributes:
        daily_calls: calls that it allows in any 24 hours; with `login_counts` a login is one of them.
        refused_calls: how many calls came beyond that; a correct client makes none.
        login_by: the method that works; the other one gets a 405.
        refuse: which lists, by their parameters, get a 500.
        most_in_24_hours: the most calls that it ever counted in 24 hours, without the refused ones.
        mcp: the hosted MCP server over the same application, where that is there; it has limits of its own.

    """

    def __init__(self, clock: Clock, traffic: Traffic, daily_calls: int = 50) -> None:
        super().__init__(clock)
        self.api_key, self.client_id, self.client_secret = "rg-app-key", "rg-consumer", "rg-consumer-secret"
        self.daily_calls = daily_calls
        self.login_counts = True
        self.login_by = "GET"
        self.refused_calls = 0
        self.most_in_24_hours = 0
        self.refuse: Callable[[Mapping[str, str]], bool] | None = None
        self._counted: deque[datetime] = deque()
        self._keys: dict[str, datetime] = {}
        self._traffic = traffic
        self.mcp: RaygunMcp | None = None

    def serve_mcp(self, mcp: RaygunMcp) -> None:
        """Serve the MCP server at the same address."""
        self.mcp = mcp

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        known = {
            "RAYGUN__SHOP__API_KEY": self.api_key,
            "RAYGUN__SHOP__CLIENT_ID": self.client_id,
            "RAYGUN__SHOP__CLIENT_SECRET": self.client_secret,
            "RAYGUN__SHOP__BASE_URL": self.origin,
            "RAYGUN__SHOP__APPLICATION": _PLAN,
        }
        return known | ({"RAYGUN__SHOP__MCP": self.mcp.token} if self.mcp else {})

    def routes(self) -> list[web.RouteDef]:
        """The contract's paths."""
        pulse = "/api/v1/pulse"
        return [
            web.route("*", f"{pulse}/authenticate", self._authenticate),
            web.get(f"{pulse}/sessions", self._sessions),
            web.get(f"{pulse}/session", self._session),
            web.route("*", _MCP, self._mcp),
        ]

    def refusal(self) -> web.Response:
        """The answer to a wrong or expired key; its body is not documented."""
        return web.Response(status=401)

    def expire_keys(self) -> None:
        """Make every session key invalid, as a restart at the vendor would."""
        self._keys.clear()

    @property
    def calls_counted(self) -> int:
        """How many calls were counted in the last 24 hours."""
        since = self.clock() - _DAY
        while self._counted and self._counted[0] <= since:
            self._counted.popleft()
        return len(self._counted)

    def admit(self, request: web.Request) -> web.StreamResponse | None:
        """Count every call that arrives, whatever its answer, and refuse those beyond the limit."""
        if request.path == _MCP or (request.path.endswith("/authenticate") and not self.login_counts):
            return None
        if self.calls_counted >= self.daily_calls:
            self.refused_calls += 1
            return self.rate_limited()
        self._counted.append(self.clock())
        self.most_in_24_hours = max(self.most_in_24_hours, len(self._counted))
        return None

    async def _mcp(self, request: web.Request) -> web.Response:
        return await self.mcp.answer(request) if self.mcp else web.Response(status=404)

    async def _authenticate(self, request: web.Request) -> web.Response:
        if request.method != self.login_by:
            return web.Response(status=405)
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        known = request.headers.get("Authorization") == f"Basic {pair}"
        if not known or request.headers.get("X-ApiKey") != self.api_key:
            return self.refusal()
        key = f"pk_{secrets.token_hex(8)}"
        self._keys[key] = self.clock() + _KEY_LASTS
        return web.json_response({"sessionKey": key}, status=202)

    def _gate(self, request: web.Request) -> web.Response | None:
        until = self._keys.get(request.headers.get("X-SessionKey", ""))
        return None if until and until > self.clock() else self.refusal()

    async def _sessions(self, request: web.Request) -> web.Response:
        if refused := self._gate(request):
            return refused
        query = request.query
        try:
            begin, end = _moment(query["dateFrom"]), _moment(query["dateTo"])
            skip, limit = int(query.get("skip", 0)), int(query.get("limit", _DEFAULT_LIMIT))
        except (KeyError, ValueError):
            return web.Response(status=400)
        if not 0 < limit <= _MOST or skip < 0:
            return web.Response(status=400)
        if self.refuse and self.refuse(query):
            return self.broken()
        # The order is not documented: oldest first here, so that the bot does not rely on newest first.
        found = self._found(begin, end, query.get("userIdentifier"))
        page = found[skip : skip + limit]
        return web.json_response(
            {
                "totalSessions": len(found),
                "sessions": [_listed(one, self.clock()) for one in page],
                "links": self._page_links(request, skip, limit, len(found)),
            }
        )

    def _found(self, begin: datetime, end: datetime, identifier: str | None) -> Sequence[Sighting]:
        """Sessions that began in a span and not in the future."""
        end = min(end, self.clock())
        if identifier is None:
            return self._traffic.between(begin, end)
        return [one for one in self._traffic.of(identifier) if begin <= one.visit.started_at < end]

    def _page_links(self, request: web.Request, skip: int, limit: int, total: int) -> dict[str, Any]:
        here = request.url
        return {
            "self": str(here),
            "next": str(here.update_query(skip=skip + limit)) if skip + limit < total else None,
            "previous": str(here.update_query(skip=max(0, skip - limit))) if skip else None,
        }

    async def _session(self, request: web.Request) -> web.Response:
        if refused := self._gate(request):
            return refused
        if "id" not in request.query:
            return web.Response(status=400)
        number = request.query["id"]
        found = self._traffic.numbered(int(number)) if number.isdecimal() else None
        if found is None or found.visit.started_at > self.clock():
            return web.Response(status=404)
        return web.json_response({"session": _detail(found, self.clock())})


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}.000Z"


def session_url(number: int) -> str:
    """A session's URL."""
    return f"{_APP}/rum/{_PLAN}/sessions/{number}"


def _shared(sighting: Sighting, now: datetime) -> dict[str, Any]:
    person, visit, number = sighting.person, sighting.visit, sighting.number
    running, last_event = sighting.is_running(now), sighting.last_event_at(now)
    return {
        "id": number,
        "sessionStart": _iso(visit.started_at),
        "sessionUpdated": _iso(last_event),
        "sessionEnd": None if running else _iso(visit.ended_at),
        "user": {
            "id": 55000 + person.number,
            "isAnonymous": person.anonymous,
            "identifier": sighting.identifier,
            "firstName": person.name.split()[0] if person.name else None,
            "fullName": person.name,
            "emailAddress": person.email,
            "firstSeen": _first_seen(sighting),
            "lastSeen": _iso(last_event),
            "links": {"web": f"{_APP}/rum/{_PLAN}/users/{55000 + person.number}"},
        },
        "browser": {"name": person.browser[0], "version": person.browser[1]},
        "platform": {"name": person.device},
        "os": {"name": person.os[0], "version": person.os[1]},
        "location": {"country": person.country, "ipAddress": "203.0.113.9"},
        "sessionLength": int((last_event - visit.started_at).total_seconds() * 1000),
        "status": "active" if running else "ended",
        "links": {
            "self": f"{_API}/session?id={number}",
            "web": session_url(number),
        },
    }


def _first_seen(sighting: Sighting) -> str | None:
    """When the person's first visit began; not told of the strangers."""
    begun = [visit.started_at for visit in sighting.person.visits]
    return _iso(min(begun)) if begun else None


def _listed(sighting: Sighting, now: datetime) -> dict[str, Any]:
    return _shared(sighting, now) | {"pageViewCount": len(sighting.visit.pages)}


def _detail(sighting: Sighting, now: datetime) -> dict[str, Any]:
    person, visit = sighting.person, sighting.visit
    shared = _shared(sighting, now)
    shared["location"] |= {
        "ipLookup": {
            "country": person.country,
            "state": person.region.rpartition("-")[2],
            "city": person.city,
        }
    }
    step = visit.seconds / max(1, len(visit.pages))
    return shared | {
        "satisfactionRating": "Poor" if visit.errors else "Good",
        "errors": [
            {
                "groupId": _group(error.title),
                "instanceId": _group(error.title) * 1000 + number,
                "title": error.title,
                "links": {"web": f"{_APP}/crashreporting/{_PLAN}/errors/{_group(error.title)}"},
            }
            for number, error in enumerate(visit.errors)
        ],
        "pageViews": [
            {
                "page": f"https://shop.example{page}",
                "loadingTime": 900 + 700 * number,
                "viewingTime": int(step * 1000),
                "viewedOn": _iso(visit.started_at + timedelta(seconds=number * step)),
            }
            for number, page in enumerate(visit.pages)
        ],
    }


def _group(title: str) -> int:
    return 5_544_000_000 + zlib.crc32(title.encode("utf-8", "surrogatepass"))

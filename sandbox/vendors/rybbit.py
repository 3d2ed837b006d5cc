"""Rybbit by `contracts/rybbit_observed.md`: three generations, self-hosted or as the cloud."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from sandbox.vendors.rybbit_access import Door, Refused, failure, fastify, forbidden, no_route
from sandbox.vendors.rybbit_data import RybbitData, Site, from_people
from sandbox.vendors.rybbit_filters import BadFilters, passes, read_filters
from sandbox.vendors.rybbit_generations import Generation, manners_of
from sandbox.vendors.rybbit_limits import CloudLimits, KeyLimit, OldLimit
from sandbox.vendors.rybbit_replays import one_replay
from sandbox.vendors.rybbit_rows import (
    Row,
    error_events,
    error_names,
    listed_session,
    locations,
    one_session,
)
from sandbox.vendors.rybbit_sight import Sight, look, of_person
from sandbox.vendors.rybbit_time import BadTime, Span, read_span
from sandbox.vendors.rybbit_users import listed_users, one_user, with_trait
from sandbox.vendors.stand_in import Clock, StandIn

__all__ = ["Generation", "Rybbit", "from_people"]

_WEB = "https://app.rybbit.io"
_DAILY = 5_000
_SESSIONS, _USERS, _ERRORS = 100, 50, {"error_names": 10, "error_events": 20}

_Answer = Callable[[web.Request, Site], Row | web.Response]
_SCOPES = {
    "site": "sites:read",
    "sessions": "sessions:read",
    "session": "sessions:read",
    "users": "users:read",
    "user": "users:read",
    "user_traits": "users:read",
    "error_names": "analytics:read",
    "error_events": "analytics:read",
    "locations": "sessions:read",
    "replay": "replay:read",
}
# What a server of either generation says where it has no such recording, with a 500.
_NO_REPLAY = "Internal server error"
_BROKEN = {
    "site": "Failed to fetch site",
    "sessions": "Failed to fetch sessions",
    "session": "Failed to fetch session data",
    "users": "Failed to fetch users",
    "user": "Failed to fetch user",
    "user_traits": "Failed to fetch users by trait",
    "error_names": "Failed to fetch error names",
    "error_events": "Failed to fetch error events",
    "locations": "Failed to fetch session locations",
    "replay": _NO_REPLAY,
}


class Rybbit(StandIn):
    """
    One server.

    Attributes:
        data: its sites and keys.
        generation: the release that it behaves like.

    """

    def __init__(
        self,
        clock: Clock,
        data: RybbitData,
        generation: Generation = Generation.C,
        *,
        cloud: bool = False,
        daily_limit: int = _DAILY,
        window_limit: int | None = None,
        key_limit: int | None = None,
    ) -> None:
        """
        Make a server.

        Args:
            clock: the sandbox's time.
            data: its sites and keys.
            generation: the release that it behaves like.
            cloud: whether it has the limits of the vendor's own servers (current release only).
            daily_limit: the cloud's calls a day.
            window_limit: calls in ten minutes, where the generation limits them; None for the usual 500.
            key_limit: calls a day of a key, beyond which it says no more than 429; None for no limit.

        """
        super().__init__(clock)
        self.data = data
        self.generation = generation
        self._manners = manners_of(generation)
        usual = self._manners.window_limit
        old_limit = OldLimit(clock, window_limit or usual) if usual else None
        self._old = not self._manners.current
        self._door = Door(data, old_limit, short_ids_break=not self._old)
        self._limits = CloudLimits(clock, daily_limit) if cloud else None
        self._key_limit = KeyLimit(clock, key_limit) if key_limit else None

    def rate_limited(self) -> web.Response:
        """The cloud's answer to a burst, as recorded."""
        body = {"error": "Rate limit exceeded", "scope": "burst", "limit": 50, "retryAfter": 1}
        return web.json_response(body, status=429, headers={"Retry-After": "1"})

    def spent(self) -> web.Response:
        """The cloud's answer when the day's calls are used up, as recorded."""
        daily = CloudLimits(self.clock, 0)
        body = daily.refusal("daily")
        return web.json_response(body, status=429, headers={"Retry-After": str(body["retryAfter"])})

    def broken(self) -> web.Response:
        """A 500, as recorded."""
        return web.json_response({"error": "Failed to fetch sessions"}, status=500)

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it; links lead to the vendor's own web app."""
        return {
            "RYBBIT__WWW__API_KEY": self.data.keys[0].value,
            "RYBBIT__WWW__SITE": str(self.data.sites[0].number),
            "RYBBIT__WWW__BASE_URL": self.origin,
            "RYBBIT__WWW__WEB_URL": _WEB,
        }

    def allow(self, scopes: frozenset[str]) -> None:
        """Let the first key do nothing but this from now on."""
        first, *others = self.data.keys
        self.data = replace(self.data, keys=(replace(first, scopes=scopes), *others))
        self._door = replace(self._door, data=self.data)

    def routes(self) -> list[web.RouteDef]:
        """The paths of this generation."""
        answers: dict[str, _Answer] = {
            "site": self._site,
            "sessions": self._sessions,
            "session": self._session,
            "users": self._users,
            "user": self._user,
            "user_traits": self._user_traits,
            "error_names": self._error_names,
            "error_events": self._error_events,
            "locations": self._locations,
            "replay": self._replay,
        }
        # Those with fewer variable parts first: `/users/session-count` is not a user.
        paths = sorted(self._manners.paths.items(), key=lambda item: item[1].count("{"))
        routes = [web.get(path, self._handler(name, answers[name])) for name, path in paths]
        if self._manners.version:
            routes.insert(0, web.get("/api/version", self._version))
        return [*routes, web.route("*", "/{anything:.*}", self._unrouted)]

    def refusal(self) -> web.Response:
        """The answer to a bad key."""
        return forbidden()

    def _handler(
        self, operation: str, answer: _Answer
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                site = self._door.enter(request, _SCOPES[operation])
            except Refused as refused:
                return refused.response
            if self._key_limit and not self._key_limit.allows(request.headers.get("Authorization", "")):
                return failure(429, "Rate limit exceeded")
            if self._limits is None:
                return self._answer(operation, answer, request, site)
            if scope := self._limits.take():
                body = self._limits.refusal(scope)
                headers = self._limits.headers() | {"Retry-After": str(body["retryAfter"])}
                return web.json_response(body, status=429, headers=headers)
            response = self._answer(operation, answer, request, site)
            response.headers.update(self._limits.headers())
            return response

        return handle

    def _answer(self, operation: str, answer: _Answer, request: web.Request, site: Site) -> web.Response:
        try:
            answered = answer(request, site)
        except BadTime as bad:
            return failure(400, str(bad))
        except BadFilters as bad:
            if bad.message is not None:
                return fastify(500, "Internal Server Error", bad.message)
            return failure(500, _BROKEN[operation])
        except ValueError:
            # The query needs a number and got something else: it fails, as the server does not check before.
            return failure(500, _BROKEN[operation])
        return answered if isinstance(answered, web.Response) else web.json_response(answered)

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": self._manners.version})

    async def _unrouted(self, request: web.Request) -> web.Response:
        return no_route(request)

    def _look(self, request: web.Request, site: Site) -> list[Sight]:
        """The visits that the time parameters and the filters select."""
        now = self.clock()
        span = read_span(request.query, now, strict=self._manners.current)
        conditions = read_filters(request.query.get("filters", ""), old=self._old)
        return [sight for sight in look(site, span, now) if passes(sight, conditions, old=self._old)]

    def _site(self, _request: web.Request, site: Site) -> Row:
        return {"id": site.public_id, "siteId": site.number, **site.details}

    def _sessions(self, request: web.Request, site: Site) -> Row:
        query = request.query
        sights = self._look(request, site)
        if person := query.get("user_id"):
            sights = of_person(sights, person, anonymous_alone=self._manners.current)
        if query.get("identified_only") == "true":
            sights = [sight for sight in sights if sight.identified]
        rows = [listed_session(site, sight, all_keys=self._manners.current) for sight in sights]
        if self._manners.current:
            rows = [row for row in rows if _is_asked_for(row, request)]
        page, limit = int(query.get("page") or 1), int(query.get("limit") or _SESSIONS)
        if limit < 0:
            # Observed: the oldest ones.
            return {"data": rows[limit:]}
        start = max(0, page - 1) * limit
        return {"data": rows[start : start + limit]}

    def _session(self, request: web.Request, site: Site) -> Row | web.Response:
        query, now = request.query, self.clock()
        limit, offset = int(query.get("limit") or _SESSIONS), int(query.get("offset") or 0)
        minutes = query.get("minutes")
        span = Span(now - timedelta(minutes=float(minutes))) if minutes else Span()
        for sight in look(site, span, now):
            if sight.visit.id == request.match_info["session"]:
                return {"data": one_session(sight, limit, offset)}
        return failure(404, "Session not found")

    def _replay(self, request: web.Request, site: Site) -> Row | web.Response:
        for sight in look(site, Span(), self.clock()):
            if sight.visit.id == request.match_info["session"] and sight.visit.has_replay:
                return one_replay(site, sight)
        return failure(500, _NO_REPLAY)

    def _users(self, request: web.Request, site: Site) -> Row:
        searches = self._manners.current
        return listed_users(site, self._look(request, site), request.query, searches=searches)

    def _user(self, request: web.Request, site: Site) -> Row:
        sights = look(site, Span(), self.clock())
        return one_user(site, sights, request.match_info["user"], current=self._manners.current)

    def _user_traits(self, request: web.Request, site: Site) -> Row | web.Response:
        query = request.query
        if not query.get("key") or not query.get("value"):
            return failure(400, "key and value are required")
        rows = with_trait(site, look(site, Span(), self.clock()), query["key"], query["value"])
        start, limit = int(query.get("offset") or 0), int(query.get("limit") or _USERS)
        page = rows[start : start + limit]
        return {"users": page, "total": len(rows), "hasMore": start + len(page) < len(rows)}

    def _error_names(self, request: web.Request, site: Site) -> Row:
        return _paged(request, error_names(self._look(request, site)), _ERRORS["error_names"])

    def _error_events(self, request: web.Request, site: Site) -> Row | web.Response:
        message = request.query.get("errorMessage")
        if not message:
            return failure(400, "errorMessage parameter is required")
        return _paged(request, error_events(self._look(request, site), message), _ERRORS["error_events"])

    def _locations(self, request: web.Request, site: Site) -> Row:
        return {"data": locations(self._look(request, site))}


def _paged(request: web.Request, rows: list[Row], default: int) -> Row:
    """A page of rows; where `page` was asked for, they are one level deeper and have a total."""
    asked = request.query.get("page")
    page, limit = int(asked or 1), int(request.query.get("limit") or default)
    start = max(0, page - 1) * limit
    shown = rows[start : start + limit]
    return {"data": {"data": shown, "totalCount": len(rows)}} if asked else {"data": shown}


def _is_asked_for(row: Row, request: web.Request) -> bool:
    """Whether a session has the id that was asked for and reaches the minima."""
    minima = {"pageviews": "min_pageviews", "events": "min_events", "session_duration": "min_duration"}
    wanted = request.query.get("session_id")
    return (not wanted or row["session_id"] == wanted) and all(
        row[field] >= int(request.query.get(name) or 0) for field, name in minima.items()
    )

"""
FullStory by `contracts/fullstory.md`: keys and roles, sessions by pages, users, what happened in a session.

The list's pages are those that the vendor's own client follows (fullstory-anywhere-activation).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.people import FULLSTORY, Customer, Visit
from sandbox.vendors.fullstory_events import CONTEXT_TYPES, as_context, as_events, as_summary
from sandbox.vendors.stand_in import Clock, StandIn

_ORG = "7QX2B"
_DEFAULT_LIMIT = 20
_USERS_A_PAGE = 10
# Roles whose keys may read.
_READERS = frozenset({"ADMIN", "ARCHITECT"})
_CONTEXT_FIELDS = {
    "slice": {"mode", "event_limit", "duration_limit_ms", "start_timestamp", "end_timestamp"},
    "context": {"include", "exclude"},
    "events": {"include_types", "exclude_types"},
    "cache": {"enable_event_cache"},
}
_MODES = frozenset({"UNSPECIFIED", "FIRST", "LAST", "TIMESTAMP"})
_ABOUT = frozenset({"user", "org", "location", "device"})


class FullStory(StandIn):
    """
    One organisation; `api_key` is what follows `Basic `, ready for use.

    Attributes:
        role: the key's; other roles than Admin and Architect may ask `/me` alone.
        exact: whether addresses that differ in capitals are two people's.
        has_context: whether the account has contexts of sessions, which are in beta.
        has_events: whether the plan has Activations: events of sessions.
        has_session_uid: whether the newer list is there.
        camel: whether the names of events' properties are camel-cased.
        profile: the id of its one summary profile.
        activations: how many were used.

    """

    def __init__(self, clock: Clock, people: Sequence[Customer]) -> None:
        super().__init__(clock)
        self.api_key = "bmExLkNhc2VmaWxlRGVtbw=="
        self.role = "ADMIN"
        self.exact = False
        self.has_context = self.has_events = self.has_session_uid = True
        self.camel = False
        self.profile = "support-agent"
        self.activations = 0
        self.people = [person for person in people if FULLSTORY in person.vendors]

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {
            "FULLSTORY__MAIN__API_KEY": self.api_key,
            "FULLSTORY__MAIN__BASE_URL": self.origin,
            "FULLSTORY__MAIN__SUMMARY_PROFILE": self.profile,
        }

    def routes(self) -> list[web.RouteDef]:
        """The contract's paths."""
        return [
            web.get("/sessions/v2", self._list_sessions),
            web.post("/sessions/v2", self._list_sessions),
            web.get("/v2/sessions", self._newer_list),
            web.get("/v2/sessions/{id}/events", self._events),
            web.post("/v2/sessions/{id}/context", self._context),
            web.get("/v2/sessions/{id}/summary", self._summary),
            web.get("/v2/users", self._users),
            web.get("/v2/users/{id}", self._one_user),
            web.get("/me", self._me),
        ]

    def refusal(self) -> web.Response:
        """The answer to a wrong key."""
        return web.json_response({"code": "unauthorized", "message": "the key is not known"}, status=401)

    def rate_limited(self) -> web.Response:
        """A 429 with the documented Retry-After."""
        return web.json_response(
            {"code": "too_many_requests", "message": "slow down"}, status=429, headers={"Retry-After": "7"}
        )

    def broken(self) -> web.Response:
        """A 500 in the documented form."""
        return web.json_response({"code": "internal", "message": "something broke"}, status=500)

    def _refused(self, request: web.Request, *, reading: bool = True) -> web.Response | None:
        if request.headers.get("Authorization") != f"Basic {self.api_key}":
            return self.refusal()
        if reading and self.role not in _READERS:
            return _error(403, "forbidden", "the key's role may not read this")
        return None

    async def _list_sessions(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        asked: dict[str, Any] = dict(request.query) if request.method == "GET" else await request.json()
        return self._page(asked, _row)

    async def _newer_list(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if not self.has_session_uid:
            return _error(404, "resource_not_found", "no such resource")
        wanted = request.query.get("session_uid")
        if wanted is None:
            return self._page(dict(request.query), _newer_row)
        if request.query.keys() & {"uid", "email"}:
            return _error(400, "invalid_field", "session_uid stands alone")
        found = [one for one in self._every() if wanted in (_id(*one), client_id(*one))]
        return web.json_response({"sessions": [_newer_row(*one) for one in found]})

    def _page(self, asked: Mapping[str, Any], row: Any) -> web.Response:
        email, uid = asked.get("email"), asked.get("uid")
        if not email and not uid:
            return _error(400, "required_field", "uid or email must be set")
        limit = str(asked.get("limit") or _DEFAULT_LIMIT)
        if not limit.isdecimal():
            return _error(400, "invalid_field", "limit")
        # With both the vendor answers with the sessions of either.
        found = [one for one in self._every() if self._has(one[0], email, uid)]
        question = json.dumps([email, uid, limit])
        begin = _begin(asked.get("pagination_token"), question)
        if begin is None:
            return _error(400, "invalid_field", "pagination_token")
        end = begin + int(limit)
        body: dict[str, Any] = {"sessions": [row(*one) for one in found[begin:end]]}
        if end < len(found):
            body["pagination_token"] = _token(end, question)
        return web.json_response(body)

    def _every(self) -> list[tuple[Customer, Visit]]:
        """All recorded visits, newest first."""
        every = [(person, visit) for person in self.people for visit in person.visits]
        return sorted(every, key=lambda one: one[1].started_at, reverse=True)

    def _has(self, person: Customer, email: Any, uid: Any) -> bool:
        if uid and person.uid == uid:
            return True
        if not email or not person.email:
            return False
        return person.email == email or (not self.exact and person.email.lower() == str(email).lower())

    async def _events(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if not self.has_events:
            return _error(403, "forbidden", "the plan is without Activations")
        found = self._asked_for(request)
        if found is None:
            return _error(404, "resource_not_found", "no such session")
        self.activations += 1
        ids = {"device_id": _device(*found), "session_id": _session(found[1])}
        return web.json_response({"events": as_events(ids, *found, camel=self.camel)})

    async def _context(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if not self.has_context:
            return _error(404, "resource_not_found", "no such resource")
        if not self.has_events:
            return _error(403, "forbidden", "the plan is without Activations")
        asked = await request.json()
        if wrong := _wrong_in_context(asked):
            return _error(400, "invalid_field", wrong)
        found = self._asked_for(request)
        if found is None:
            return _error(404, "resource_not_found", "no such session")
        self.activations += 1
        return web.json_response(as_context(*found, asked, session_url(*found), _id(*found)))

    async def _summary(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        if not self.has_events:
            return _error(403, "forbidden", "the plan is without Activations")
        until = _moment(request.query.get("end_timestamp"))
        unknown = request.query.keys() - {"config_profile", "end_timestamp"}
        if until is None or unknown:
            return _error(400, "invalid_field", ", ".join(sorted(unknown)) or "end_timestamp")
        found = self._asked_for(request)
        if found is None or request.query.get("config_profile") != self.profile:
            return _error(404, "resource_not_found", "no such session, or no such profile")
        self.activations += 1
        return web.json_response(as_summary(*found, until))

    def _asked_for(self, request: web.Request) -> tuple[Customer, Visit] | None:
        # The pair must be encoded: a colon as it is is refused.
        asked = request.match_info["id"] if ":" not in request.rel_url.raw_path else ""
        return next((one for one in self._every() if asked in (_id(*one), client_id(*one))), None)

    async def _users(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        email, uid = request.query.get("email"), request.query.get("uid")
        found = [_user(person) for person in self.people if self._has(person, email, uid)]
        begin = _begin(request.query.get("page_token") or None, "users")
        if begin is None:
            return _error(400, "invalid_field", "page_token")
        end = begin + _USERS_A_PAGE
        following = _token(end, "users") if end < len(found) else ""
        body = {"results": found[begin:end], "total_records": str(len(found)), "next_page_token": following}
        return web.json_response(body)

    async def _one_user(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        for person in self.people:
            if _user_id(person) == request.match_info["id"]:
                return web.json_response(_user(person))
        return _error(404, "resource_not_found", "no such user")

    async def _me(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, reading=False):
            return refused
        return web.json_response({"email": "", "orgId": f"o-{_ORG}-na1", "role": self.role})


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


def _wrong_in_context(asked: Any) -> str | None:
    """What a context's request has that is not documented; None where it is well."""
    if not isinstance(asked, dict):
        return "the body"
    for part, fields in asked.items():
        unknown = set(fields) - _CONTEXT_FIELDS.get(part, set()) if isinstance(fields, dict) else {part}
        if part not in _CONTEXT_FIELDS or unknown:
            return str(part)
    if asked.get("slice", {}).get("mode", "FIRST") not in _MODES:
        return "slice.mode"
    return _unknown_names(asked)


def _unknown_names(asked: Mapping[str, Any]) -> str | None:
    known = {"events": CONTEXT_TYPES, "context": _ABOUT}
    for part, names in known.items():
        for field, values in asked.get(part, {}).items():
            if set(values) - names:
                return f"{part}.{field}"
    return None


def _moment(stamp: str | None) -> datetime | None:
    """When a summary ends; None where that is no time. Without one it is at the end of time."""
    if stamp is None:
        return datetime.max.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _token(begin: int, question: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([begin, question]).encode()).decode()


def _begin(token: str | None, question: str) -> int | None:
    """Where a page begins; None for a token that is not of this question."""
    if token is None:
        return 0
    try:
        begin, asked = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        return None
    return int(begin) if asked == question else None


def _user_id(person: Customer) -> str:
    # Too large for a float's precision, as real ids are.
    return str(5120998877665544000 + person.number)


def _device(person: Customer, visit: Visit) -> str:
    """The first half of a session's pair: a device, whose first one is told as the user's id."""
    return str(int(_user_id(person)) + 100_000_000 * visit.device_number)


def _session(visit: Visit) -> str:
    return str(7719000000000000000 + int(visit.started_at.timestamp()))


def _id(person: Customer, visit: Visit) -> str:
    return f"{_device(person, visit)}:{_session(visit)}"


def client_id(person: Customer, visit: Visit) -> str:
    """The id that the client itself gives a session."""
    number = f"{person.number:012x}"
    return f"0b6a7a0e-1111-4222-8333-{number}:{int(visit.started_at.timestamp()):08x}-1111-4222-8333-{number}"


def session_url(person: Customer, visit: Visit) -> str:
    """A session's URL."""
    return f"https://app.fullstory.com/ui/{_ORG}/session/{_id(person, visit)}"


def _row(person: Customer, visit: Visit) -> dict[str, Any]:
    return {
        "userId": _device(person, visit),
        "sessionId": _session(visit),
        "createdTime": str(int(visit.started_at.timestamp())),
        "fsUrl": session_url(person, visit),
    }


def _newer_row(person: Customer, visit: Visit) -> dict[str, Any]:
    row = _row(person, visit)
    names = {"userId": "user_id", "sessionId": "session_id", "createdTime": "created_time", "fsUrl": "fs_url"}
    return {names[name]: value for name, value in row.items()}


def _user(person: Customer) -> dict[str, Any]:
    return {
        "id": _user_id(person),
        "uid": person.uid,
        "display_name": person.name,
        "email": person.email,
        "is_being_deleted": False,
        "properties": {"plan": person.plan} if person.plan else {},
        "app_url": f"https://app.fullstory.com/ui/{_ORG}/segments/everyone/people/0/user/{_user_id(person)}",
    }

"""FullStory by `contracts/fullstory.md`: keys, the list of sessions, events, users, `/me`."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from sandbox.people import FULLSTORY, Customer, Visit
from sandbox.vendors.stand_in import Clock, StandIn

_ORG = "7QX2B"
_DEFAULT_LIMIT = 20


class FullStory(StandIn):
    """One organisation; `api_key` is what follows `Basic `, ready for use."""

    def __init__(self, clock: Clock, people: Sequence[Customer]) -> None:
        super().__init__(clock)
        self.api_key = "bmExLkNhc2VmaWxlRGVtbw=="
        self._people = [person for person in people if FULLSTORY in person.vendors]

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {"FULLSTORY__MAIN__API_KEY": self.api_key, "FULLSTORY__MAIN__BASE_URL": self.origin}

    def routes(self) -> list[web.RouteDef]:
        """The contract's paths."""
        return [
            web.get("/sessions/v2", self._list_sessions),
            web.post("/sessions/v2", self._list_sessions),
            web.get("/v2/sessions/{id}/events", self._events),
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

    def _is_ours(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Basic {self.api_key}"

    async def _list_sessions(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        asked: dict[str, Any] = dict(request.query) if request.method == "GET" else await request.json()
        email, uid = asked.get("email"), asked.get("uid")
        if not email and not uid:
            return web.json_response(
                {"code": "required_field", "message": "uid or email must be set"}, status=400
            )
        # With both the vendor answers with the sessions of either.
        found = [
            (person, visit)
            for person in self._people
            if (email and person.email and person.email.lower() == str(email).lower()) or person.uid == uid
            for visit in person.visits
        ]
        found.sort(key=lambda pair: pair[1].started_at, reverse=True)
        limit = str(asked.get("limit") or _DEFAULT_LIMIT)
        if not limit.isdecimal():
            return web.json_response({"code": "invalid_field", "message": "limit"}, status=400)
        return web.json_response({"sessions": [_row(*pair) for pair in found[: int(limit)]]})

    async def _events(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        # The pair must be encoded: a colon as it is is refused.
        asked = request.match_info["id"] if ":" not in request.rel_url.raw_path else ""
        for person in self._people:
            for visit in person.visits:
                if _id(person, visit) == asked:
                    return web.json_response({"events": _events(person, visit)})
        return web.json_response({"code": "resource_not_found", "message": "no such session"}, status=404)

    async def _users(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        email, uid = request.query.get("email"), request.query.get("uid")
        found = [_user(p) for p in self._people if (email and p.email == email) or (uid and p.uid == uid)]
        return web.json_response({"results": found, "total_records": str(len(found)), "next_page_token": ""})

    async def _one_user(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        for person in self._people:
            if _device(person) == request.match_info["id"]:
                return web.json_response(_user(person))
        return web.json_response({"code": "resource_not_found", "message": "no such user"}, status=404)

    async def _me(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        return web.json_response({"email": "", "orgId": f"o-{_ORG}-na1", "role": "ADMIN"})


def _device(person: Customer) -> str:
    # Too large for a float's precision, as real ids are.
    return str(5120998877665544000 + person.number)


def _session(visit: Visit) -> str:
    return str(7719000000000000000 + int(visit.started_at.timestamp()))


def _id(person: Customer, visit: Visit) -> str:
    return f"{_device(person)}:{_session(visit)}"


def session_url(person: Customer, visit: Visit) -> str:
    """A session's URL."""
    return f"https://app.fullstory.com/ui/{_ORG}/session/{_id(person, visit)}"


def _row(person: Customer, visit: Visit) -> dict[str, Any]:
    return {
        "userId": _device(person),
        "sessionId": _session(visit),
        "createdTime": str(int(visit.started_at.timestamp())),
        "fsUrl": session_url(person, visit),
    }


def _user(person: Customer) -> dict[str, Any]:
    return {
        "id": _device(person),
        "uid": person.uid,
        "display_name": person.name,
        "email": person.email,
        "is_being_deleted": False,
        "properties": {},
        "app_url": f"https://app.fullstory.com/ui/{_ORG}/segments/everyone/people/0/user/{_device(person)}",
    }


def _events(person: Customer, visit: Visit) -> list[dict[str, Any]]:
    agent = {"device": person.device, "operating_system": person.os[0]}
    agent |= {"browser": person.browser[0], "browser_version": person.browser[1]}
    step = visit.seconds / max(1, len(visit.pages))
    events = []
    for number, page in enumerate(visit.pages):
        source = {"user_agent": agent, "url": {"full_url": f"https://shop.example{page}", "path": page}}
        events.append(_event("navigate", person, visit, number * step, source))
    events += [_event("exception", person, visit, e.after_seconds, {}) for e in visit.errors]
    return sorted(events, key=lambda event: str(event["event_time"]))


def _event(kind: str, person: Customer, visit: Visit, after: float, source: dict[str, Any]) -> dict[str, Any]:
    at = visit.started_at.timestamp() + after
    return {
        "device_id": _device(person),
        "session_id": _session(visit),
        "view_id": "1",
        "event_time": f"{visit.started_at.fromtimestamp(at, visit.started_at.tzinfo):%Y-%m-%dT%H:%M:%S}.000Z",
        "event_type": kind,
        "event_properties": {},
        "source_type": "web",
        "source_properties": source,
    }

"""Zendesk's API by its documentation: one ticket with its people, and whose token it is."""

import base64
from dataclasses import dataclass

from aiohttp import web

from sandbox.vendors.stand_in import Clock, StandIn

_EMAIL, _TOKEN = "robot@acme.example", "zendesk-demo-token"
_CALLS_A_MINUTE = 700


@dataclass(frozen=True, slots=True)
class Person:
    """A person whom a help desk has."""

    number: int
    email: str | None
    name: str | None
    external_id: str | None


class Zendesk(StandIn):
    """One Zendesk, `acme.zendesk.com`; `know` adds a ticket."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._tickets: dict[str, Person] = {}

    def know(
        self, ticket_id: str, *, email: str | None, name: str | None = None, external_id: str | None = None
    ) -> None:
        """Add a ticket with its requester."""
        self._tickets[ticket_id] = Person(9_000 + len(self._tickets), email, name, external_id)

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {
            "ZENDESK__MAIN__SUBDOMAIN": "acme",
            "ZENDESK__MAIN__EMAIL": _EMAIL,
            "ZENDESK__MAIN__API_TOKEN": _TOKEN,
            "ZENDESK__MAIN__BASE_URL": self.origin,
        }

    def routes(self) -> list[web.RouteDef]:
        """The paths that are served."""
        return [web.get("/api/v2/tickets/{id}", self._ticket), web.get("/api/v2/users/me", self._me)]

    def refusal(self) -> web.Response:
        """The answer to a wrong token."""
        return web.json_response({"error": "Couldn't authenticate you"}, status=401)

    def rate_limited(self) -> web.Response:
        """A 429 with the seconds to wait."""
        headers = {"Retry-After": "20", "X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "0"}
        return web.Response(
            text="Number of allowed API requests per minute exceeded", status=429, headers=headers
        )

    def _is_ours(self, request: web.Request) -> bool:
        pair = base64.b64encode(f"{_EMAIL}/token:{_TOKEN}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {pair}"

    async def _ticket(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        ticket_id = request.match_info["id"]
        person = self._tickets.get(ticket_id)
        if person is None:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        agent = {
            "id": 77,
            "name": "Sam Agent",
            "email": "sam@acme.example",
            "role": "agent",
            "external_id": None,
        }
        body: dict[str, object] = {
            "ticket": {
                "id": int(ticket_id),
                "requester_id": person.number,
                "assignee_id": 77,
                "status": "new",
            }
        }
        if "users" in request.query.get("include", "").split(","):
            body["users"] = [agent, _user(person)]
        return web.json_response(body, headers=self._rates())

    async def _me(self, request: web.Request) -> web.Response:
        # A wrong token is answered too, as a user without an id.
        user = {"id": 77, "role": "admin"} if self._is_ours(request) else {"id": None, "role": "end-user"}
        return web.json_response({"user": user}, headers=self._rates())

    def _rates(self) -> dict[str, str]:
        left = str(max(0, _CALLS_A_MINUTE - len(self.calls)))
        return {"X-Rate-Limit": str(_CALLS_A_MINUTE), "X-Rate-Limit-Remaining": left, "ratelimit-reset": "41"}


def _user(person: Person) -> dict[str, object]:
    return {
        "id": person.number,
        "name": person.name,
        "email": person.email,
        "external_id": person.external_id,
        "role": "end-user",
    }

"""
Zendesk's API by its documentation: tokens of clients, a ticket with people and comments, whose token it is.

API tokens are taken until `api_tokens_end` (developer.zendesk.com, oauth-migration: 2027-04-30).
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from aiohttp import web

from sandbox.vendors.stand_in import Clock, StandIn

_CLIENT, _SECRET = "casefile-demo", "zendesk-demo-client-secret"
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
    """
    One Zendesk, `acme.zendesk.com`; `know` adds a ticket.

    Attributes:
        token_lasts: for how long a new token is good.
        tokens: those that were handed out and when each ends; whoever removes one revokes it.
        api_tokens_end: when API tokens are no longer taken.
        may_read: whether the key may read tickets.
        may_write: whether the OAuth client has the scope `write`.
        writers: the tokens with the scope `write`.
        comments: of each ticket, oldest first.
        closed: the tickets that cannot be changed any more.
        loses_answers: how many updates are made whose answers get lost.

    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._tickets: dict[str, Person] = {}
        self.may_read = True
        self.may_write = True
        self.writers: set[str] = set()
        self.comments: dict[str, list[dict[str, object]]] = {}
        self.closed: set[str] = set()
        self.loses_answers = 0
        self.token_lasts = timedelta(minutes=30)
        self.tokens: dict[str, datetime] = {}
        self.api_tokens_end = datetime(2027, 4, 30, tzinfo=UTC)

    def know(
        self, ticket_id: str, *, email: str | None, name: str | None = None, external_id: str | None = None
    ) -> None:
        """Add a ticket with its requester."""
        self._tickets[ticket_id] = Person(9_000 + len(self._tickets), email, name, external_id)

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {
            "ZENDESK__MAIN__SUBDOMAIN": "acme",
            "ZENDESK__MAIN__CLIENT_ID": _CLIENT,
            "ZENDESK__MAIN__CLIENT_SECRET": _SECRET,
            "ZENDESK__MAIN__BASE_URL": self.origin,
        }

    def legacy_environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it by an API token."""
        return {
            "ZENDESK__MAIN__SUBDOMAIN": "acme",
            "ZENDESK__MAIN__EMAIL": _EMAIL,
            "ZENDESK__MAIN__API_TOKEN": _TOKEN,
            "ZENDESK__MAIN__BASE_URL": self.origin,
        }

    def routes(self) -> list[web.RouteDef]:
        """The paths that are served."""
        return [
            web.post("/oauth/tokens", self._token),
            web.get("/api/v2/tickets/{id}", self._ticket),
            web.put("/api/v2/tickets/{id}", self._update),
            web.get("/api/v2/tickets/{id}/comments", self._list_comments),
            web.get("/api/v2/users/me", self._me),
        ]

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
        kind, _, proof = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            return proof in self.tokens and self.clock() < self.tokens[proof]
        pair = base64.b64encode(f"{_EMAIL}/token:{_TOKEN}".encode()).decode()
        return (kind, proof) == ("Basic", pair) and self.clock() < self.api_tokens_end

    async def _token(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.json_response({"error": "invalid_request"}, status=400)
        asked = await request.json()
        if asked.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if (asked.get("client_id"), asked.get("client_secret")) != (_CLIENT, _SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        scopes = str(asked.get("scope", "")).split()
        if "read" not in scopes or not {*scopes} <= {"read", *(["write"] if self.may_write else [])}:
            return web.json_response({"error": "invalid_scope"}, status=400)
        token = f"zendesk-demo-access-{len(self.tokens)}"
        if "write" in scopes:
            self.writers.add(token)
        self.tokens[token] = self.clock() + self.token_lasts
        lasts = int(self.token_lasts.total_seconds())
        scope = " ".join(scopes)
        body = {"access_token": token, "token_type": "bearer", "scope": scope, "expires_in": lasts}
        return web.json_response(body)

    async def _ticket(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        if not self.may_read:
            return web.json_response({"error": "Forbidden"}, status=403)
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

    def _refuses_update(self, request: web.Request) -> web.Response | None:
        if not self._is_ours(request):
            return self.refusal()
        kind, _, proof = request.headers["Authorization"].partition(" ")
        if kind == "Bearer" and proof not in self.writers:
            missing = "You are missing the following required scopes: write"
            return web.json_response({"error": "Forbidden", "description": missing}, status=403)
        if request.match_info["id"] not in self._tickets:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        if request.content_type != "application/json":
            return web.json_response({"error": "InvalidContentType"}, status=415)
        return None

    async def _update(self, request: web.Request) -> web.Response:
        if refused := self._refuses_update(request):
            return refused
        said, ticket_id = (await request.json())["ticket"]["comment"], request.match_info["id"]
        html_body = said.get("html_body") or said.get("body")
        if not html_body or ticket_id in self.closed:
            return web.json_response({"error": "RecordInvalid"}, status=422)
        there = self.comments.setdefault(ticket_id, [])
        # Without `public` a comment is one that the customer sees.
        public = said.get("public", True)
        there.append({"id": len(there) + 1, "type": "Comment", "public": public, "html_body": html_body})
        if self.loses_answers:
            self.loses_answers -= 1
            return web.json_response({"error": "Gateway"}, status=502)
        return web.json_response({"ticket": {"id": int(ticket_id)}, "audit": {}}, headers=self._rates())

    async def _list_comments(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return self.refusal()
        if not self.may_read:
            return web.json_response({"error": "Forbidden"}, status=403)
        ticket_id = request.match_info["id"]
        if ticket_id not in self._tickets:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        found = list(self.comments.get(ticket_id, ()))
        if request.query.get("sort_order") == "desc":
            found.reverse()
        page = found[: min(100, int(request.query.get("per_page", "100")))]
        body = {"comments": page, "count": len(found), "next_page": None, "previous_page": None}
        return web.json_response(body, headers=self._rates())

    async def _me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").startswith("Bearer ") and not self._is_ours(request):
            return web.json_response({"error": "invalid_token"}, status=401)
        # A wrong API token is answered too, as a user without an id.
        user = {"id": 77, "role": "admin"} if self._is_ours(request) else {"id": None, "role": "end-user"}
        return web.json_response({"user": user}, headers=self._rates())

    def admit(self, request: web.Request) -> web.StreamResponse | None:  # noqa: ARG002 - whoever asks
        """Refuse what is beyond the calls of a minute."""
        if self._calls_of_this_minute() <= _CALLS_A_MINUTE:
            return None
        refused = self.rate_limited()
        refused.headers["Retry-After"] = self._rates()["ratelimit-reset"]
        return refused

    def _calls_of_this_minute(self) -> int:
        minute = self.clock().replace(second=0, microsecond=0)
        return sum(1 for _ in takewhile(lambda call: call.at >= minute, reversed(self.calls)))

    def _rates(self) -> dict[str, str]:
        return {
            "X-Rate-Limit": str(_CALLS_A_MINUTE),
            "X-Rate-Limit-Remaining": str(max(0, _CALLS_A_MINUTE - self._calls_of_this_minute())),
            "ratelimit-reset": str(60 - self.clock().second),
        }


def _user(person: Person) -> dict[str, object]:
    return {
        "id": person.number,
        "name": person.name,
        "email": person.email,
        "external_id": person.external_id,
        "role": "end-user",
    }

"""Intercom's API by its documentation: conversations, contacts, and whose token it is."""

from dataclasses import dataclass

from aiohttp import web

from sandbox.vendors.stand_in import Clock, StandIn

_TOKEN, _VERSION, WORKSPACE = "intercom-demo-token", "2.11", "abc123"
_CALLS_IN_TEN_SECONDS = 167
_ADMIN = "1295"


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact; with `in_author` a conversation has its author's address."""

    id: str
    email: str | None
    name: str | None
    external_id: str | None
    in_author: bool


class Intercom(StandIn):
    """
    One workspace, `abc123`; `know` adds a conversation.

    With `may_read` False its token is without the permissions to read conversations and contacts, with
    `may_write` False without the one to write conversations. `parts` are those of each conversation;
    `loses_answers` is how many replies are made whose answers get lost.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.may_read = True
        self.may_write = True
        self.parts: dict[str, list[dict[str, object]]] = {}
        self.loses_answers = 0
        self._conversations: dict[str, Contact] = {}

    def know(
        self,
        ticket_id: str,
        *,
        email: str | None,
        name: str | None = None,
        external_id: str | None = None,
        in_author: bool = False,
    ) -> None:
        """Add a conversation and the contact who began it."""
        number = f"65f0{len(self._conversations):020x}"
        self._conversations[ticket_id] = Contact(number, email, name, external_id, in_author)

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""
        return {"INTERCOM__MAIN__TOKEN": _TOKEN, "INTERCOM__MAIN__BASE_URL": self.origin}

    def routes(self) -> list[web.RouteDef]:
        """The paths that are served."""
        return [
            web.get("/me", self._me),
            web.get("/conversations/{id}", self._conversation),
            web.post("/conversations/{id}/reply", self._reply),
            web.get("/contacts/{id}", self._contact),
        ]

    def refusal(self) -> web.Response:
        """The answer to a wrong token."""
        return _errors("unauthorized", "Access Token Invalid", 401)

    def rate_limited(self) -> web.Response:
        """A 429, which has the time of its end and no Retry-After."""
        answer = _errors("rate_limit_exceeded", "Exceeded rate limit of 167 in 10_seconds", 429)
        answer.headers.update(self._rates(0))
        return answer

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {_TOKEN}":
            return self.refusal()
        if request.headers.get("Intercom-Version") != _VERSION:
            return _errors("intercom_version_invalid", "The requested version could not be found", 400)
        if request.path != "/me" and not self.may_read:
            return _errors("api_plan_restricted", "Active subscription or permission needed", 403)
        return None

    async def _me(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        app = {"type": "app", "id_code": WORKSPACE, "name": "Acme", "region": "US"}
        return self._answer({"type": "admin", "id": _ADMIN, "email": "sam@acme.example", "app": app})

    async def _conversation(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        contact = self._conversations.get(request.match_info["id"])
        if contact is None:
            return _errors("not_found", "Resource Not Found", 404)
        author = {"type": "user", "id": contact.id, "name": contact.name}
        author |= {"email": contact.email if contact.in_author else ""}
        reference = {"type": "contact", "id": contact.id, "external_id": contact.external_id}
        return self._answer(
            {
                "type": "conversation",
                "id": request.match_info["id"],
                "source": {"type": "conversation", "author": author, "body": "<p>Hello</p>"},
                "contacts": {"type": "contact.list", "contacts": [reference]},
                "conversation_parts": {
                    "type": "conversation_part.list",
                    "conversation_parts": self.parts.get(request.match_info["id"], [])[-500:],
                },
            }
        )

    async def _reply(self, request: web.Request) -> web.Response:
        said, conversation_id = await request.json(), request.match_info["id"]
        if refused := self._refuses_reply(request, said):
            return refused
        there = self.parts.setdefault(conversation_id, [])
        part = {"type": "conversation_part", "id": str(len(there) + 1), "part_type": said["message_type"]}
        there.append(part | {"body": said["body"], "author": {"type": "admin", "id": _ADMIN}})
        if self.loses_answers:
            self.loses_answers -= 1
            return _errors("server_error", "Gateway", 502)
        return self._answer({"type": "conversation", "id": conversation_id})

    def _refuses_reply(self, request: web.Request, said: dict[str, object]) -> web.Response | None:
        if refused := self._refused(request):
            return refused
        if not self.may_write:
            return _errors("api_plan_restricted", "Active subscription or permission needed", 403)
        if request.match_info["id"] not in self._conversations:
            return _errors("not_found", "Resource Not Found", 404)
        if said.get("type") != "admin" or said.get("message_type") not in ("comment", "note"):
            return _errors("parameter_invalid", "type or message_type is invalid", 400)
        if str(said.get("admin_id")) != _ADMIN or not said.get("body"):
            return _errors("parameter_not_found", "admin_id or body is missing", 400)
        return None

    async def _contact(self, request: web.Request) -> web.Response:
        if refused := self._refused(request):
            return refused
        wanted = request.match_info["id"]
        contact = next((one for one in self._conversations.values() if one.id == wanted), None)
        if contact is None:
            return _errors("not_found", "User Not Found", 404)
        return self._answer(
            {
                "type": "contact",
                "id": contact.id,
                "external_id": contact.external_id,
                "email": contact.email,
                "name": contact.name,
                "role": "user",
            }
        )

    def _answer(self, body: dict[str, object]) -> web.Response:
        return web.json_response(body, headers=self._rates(_CALLS_IN_TEN_SECONDS - len(self.calls) % 100))

    def _rates(self, left: int) -> dict[str, str]:
        resets = str(int(self.clock().timestamp()) // 10 * 10 + 10)
        limit = str(_CALLS_IN_TEN_SECONDS)
        return {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": resets}


def _errors(code: str, message: str, status: int) -> web.Response:
    body = {"type": "error.list", "request_id": "b1", "errors": [{"code": code, "message": message}]}
    return web.json_response(body, status=status)

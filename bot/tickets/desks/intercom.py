"""
Intercom: a conversation, and where it names its person by id alone, that contact.

Facts from developers.intercom.com/docs/references/2.11/rest-api/api.intercom.io:
`GET /conversations/{id}` has `source.author {type, id, name, email}` and `contacts.contacts[] {id,
external_id}`; `GET /contacts/{id}` has `role`, `email`, `external_id`, `name`; `GET /me` has `app.id_code`,
which ticket URLs carry as `/a/inbox/{id_code}/…`; the version is asked for by `Intercom-Version`. A lead's
`external_id` is made up by Intercom, no uid of the product's (…/references/1.4/rest-api/leads/create-lead).
A note is a reply that the customer never sees: `POST /conversations/{id}/reply` with `message_type` "note",
`type` "admin", `admin_id` and an HTML `body`, for which the token needs the permission to write
conversations; `GET /conversations/{id}` has at most 500 parts in
`conversation_parts.conversation_parts[] {part_type, body}`, where a note's `part_type` is "note"; `GET /me`
has the token's own admin, `id`.
Limits (…/rest-api/errors/rate-limiting): 1,000 calls a minute is the least that is documented, counted as
167 in each 10 seconds; `X-RateLimit-Remaining` and `X-RateLimit-Reset` (a time in seconds since 1970) say
what is left.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.model import TicketReference
from bot.settings.accounts import IntercomAccount
from bot.sources.http import Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import AnyText, Id, Record, at, read_record, to_count, to_id, to_text
from bot.sources.quota import Account, Window
from bot.storage.memory import Memory
from bot.tickets.desks.noting import quota_of_notes
from bot.tickets.desks.protocol import Requester

_VERSION = "2.11"
WINDOWS = (Window(167, 10),)
# Workspaces do not change their id; a token may be exchanged for another workspace's.
_WORKSPACE_LASTS = timedelta(days=1)
_WORKSPACE_IN_URL = re.compile(r"/a/(?:inbox|apps)/([^/?#]+)/")
# Who a conversation's author may be, other than one of ours.
_LEAD = "lead"
# A note, as a kind of reply and as a kind of a conversation's parts.
_NOTE = "note"
_CUSTOMERS = frozenset({"user", "contact", _LEAD})


class _Author(Record):
    type: AnyText = None
    id: Id = None
    name: AnyText = None
    email: AnyText = None


class _Part(Record):
    part_type: AnyText = None
    body: AnyText = None


class _Contact(Record):
    id: Id = None
    external_id: Id = None
    email: AnyText = None
    name: AnyText = None
    role: AnyText = None


@dataclass(frozen=True, slots=True)
class Intercom:
    """One Intercom workspace."""

    name: str
    http: VendorHttp
    settings: IntercomAccount
    memory: Memory
    takes_notes: bool = False

    title = "Intercom"

    def may_keep(self, ticket: TicketReference) -> bool:
        """Whether it is a conversation at Intercom; whose, `requester` finds out."""
        return ticket.system == "intercom"

    async def requester(self, ticket: TicketReference, calls: Calls) -> Requester | None:
        """The conversation's customer; None for other workspaces' conversations. See `Desk`."""
        reply = await self._conversation(ticket, calls)
        if reply is None:
            return None
        contacts = calls.records(at(reply.body, "contacts", "contacts"), _Contact)
        if contacts is None:
            raise calls.unreadable("a conversation with its contacts")
        author = read_record(at(reply.body, "source", "author"), _Author) or _Author()
        if author.email and author.type in _CUSTOMERS:
            known = next((contact for contact in contacts if contact.id == author.id), None)
            uid = known.external_id if known and author.type != _LEAD else None
            return Requester(author.email, uid, author.name)
        # A conversation of several began with one of them; without an author it is nobody's.
        if len(contacts) != 1 or contacts[0].id is None:
            return None
        return await self._contact(contacts[0].id, calls)

    async def notes(self, ticket: TicketReference, calls: Calls) -> Sequence[str] | None:
        """The notes among a conversation's newest parts; see `Desk`."""
        reply = await self._conversation(ticket, calls, quota_of_notes(self))
        if reply is None:
            return None
        parts = calls.records(at(reply.body, "conversation_parts", "conversation_parts"), _Part)
        if parts is None:
            raise calls.unreadable("a conversation with its parts")
        return [part.body or "" for part in parts if part.part_type == _NOTE]

    async def write_note(self, ticket: TicketReference, html: str, calls: Calls) -> None:
        """Reply with a note; see `Desk`."""
        if not calls.is_there(await self._reply(ticket.id, html, calls)):
            raise calls.unreadable("a conversation that takes a note")

    async def _reply(self, conversation_id: str, html: str, calls: Calls) -> Reply:
        admin = self.settings.admin_id or await self._me(calls, "id")
        body = {"message_type": _NOTE, "type": "admin", "admin_id": admin, "body": html}
        path = f"/conversations/{segment(conversation_id)}/reply"
        return await calls.request("POST", path, headers=self._headers(), body=body)

    async def _conversation(
        self, ticket: TicketReference, calls: Calls, budget: Account | None = None
    ) -> Reply | None:
        """The conversation; None where it is another workspace's."""
        named = _WORKSPACE_IN_URL.search(ticket.url)
        if named and named[1] != await self._me(calls, "app", "id_code"):
            return None
        reply = await self._get(f"/conversations/{segment(ticket.id)}", calls, budget)
        return reply if calls.is_there(reply) else None

    async def check(self, calls: Calls) -> str:
        """Ask whose token it is (`GET /me`), and for a conversation and a contact that are not there."""
        reply = await self._get("/me", calls)
        if not reply.ok:
            raise calls.refused(reply)
        for path in ("/conversations/0", "/contacts/0"):
            # A token without the permission is refused instead.
            calls.is_there(await self._get(path, calls))
        notes = ""
        if self.takes_notes:
            calls.is_there(await self._reply("0", "Casefile", calls))
            notes = ", and may write notes"
        return f"the token of workspace {to_text(at(reply.body, 'app', 'id_code')) or 'unknown'} works{notes}"

    async def _me(self, calls: Calls, *path: str) -> str:
        """What `GET /me` has at a path: the workspace's id, or the id of the token's own admin."""
        # Another token may be another workspace's.
        name, _ = self.memory.name_for(" ".join(path), self.settings.token.get_secret_value())
        known = await self.memory.recall(self.name, name)
        if known is None:
            reply = await self._get("/me", calls)
            if not reply.ok:
                raise calls.refused(reply)
            known = to_id(at(reply.body, *path))
            if known is None:
                raise calls.unreadable("whose token it is")
            await self.memory.remember(self.name, name, known, _WORKSPACE_LASTS)
        return known

    async def _contact(self, contact_id: str, calls: Calls) -> Requester | None:
        reply = await self._get(f"/contacts/{segment(contact_id)}", calls)
        if not calls.is_there(reply):
            return None
        contact = read_record(reply.body, _Contact)
        if contact is None:
            raise calls.unreadable("a contact")
        uid = None if contact.role == _LEAD else contact.external_id
        return Requester(contact.email, uid, contact.name) if contact.email or uid else None

    def _headers(self) -> dict[str, str]:
        token = self.settings.token.get_secret_value()
        return {"Authorization": f"Bearer {token}", "Intercom-Version": _VERSION}

    async def _get(self, path: str, calls: Calls, budget: Account | None = None) -> Reply:
        reply = await calls.get(path, headers=self._headers(), budget=budget)
        left = to_count(reply.headers.get("x-ratelimit-remaining"))
        resets = to_count(reply.headers.get("x-ratelimit-reset"))
        if left is not None and resets is not None:
            moment = datetime.fromtimestamp(min(resets, 2**33), UTC)
            longest = timedelta(seconds=WINDOWS[0].seconds)
            await calls.correct(left, min(max(moment - self.http.clock(), timedelta()), longest))
        return reply


def rest_after_429(_now: object) -> timedelta:
    """How long to stay away after a 429 (no Retry-After is documented): its window."""
    return timedelta(seconds=WINDOWS[0].seconds)


def account(name: str) -> Account:
    """A workspace as the ledger knows it."""
    return Account(name, WINDOWS)

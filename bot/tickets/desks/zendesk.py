"""
Zendesk: a ticket with its people in one call.

Facts from developer.zendesk.com: `GET /api/v2/tickets/{id}` gives `ticket.requester_id`
(/api-reference/ticketing/tickets/tickets), and with `include=users` the people beside it in `users`
(/documentation/ticketing/using-the-zendesk-api/side_loading), which are "partial user resources": one without
`email` is asked for by `GET /api/v2/users/{id}`; a user has `id`, `email`, `external_id`, `name`
(/api-reference/ticketing/users/users); the least that any plan allows is 200 calls a minute, what is left
stands in `X-Rate-Limit-Remaining` and `ratelimit-reset`, and a 429 has `Retry-After`
(/api-reference/introduction/rate-limits). What our key is sent as is in `zendesk_key.py`.

A note is a comment that is not public, which a ticket's update adds: `PUT /api/v2/tickets/{id}` with
`ticket.comment {html_body, public: false}`; an OAuth client needs the scope `write` for it. `GET
/api/v2/tickets/{id}/comments` lists comments with `public` and `html_body`, at most 100 a page, oldest first
unless `sort_order=desc` (/api-reference/ticketing/tickets/ticket_comments, …/tickets/tickets). A closed
ticket cannot be changed: as any change that is not valid, that is answered by 422.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from bot.domain.model import Reason, TicketReference
from bot.settings.accounts import ZendeskAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import (
    AnyText,
    Id,
    Record,
    at,
    read_record,
    to_count,
    to_id,
    to_text,
)
from bot.sources.quota import Account, Window
from bot.tickets.desks.noting import quota_of_notes
from bot.tickets.desks.protocol import Requester
from bot.tickets.desks.zendesk_key import ZendeskKey

_MINUTE = 60
WINDOWS = (Window(200, _MINUTE),)
# Tickets are shown to these alone.
_STAFF = frozenset({"agent", "admin"})


class _Comment(Record):
    public: bool | None = None
    html_body: AnyText = None


class _User(Record):
    id: Id = None
    email: AnyText = None
    external_id: Id = None
    name: AnyText = None


@dataclass(frozen=True, slots=True)
class Zendesk:
    """One Zendesk."""

    name: str
    http: VendorHttp
    settings: ZendeskAccount
    key: ZendeskKey
    takes_notes: bool = False

    title = "Zendesk"

    def may_keep(self, ticket: TicketReference) -> bool:
        """Whether its URL is on this Zendesk's host."""
        host = (urlsplit(ticket.url).hostname or "").lower()
        own = {(urlsplit(self.http.base_url).hostname or "").lower()}
        if self.settings.subdomain:
            own.add(f"{self.settings.subdomain.lower()}.zendesk.com")
        return ticket.system == "zendesk" and host in own

    async def requester(self, ticket: TicketReference, calls: Calls) -> Requester | None:
        """The ticket's requester; see `Desk`."""
        path = f"/api/v2/tickets/{segment(ticket.id)}"
        reply = await self._get(path, calls, {"include": "users"})
        if not calls.is_there(reply):
            return None
        requester_id = to_id(at(reply.body, "ticket", "requester_id"))
        users = calls.records(at(reply.body, "users"), _User)
        if requester_id is None or users is None:
            raise calls.unreadable("a ticket with its people")
        found = next((user for user in users if user.id == requester_id), None)
        if found is None or "email" not in found.model_fields_set:
            found = await self._user(requester_id, calls)
        return Requester(found.email, found.external_id, found.name) if found else None

    async def notes(self, ticket: TicketReference, calls: Calls) -> Sequence[str] | None:
        """The newest hundred comments that are not public; see `Desk`."""
        newest = {"sort_order": "desc", "per_page": "100"}
        path = f"/api/v2/tickets/{segment(ticket.id)}/comments"
        reply = await self._get(path, calls, newest, quota_of_notes(self))
        if not calls.is_there(reply):
            return None
        comments = calls.records(at(reply.body, "comments"), _Comment)
        if comments is None:
            raise calls.unreadable("a ticket's comments")
        return [comment.html_body or "" for comment in comments if comment.public is False]

    async def write_note(self, ticket: TicketReference, html: str, calls: Calls) -> None:
        """Add a comment that is not public; see `Desk`."""
        reply = await self._put_note(ticket.id, html, calls)
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            why = f"{self.title} does not let this ticket be changed: most likely it is closed"
            raise CallFailed(Reason.UNSUPPORTED, why)
        if not calls.is_there(reply):
            raise calls.unreadable("a ticket that takes a note")

    async def _put_note(self, ticket_id: str, html: str, calls: Calls) -> Reply:
        body = {"ticket": {"comment": {"html_body": html, "public": False}}}
        path = f"/api/v2/tickets/{segment(ticket_id)}"
        for again in (True, False):
            headers = await self.key.headers(calls)
            reply = await calls.request("PUT", path, headers=headers, body=body)
            if reply.status != HTTPStatus.UNAUTHORIZED or not again or not await self.key.renew():
                break
        await self._obey(reply, calls)
        return reply

    async def check(self, calls: Calls) -> str:
        """Ask whose token it is, as strangers and end users are answered too, and for a ticket."""
        reply = await self._get("/api/v2/users/me", calls)
        if not reply.ok:
            raise calls.refused(reply)
        role = to_text(at(reply.body, "user", "role"))
        if role not in _STAFF:
            raise calls.refused(Reply(HTTPStatus.UNAUTHORIZED, None, reply.headers))
        # A ticket that is not there: a key that may not read tickets is refused instead.
        calls.is_there(await self._get("/api/v2/tickets/0", calls))
        notes = ""
        if self.takes_notes:
            # A key that may not write is refused before it is told that there is no such ticket.
            calls.is_there(await self._put_note("0", "Casefile", calls))
            notes = ", and may write notes"
        return f"{self.key.kind} works, with the role {role}{notes}{self.key.caution}"

    async def _user(self, user_id: str, calls: Calls) -> _User | None:
        reply = await self._get(f"/api/v2/users/{segment(user_id)}", calls)
        if not calls.is_there(reply):
            return None
        if (user := read_record(at(reply.body, "user"), _User)) is None:
            raise calls.unreadable("a user")
        return user

    async def _get(
        self,
        path: str,
        calls: Calls,
        params: dict[str, str] | None = None,
        budget: Account | None = None,
    ) -> Reply:
        """An answer; where the token is refused before its time, by a new one, once."""
        headers = await self.key.headers(calls)
        reply = await calls.get(path, params=params, headers=headers, budget=budget)
        if reply.status == HTTPStatus.UNAUTHORIZED and await self.key.renew():
            reply = await calls.get(path, params=params, headers=await self.key.headers(calls))
        await self._obey(reply, calls)
        return reply

    async def _obey(self, reply: Reply, calls: Calls) -> None:
        left = to_count(reply.headers.get("x-rate-limit-remaining"))
        resets = to_count(reply.headers.get("ratelimit-reset"))
        if left is not None:
            seconds = min(resets if resets is not None else _MINUTE, _MINUTE)
            await calls.correct(left, timedelta(seconds=seconds))


def account(name: str) -> Account:
    """A Zendesk as the ledger knows it."""
    return Account(name, WINDOWS)


def base_url(settings: ZendeskAccount) -> str:
    """Where its API is."""
    return settings.base_url or f"https://{settings.subdomain}.zendesk.com"

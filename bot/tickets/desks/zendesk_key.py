"""
What proves to Zendesk who we are: an OAuth client's token, or an API token while there are any.

Facts from developer.zendesk.com (/documentation/api-basics/authentication/oauth-migration): API tokens end
for all accounts on 2027-04-30, and since 2026-10-27 nobody can make one; a confidential client's token comes
from `POST /oauth/tokens` with `grant_type=client_credentials`, is sent as `Bearer`, lasts for its
`expires_in` (30 minutes by default, 48 hours at most) and has no refresh token: it is asked for anew; scopes
stand in one text, with blanks between them (`read write`). An API
token is sent as `{email}/token:{token}` by Basic authentication
(/api-reference/introduction/security-and-auth).
"""

import base64
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from bot.settings.accounts import ZendeskAccount
from bot.sources.http import Calls, Reply
from bot.sources.json_fields import at, to_count, to_text
from bot.storage.memory import Memory

TOKENS_END = "2027-04-30"
# What a token is asked for: to read, and to write notes too.
READS, READS_AND_WRITES = "read", "read write"
_USUAL, _LONGEST = timedelta(minutes=30), timedelta(hours=48)
# A token is given up so long before its end: a call made with it takes a while.
_EARLIER = timedelta(minutes=1)
_SHORTEST = timedelta(seconds=1)
# What the token endpoint answers where the client, its secret or its scope is refused.
_REFUSED = (400, 401, 403)


@dataclass(frozen=True, slots=True)
class ZendeskKey:
    """One account's key; a token that was fetched is kept, sealed, for as long as it lasts."""

    account: str
    settings: ZendeskAccount
    memory: Memory
    scope: str = READS

    @property
    def kind(self) -> str:
        """What kind of key it is, in words."""
        return "the OAuth client" if self.settings.client_secret else "the API token"

    @property
    def caution(self) -> str:
        """What whoever runs the bot should know of it, to be added to a line; empty if nothing."""
        if self.settings.client_secret:
            return ""
        return (
            f"; Zendesk ends all API tokens on {TOKENS_END}: make an OAuth client and set CLIENT_ID and"
            " CLIENT_SECRET in place of EMAIL and API_TOKEN"
        )

    async def headers(self, calls: Calls) -> dict[str, str]:
        """
        The headers of a call; a token is fetched where none is kept.

        Raises:
            CallFailed: when none can be had.

        """
        settings = self.settings
        if settings.client_secret is None:
            token = settings.api_token.get_secret_value() if settings.api_token else ""
            pair = f"{settings.email}/token:{token}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        known = await self.memory.recall(self.account, self._name())
        return {"Authorization": f"Bearer {known or await self._fetch(calls)}"}

    async def renew(self) -> bool:
        """Forget the token, as it was refused; returns whether there is a way to a new one."""
        if self.settings.client_secret is None:
            return False
        await self.memory.forget(self.account, self._name())
        return True

    async def _fetch(self, calls: Calls) -> str:
        secret = self.settings.client_secret
        body = {
            "grant_type": "client_credentials",
            "client_id": self.settings.client_id,
            "client_secret": secret.get_secret_value() if secret else "",
            "scope": self.scope,
        }
        reply = await calls.request("POST", "/oauth/tokens", body=body)
        if reply.status in _REFUSED:
            raise calls.refused(Reply(HTTPStatus.UNAUTHORIZED, None, reply.headers))
        if not reply.ok:
            raise calls.refused(reply)
        token = to_text(at(reply.body, "access_token"))
        if token is None or not token.isascii() or any(character.isspace() for character in token):
            raise calls.unreadable("a token")
        seconds = to_count(at(reply.body, "expires_in"))
        lasts = _USUAL if seconds is None else min(timedelta(seconds=min(seconds, 10**6)), _LONGEST)
        kept = max(lasts - _EARLIER, min(lasts, _SHORTEST))
        await self.memory.remember(self.account, self._name(), token, kept)
        return token

    def _name(self) -> str:
        # Another client's token, or one of an earlier secret or of fewer scopes, is not taken for this one's.
        secret = self.settings.client_secret
        parts = (self.settings.client_id or "", secret.get_secret_value() if secret else "", self.scope)
        return self.memory.name_for("token", *parts)[0]

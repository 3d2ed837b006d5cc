"""Who asks over HTTP: a shared token of the owner's, or a person's own, judged by the one access rule."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from slack_sdk.errors import SlackApiError

from bot.audit.entries import AuditEntry
from bot.audit.trail import AuditTrail
from bot.domain.asking import Way
from bot.mcp.personal_tokens import PersonalTokens
from bot.slack.access import Access, Refusal
from bot.slack.client import SlackAway

_NO_TOKEN = "a bearer token is needed"  # noqa: S105 - a sentence
_UNKNOWN = "nobody has this token, or it has ended"
_NOT_SHARED = (
    "looking customers up is for certain channels or user groups here, and this token is nobody's own:"
    " ask with a person's token, or have ACCESS__SHARED_TOKENS allow it"
)
_UNSURE = (
    "Slack could not confirm who you are just now, so nobody was looked up. Please try again in a minute."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a Slack id, `mcp:` with a shared token's name, or the account of whoever runs the command."""

    who: str


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A request that is not answered: the HTTP status, and why, in words."""

    status: HTTPStatus
    why: str


@dataclass(frozen=True, slots=True)
class Gate:
    """
    Lets callers in by their token.

    Args:
        shared: the owner's tokens, by name.
        personal: the tokens of people.
        access: who may look customers up.
        shared_refused: why a shared token may not ask, as the audit trail says it; None where it may.
        team: id of the workspace that installed the bot.
        trail: has a row for each refusal of somebody known.

    """

    shared: Mapping[str, str]
    personal: PersonalTokens
    access: Access
    shared_refused: str | None
    team: str
    trail: AuditTrail

    async def caller(self, authorization: str) -> Caller | TurnedAway:
        """
        Who asks, by the header; or why they may not.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return TurnedAway(HTTPStatus.UNAUTHORIZED, _NO_TOKEN)
        # All are compared, so that the time tells nothing.
        names = [name for name, own in self.shared.items() if _same(own, token)]
        if names:
            return await self._shared(f"mcp:{names[0]}")
        user = await self.personal.owner(token)
        if user is None:
            return TurnedAway(HTTPStatus.UNAUTHORIZED, _UNKNOWN)
        return await self._judged(user)

    async def _shared(self, who: str) -> Caller | TurnedAway:
        if self.shared_refused is None:
            return Caller(who)
        await self._note(who, self.shared_refused)
        return TurnedAway(HTTPStatus.FORBIDDEN, _NOT_SHARED)

    async def _judged(self, user: str) -> Caller | TurnedAway:
        try:
            refusal = await self.access.ask_alone(user, self.team)
        except (SlackApiError, SlackAway):
            await self._note(user, "unsure")
            return TurnedAway(HTTPStatus.SERVICE_UNAVAILABLE, _UNSURE)
        if isinstance(refusal, Refusal):
            await self._note(user, refusal.reason)
            return TurnedAway(HTTPStatus.FORBIDDEN, refusal.message)
        return Caller(user)

    async def _note(self, who: str, reason: str) -> None:
        """Have the trail say so before they are told."""
        await self.trail.write_refusal([AuditEntry(who, None, Way.MCP)], reason)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())

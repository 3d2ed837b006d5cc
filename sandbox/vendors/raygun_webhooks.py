"""Raygun's webhooks (`contracts/raygun_crash.md`, part A), sent when the page asks for it."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import aiohttp

from sandbox.people import Customer, Error
from sandbox.vendors.stand_in import Clock

Json = dict[str, Any]
_APP = "https://app.raygun.com/crashreporting/19abc7x"
_AGENT = "Kim Ito"
# Events about what somebody did, not about the error itself.
_DONE: Mapping[str, Json] = MappingProxyType(
    {
        "StatusChanged": {"status": "Ignored", "description": "Kim marked the error as Ignored"},
        "Resolved": {"status": "Resolved", "description": "Kim marked the error as Resolved"},
        "AssignedToUser": {"assignedTo": "Lee Park", "description": "The error was assigned to Lee by Kim"},
        "CommentAdded": {
            "comment": "seen by <@U123>? *no*, only on the export page",
            "description": "Kim left a comment on the error",
        },
    }
)
_ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "NewErrorOccurred": "a new error hits {who}",
        "ErrorReoccurred": "the same error hits {who} again",
        "FiveMinuteFollowUp": "the error goes on: its count rises",
        "Resolved": "somebody resolves the error",
        "StatusChanged": "somebody ignores the error",
        "AssignedToUser": "the error is given to somebody",
        "CommentAdded": "somebody comments on the error",
        "SomethingNew": "an event of a type that nobody knows",
    }
)


@dataclass(slots=True)
class RaygunWebhooks:
    """
    The webhooks of one application.

    Attributes:
        url: where they are sent; None until a Casefile is known.
        occurred: how often the error has occurred so far.
        first: when it occurred for the first time.

    """

    clock: Clock
    customer: Customer
    error: Error
    secret: str = "raygun-webhook-secret"  # noqa: S105 - invented
    url: str | None = None
    occurred: int = field(default=0)
    first: str | None = None

    def environment(self) -> dict[str, str]:
        """The variable that switches Casefile's route for them on."""
        return {"RAYGUN_WEBHOOK_SECRET": self.secret}

    def listen_at(self, origin: str) -> None:
        """Send them to the Casefile at this origin."""
        self.url = f"{origin}/webhooks/raygun/shop/{self.secret}"

    @property
    def events(self) -> tuple["WebhookButton", ...]:
        """All that can be sent."""
        who = self.customer.subject
        return tuple(WebhookButton(self, kind, about.format(who=who)) for kind, about in _ABOUT.items())

    async def send(self, kind: str) -> str:
        """Send one (`Resolved` is a `StatusChanged`); returns the outcome in words."""
        if self.url is None:
            return "nobody listens"
        body = self._body(kind)
        try:
            async with aiohttp.ClientSession() as client, client.post(self.url, json=body) as answer:
                return f"answered {answer.status}: {await answer.text()}"
        except aiohttp.ClientError:
            return "nobody answered"

    def _body(self, kind: str) -> Json:
        error = self._activity(kind) if kind in _DONE else self._notification(kind)
        return {
            "event": "error_activity" if kind in _DONE else "error_notification",
            "eventType": "StatusChanged" if kind == "Resolved" else kind,
            "error": error,
            "application": {"name": "Web shop", "url": _APP},
        }

    def _notification(self, kind: str) -> Json:
        self.occurred += 1
        now = _iso(self.clock())
        self.first = self.first or now
        error: Json = {
            "url": self._link,
            "message": self.error.title,
            "firstOccurredOn": self.first,
            "lastOccurredOn": now,
            "usersAffected": 1,
            "totalOccurrences": self.occurred,
        }
        if kind.endswith("FollowUp"):
            return error
        user = {
            "Identifier": self.customer.raygun_identifier or self.customer.uid,
            "IsAnonymous": False,
            "UUID": "0b6a7a0e-1111-4222-8333-944455556666",
        }
        return error | {"instance": {"tags": ["web", "env:prod"], "affectedUser": user, "customData": None}}

    def _activity(self, kind: str) -> Json:
        common = {"url": self._link, "activityDate": _iso(self.clock()), "message": self.error.title}
        return common | {"user": _AGENT} | _DONE[kind]

    @property
    def _link(self) -> str:
        return f"{_APP}/errors/{5_544_000_000 + zlib.crc32(self.error.title.encode())}"


@dataclass(frozen=True, slots=True)
class WebhookButton:
    """One event, as a button of the page's panel."""

    webhooks: RaygunWebhooks
    name: str
    about: str

    async def push(self) -> str:
        """Send it; returns the outcome in words."""
        return await self.webhooks.send(self.name)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

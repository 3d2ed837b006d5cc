"""Raygun's API for crash reports (`contracts/raygun_crash.md`, part B), as strict as its documentation."""

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.vendors.stand_in import Clock, StandIn

_MOST_BYTES = 128 * 1024


class RaygunEntries(StandIn):
    """
    One application.

    Attributes:
        entries: the reports that it accepted.
        refusals: why it refused others.

    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.api_key = "rg-crash-key"
        self.entries: list[dict[str, Any]] = []
        self.refusals: list[str] = []

    @property
    def endpoint(self) -> str:
        """The URL that reports are sent to."""
        return f"{self.origin}/entries"

    def environment(self) -> dict[str, str]:
        """The variable that switches reporting on."""
        return {"RAYGUN_CRASH_API_KEY": self.api_key}

    def routes(self) -> list[web.RouteDef]:
        """The one path."""
        return [web.post("/entries", self._take)]

    def refusal(self) -> web.Response:
        """The answer to a bad key."""
        return web.Response(status=403)

    async def _take(self, request: web.Request) -> web.Response:
        if request.headers.get("X-ApiKey") != self.api_key:
            return self.refusal()
        body = await request.read()
        if len(body) > _MOST_BYTES:
            self.refusals.append("larger than 128 KB")
            return web.Response(status=413)
        try:
            entry = json.loads(body)
            _check(entry)
        except (ValueError, KeyError, TypeError) as error:
            self.refusals.append(f"{type(error).__name__}: {error}")
            return web.Response(status=400)
        self.entries.append(entry)
        return web.Response(status=202)


def _check(entry: dict[str, Any]) -> None:
    """Raise for what the API refuses: a time that is not ISO 8601, an error without its lines."""
    if datetime.fromisoformat(entry["occurredOn"]).tzinfo is None:
        raise ValueError("occurredOn has no zone")
    details = entry["details"]
    if not all(isinstance(tag, str) for tag in details.get("tags", [])):
        raise ValueError("tags are texts")
    error = details["error"]
    if not error["message"] or not error["className"] or not error["stackTrace"]:
        raise ValueError("an error has a class, a message and a stack")
    if not all(isinstance(line["lineNumber"], int) for line in error["stackTrace"]):
        raise ValueError("a stack line has a number")

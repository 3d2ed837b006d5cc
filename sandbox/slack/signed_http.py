"""Deliveries by HTTP, encoded and signed as Slack does it."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.slack.messages import Json
from sandbox.slack.state import State

_OK = 200
_REDIRECT = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """The app's answer to a delivery; `error` is the reason that a retry would have."""

    body: Any = None
    status: int | None = None
    error: str | None = None
    may_retry: bool = True


@dataclass(frozen=True, slots=True)
class RawReply:
    """An HTTP answer as it came."""

    status: int
    text: str
    headers: Mapping[str, str]


class SignedHttp:
    """Posts to the app's request URL, which is empty until the app has one."""

    def __init__(self, state: State, session: aiohttp.ClientSession) -> None:
        self.request_url = ""
        self._state = state
        self._session = session

    def signature_headers(self, body: str, timestamp: int | None = None) -> dict[str, str]:
        """The headers that sign a body: HMAC-SHA256 of `v0:timestamp:body` (slack.md, "Signature")."""
        stamp = str(int(self._state.clock().timestamp()) if timestamp is None else timestamp)
        secret = self._state.signing_secret.encode()
        digest = hmac.new(secret, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def post_raw(self, body: str, headers: Mapping[str, str]) -> RawReply:
        """Post any body with any headers, for tests of refusals."""
        async with self._session.post(self.request_url, data=body.encode(), headers=headers) as response:
            return RawReply(response.status, await response.text(), dict(response.headers))

    async def send(self, kind: str, payload: Json, retry: tuple[int, str] | None) -> Reply:
        """Post one payload, signed, and read the acknowledgement."""
        if not self.request_url:
            return Reply(error="connection_failed")
        body, content_type = _encode(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (sandbox)"}
        headers |= self.signature_headers(body)
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        try:
            raw = await self.post_raw(body, headers)
        except aiohttp.ClientError:
            return Reply(error="connection_failed")
        return _read(kind, raw)


def _encode(kind: str, payload: Json) -> tuple[str, str]:
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _read(kind: str, raw: RawReply) -> Reply:
    # Commands and interactions need the status 200, events any success.
    good = raw.status == _OK or (kind == "events_api" and _OK <= raw.status < _REDIRECT)
    if not good:
        stop = raw.headers.get("X-Slack-No-Retry") == "1"
        return Reply(raw.text, raw.status, "http_error", may_retry=not stop)
    try:
        return Reply(json.loads(raw.text), raw.status)
    except ValueError:
        return Reply(raw.text or None, raw.status)

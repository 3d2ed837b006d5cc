"""Requests of somebody who means harm, as bytes on a socket: each is to be refused with 4xx."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlencode

Sign = Callable[[str, int | None], dict[str, str]]
"""The headers with a body's signature, at a time."""

_LONG_AGO = 1_700_000_000
_PRESS: dict[str, object] = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "actions": [{"action_id": "refresh", "block_id": "b"}],
}
_STEP: dict[str, object] = {
    "type": "function_executed",
    "function": {"callback_id": "find_customer_sessions"},
    "inputs": {"person": [], "channel": 7},
}


@dataclass(frozen=True, slots=True)
class HostileRequest:
    """Its name, what is sent, and whether the rest of it never comes (`is_slow`) or the line is cut."""

    name: str
    sent: bytes
    is_slow: bool = False
    is_cut: bool = False


def hostile_requests(sign: Sign, webhook: str, rng: random.Random) -> Iterator[HostileRequest]:
    """
    Requests of every kind to every route, again and again.

    Args:
        sign: signs as Slack does, for who has the secret or repeats what was signed.
        webhook: the webhook's path with its secret.
        rng: invents.

    """
    while True:
        word = f"{rng.getrandbits(64):x}"
        yield from _forged(word, sign)
        yield from _unreadable(word, sign)
        yield from _cut_or_slow(word, sign)
        yield from _at_the_webhook(word, webhook)
        yield from _elsewhere(word)
        yield from _at_replays(word)
        for path, token in TOKENS.items():
            yield from _with_token(word, path, token)


def _forged(word: str, sign: Sign) -> Iterator[HostileRequest]:
    body = f"command=%2Fsessions&text={word}&user_id=U1&channel_id=C1"
    forged = sign(body, None) | {"X-Slack-Signature": f"v0={word:0>64}"}
    yield HostileRequest("forged", _post("/slack/events", body.encode(), forged))
    yield HostileRequest("unsigned", _post("/slack/events", body.encode(), {}))
    yield HostileRequest("replayed", _post("/slack/events", body.encode(), sign(body, _LONG_AGO)))
    yield HostileRequest("changed", _post("/slack/events", body.encode() + b"x", sign(body, None)))
    odd = {"X-Slack-Signature": "v0=é", "X-Slack-Request-Timestamp": "9" * 5_000}
    yield HostileRequest("odd headers", _post("/slack/events", body.encode(), odd))


def _unreadable(word: str, sign: Sign) -> Iterator[HostileRequest]:
    bodies = {
        "no JSON": f'{{"{word}',
        "deep": '{"a":' * 5_000 + "1" + "}" * 5_000,
        "no payload": urlencode({"payload": word}),
        "no container": urlencode({"payload": json.dumps(_PRESS)}),
        "no user": json.dumps({"type": "view_submission", "view": {"callback_id": word}}),
        "half an emoji": json.dumps({"type": "event_callback", "event": {"type": 7, "text": "\ud83d"}}),
        "no execution": json.dumps({"type": "event_callback", "event": _STEP}),
        "many fields": "&".join(f"{word}{number}=1" for number in range(500)),
        "altered button": urlencode({"payload": json.dumps(_altered(word))}),
    }
    for name, body in bodies.items():
        yield HostileRequest(name, _post("/slack/events", body.encode(), sign(body, None)))
    yield HostileRequest("no UTF-8", _post("/slack/events", b"\xff" + word.encode(), sign(word, None)))
    large = "x" * (1024 * 1024 + 1)
    yield HostileRequest("oversized", _post("/slack/events", large.encode(), sign(large, None)))


TOKENS: Mapping[str, str] = MappingProxyType(
    {"/mcp": "a-shared-token-of-hostile", "/plain/customer-cards": "a-token-for-hostile-cards"}
)
"""Bearer tokens of somebody who means harm, by the route that takes them."""
ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "MCP_TOKEN": TOKENS["/mcp"],
        "MCP_HOSTS": "casefile.example",
        "PLAIN_CARDS_TOKEN": TOKENS["/plain/customer-cards"],
        "EMBED_URL": "https://casefile.example",
    }
)
"""The settings with which there are all routes."""
TOLD = frozenset({"altered button"})
"""Slack has signed it all the same: it is acknowledged, and whoever pressed it is told."""


def _altered(word: str) -> dict[str, object]:
    value = {"action_id": "refresh", "block_id": "b", "value": f'[["email","{word}"]]'}
    return _PRESS | {"actions": [value], "container": {"message_ts": "1.2", "channel_id": "C1"}}


def _cut_or_slow(word: str, sign: Sign) -> Iterator[HostileRequest]:
    body = f"command=%2Fsessions&text={word}"
    whole = _post("/slack/events", body.encode(), sign(body, None))
    yield HostileRequest("truncated", whole[:-5], is_cut=True)
    yield HostileRequest("slow body", whole[:-5], is_slow=True)
    yield HostileRequest("slow headers", whole[:40], is_slow=True)


def _at_the_webhook(word: str, webhook: str) -> Iterator[HostileRequest]:
    yield HostileRequest("webhook's secret guessed", _post(f"/webhooks/raygun/shop/{word}", b"{}", {}))
    for name, body in {
        "webhook: no JSON": f"{{{word}".encode(),
        "webhook: deep": b"[" * 10_000,
        "webhook: no UTF-8": b'"\xff"',
        "webhook: oversized": b"[" + b"1," * 200_000 + b"1]",
    }.items():
        yield HostileRequest(name, _post(webhook, body, {}))


def _elsewhere(word: str) -> Iterator[HostileRequest]:
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    yield HostileRequest("metrics, forwarded", _request("GET", "/metrics", b"", forwarded))
    yield HostileRequest("metrics, posted", _post("/metrics", word.encode(), {}))
    yield HostileRequest("health, posted", _post("/healthz", word.encode(), {}))
    yield HostileRequest("readiness, posted", _post("/readyz", word.encode(), {}))
    yield HostileRequest("events, read", _request("GET", "/slack/events", b"", {}))
    yield HostileRequest("nowhere", _post(f"/{word}/../etc/passwd", b"x", {}))
    yield HostileRequest("no HTTP", f"\x00\x16{word}\r\n\r\n".encode())
    yield HostileRequest("long headers", _request("GET", f"/{'a' * 100_000}", b"", {}))


def _at_replays(word: str) -> Iterator[HostileRequest]:
    for name, method, path in (
        ("replay: guessed", "GET", f"/embed/replay/v2.{word}.{word}"),
        ("replay: long", "GET", f"/embed/replay/v2.{'a' * 5_000}.{word}"),
        ("replay: events", "POST", f"/embed/replay/{word}/events"),
        ("replay: no file", "GET", "/embed/files/..%2F..%2Fetc%2Fpasswd"),
    ):
        yield HostileRequest(name, _request(method, path, b"", {}))


def _with_token(word: str, path: str, token: str) -> Iterator[HostileRequest]:
    told = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    yield HostileRequest(f"{path}: no token", _post(path, b"{}", told))
    for name, guess in {"guessed": word, "odd": f"é{'x' * 5_000}"}.items():
        given = told | {"Authorization": f"Bearer {guess}"}
        yield HostileRequest(f"{path}: {name}", _post(path, b"{}", given))
    told |= {"Authorization": f"Bearer {token}"}
    for name, body in {
        "no JSON": f"{{{word}".encode(),
        "another": b'{"jsonrpc": 2, "cardKeys": 7, "customer": []}',
        "deep": b"[" * 10_000,
        "no UTF-8": b'"\xff"',
        "half an emoji": b'{"cardKeys": ["casefile"], "customer": {"email": "\\ud83d"}, "id": "\\ud83d"}',
        "oversized": b"[" + b"1," * 200_000 + b"1]",
    }.items():
        yield HostileRequest(f"{path}: {name}", _post(path, body, told))
    yield HostileRequest(f"{path}: slow", _post(path, b"{}" * 9, told)[:-5], is_slow=True)
    yield HostileRequest(f"{path}: read", _request("GET", path, b"", told))


def _post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    return _request("POST", path, body, headers)


def _request(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: casefile.example", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def status_of(request: HostileRequest, port: int) -> int | None:
    """The status that a request is answered with; None where the connection ended without an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = b""
    with suppress(ConnectionError):
        writer.write(request.sent)
        if request.is_cut:
            writer.write_eof()
        await writer.drain()
    with suppress(ConnectionError):
        line = await reader.readline()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else None

"""
`POST /mcp`: Casefile's tools over the Model Context Protocol's streamable HTTP, where MCP_TOKEN is set.

Every request stands alone (no session is kept), so that any of several processes may answer it. Who asks is
judged before the body is read; then come the library's own checks of Host and Origin, which defend against
names that are bound anew (DNS rebinding).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from bot.app import Bot
from bot.mcp.callers import Caller, Gate, TurnedAway
from bot.operations.request_body import bounded_body, large_bodies, log_refused, refused
from bot.storage.database import StoreAway

# A message of Slack's with its blocks and attachments stays far below.
_LONGEST_BODY = 256 * 1024
_CALLER = "casefile.caller"
_WHY: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "its Origin is no host of MCP_HOSTS",
    HTTPStatus.MISDIRECTED_REQUEST: "its Host is not in MCP_HOSTS",
}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@asynccontextmanager
async def mcp_route(bot: Bot) -> AsyncIterator[Route | None]:
    """The route while the block runs; None where no token is configured, for then there is none."""
    settings = bot.engine.settings
    if not settings.mcp_tokens:
        yield None
        return
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415 - slow to load
    from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415

    from bot.mcp.server import mcp_server  # noqa: PLC0415
    from bot.serving.mcp_parts import mcp_gate, mcp_tools  # noqa: PLC0415

    def caller_of(context: Any) -> Caller:
        caller = context.request.scope[_CALLER]
        assert isinstance(caller, Caller)  # noqa: S101 - set below, for every request
        return caller

    inbound = bot.inbound
    tools = mcp_tools(bot.engine, inbound.admission.trail, inbound.pace, inbound.reader.rules)
    manager = StreamableHTTPSessionManager(
        mcp_server(tools, caller_of),
        json_response=True,
        stateless=True,
        security_settings=TransportSecuritySettings(
            allowed_hosts=_hosts(settings.mcp_hosts), allowed_origins=_origins(settings.mcp_hosts)
        ),
        max_request_body_size=_LONGEST_BODY,
    )
    async with _running(manager.run):
        yield Route("/mcp", _Endpoint(mcp_gate(bot), manager.handle_request), methods=["POST"])


@asynccontextmanager
async def _running(run: Callable[[], AbstractAsyncContextManager[None]]) -> AsyncIterator[None]:
    """The library's manager in a task of its own: around the block, it would wrap what is raised there."""
    begun, stop = asyncio.Event(), asyncio.Event()

    async def keep() -> None:
        async with run():
            begun.set()
            await stop.wait()

    task = asyncio.create_task(keep())
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        waiting.cancel()
        stop.set()
        await task


def _hosts(names: tuple[str, ...]) -> list[str]:
    return [form for name in (*_LOOPBACK, *names) for form in (name, f"{name}:*")]


def _origins(names: tuple[str, ...]) -> list[str]:
    local = [f"http://{name}{port}" for name in _LOOPBACK for port in ("", ":*")]
    return [*local, *(f"https://{name}{port}" for name in names for port in ("", ":*"))]


class _Endpoint:
    """Lets a caller in and hands the request, its body read, to the library."""

    def __init__(self, gate: Gate, handle: Any) -> None:
        self._gate = gate
        self._handle = handle
        self._large = large_bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        content = await self._let_in(request)
        if isinstance(content, Response):
            await content(scope, receive, send)
            return
        caller, body = content
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return messages.pop() if messages else await receive()

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= HTTPStatus.BAD_REQUEST:
                log_refused(
                    request, _WHY.get(message["status"], "not what the protocol says"), message["status"]
                )
            await send(message)

        await self._handle({**scope, _CALLER: caller}, replay, watch)

    async def _let_in(self, request: Request) -> tuple[Caller, bytes] | Response:
        try:
            caller = await self._gate.caller(request.headers.get("authorization", ""))
        except StoreAway as error:
            structlog.get_logger("mcp").warning("mcp.database_away", why=str(error))
            return PlainTextResponse(
                "the database cannot be reached: please try again", HTTPStatus.SERVICE_UNAVAILABLE
            )
        if isinstance(caller, TurnedAway):
            response = refused(request, caller.why, caller.status)
            if caller.status is HTTPStatus.UNAUTHORIZED:
                response.headers["WWW-Authenticate"] = "Bearer"
            return response
        body = await bounded_body(request, _LONGEST_BODY, self._large)
        return body if isinstance(body, Response) else (caller, body)

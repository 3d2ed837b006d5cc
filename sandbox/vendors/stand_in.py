"""What every stand-in shares: a server of its own, a record of calls, a fault and a latency."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aiohttp import web

from sandbox.faults import Fault, misbehave

Clock = Callable[[], datetime]


@dataclass(slots=True)
class ReceivedCall:
    """One request as it arrived, its path decoded, and the status it was answered with (0: not answered)."""

    method: str
    path: str
    query: dict[str, str]
    at: datetime
    status: int = 0


class StandIn(ABC):
    """
    A vendor on loopback.

    Attributes:
        origin: where it listens, set once it does.
        calls: all that it received, in order.
        fault: how it misbehaves now.
        latency: how many seconds it takes for each answer.
        slow_seconds: how many more it takes when it is made slow.

    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.origin = ""
        self.calls: list[ReceivedCall] = []
        self.fault = Fault.NONE
        self.latency = 0.0
        self.slow_seconds = 3.0

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Give what it serves."""

    @abstractmethod
    def refusal(self) -> web.Response:
        """Give what a bad key gets."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Give the variables by which Casefile is configured to ask it."""

    def application(self) -> web.Application:
        """Give it as a web application."""
        app = web.Application(middlewares=[self._receive])
        app.add_routes(self.routes())
        return app

    @web.middleware
    async def _receive(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        call = ReceivedCall(request.method, request.path, dict(request.query), self.clock())
        self.calls.append(call)
        response = self.admit(request)
        if self.latency:
            await asyncio.sleep(self.latency)
        response = response or await self._misbehave(request)
        if response is None:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = self.unrouted(request, error)
        call.status = response.status
        return response

    async def _misbehave(self, request: web.Request) -> web.StreamResponse | None:
        """Give the wrong answer of the fault that is on, or None."""
        match self.fault:
            case Fault.REFUSED:
                return self.refusal()
            case Fault.RATE_LIMITED:
                return self.rate_limited()
            case Fault.BROKEN:
                return self.broken()
            case fault:
                return await misbehave(fault, request, self.slow_seconds)

    def admit(self, request: web.Request) -> web.StreamResponse | None:  # noqa: ARG002
        """Count a call as it arrives, and refuse it where that is one too many."""
        return None

    def rate_limited(self) -> web.Response:
        """Give what a call too many gets, where the vendor documents no more than the status."""
        return web.Response(status=429)

    def broken(self) -> web.Response:
        """Give what the vendor says when it has trouble of its own."""
        return web.Response(status=500)

    def unrouted(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:  # noqa: ARG002
        """Give what a path that is not served gets."""
        return web.json_response({"message": "not found"}, status=error.status)


S = TypeVar("S", bound=StandIn)


@asynccontextmanager
async def listening(stand_in: S) -> AsyncIterator[S]:
    """Serve a stand-in on a free port of 127.0.0.1 while the block runs; at its end, hanging answers go."""
    runner = web.AppRunner(
        stand_in.application(), shutdown_timeout=0.1, handler_cancellation=True, access_log=None
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stand_in.origin = f"http://{host}:{port}"
    try:
        yield stand_in
    finally:
        await runner.cleanup()

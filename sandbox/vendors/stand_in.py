"""What all stand-ins have: a server of its own, a list of calls, a fault and a latency."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web

from sandbox.faults import Fault, misbehave
from sandbox.people import Customer

Clock = Callable[[], datetime]


@dataclass(slots=True)
class ReceivedCall:
    """One request as it arrived, with its path decoded; its answer's status (0: not answered) and time."""

    method: str
    path: str
    query: dict[str, str]
    at: datetime
    status: int = 0
    answered_at: datetime | None = None


class StandIn(ABC):
    """
    A vendor on loopback.

    Attributes:
        origin: where it listens; set when it does.
        calls: all calls that it received, in order.
        fault: the fault that is on.
        latency: seconds that each answer takes.
        hold: answers wait until this is set, where there is one.
        slow_seconds: seconds that it takes on top with the fault "slow".
        fails_after: it answers so many more calls, and each later one with an error; None for ever well.
        tamper: changes the JSON of each answer, where there is one.

    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.origin = ""
        self.calls: list[ReceivedCall] = []
        self.fault = Fault.NONE
        self.latency = 0.0
        self.hold: asyncio.Event | None = None
        self.slow_seconds = 3.0
        self.fails_after: int | None = None
        self.tamper: Callable[[Any], Any] | None = None

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Its routes."""

    @abstractmethod
    def refusal(self) -> web.Response:
        """The answer to a bad key."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for it."""

    def urls(self, person: Customer) -> Sequence[str]:  # noqa: ARG002 - most are told elsewhere
        """Addresses of somebody's sessions that can be pasted, the newest first."""
        return ()

    def application(self) -> web.Application:
        """The stand-in as a web application."""
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
        if self.hold:
            await self.hold.wait()
        response = response or await self._misbehave(request)
        if response is None:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = self.unrouted(request, error)
        if self.tamper and isinstance(response, web.Response) and response.text:
            with suppress(ValueError):
                response.text = json.dumps(self.tamper(json.loads(response.text)))
        call.status, call.answered_at = response.status, self.clock()
        return response

    async def _misbehave(self, request: web.Request) -> web.StreamResponse | None:
        """The answer of the fault that is on; None without one."""
        if self.fails_after is not None:
            if self.fails_after <= 0:
                return self.broken()
            self.fails_after -= 1
        match self.fault:
            case Fault.REFUSED:
                return self.refusal()
            case Fault.RATE_LIMITED:
                return self.rate_limited()
            case Fault.SPENT:
                return self.spent()
            case Fault.BROKEN:
                return self.broken()
            case fault:
                return await misbehave(fault, request, self.slow_seconds)

    def admit(self, request: web.Request) -> web.StreamResponse | None:  # noqa: ARG002
        """Count a call as it arrives; returns the refusal where it is beyond a limit."""
        return None

    def rate_limited(self) -> web.Response:
        """The answer to a call beyond a limit, where the vendor documents the status only."""
        return web.Response(status=429)

    def spent(self) -> web.Response:
        """The answer to a call beyond the day's: as beyond any limit, until midnight in UTC."""
        refusal = self.rate_limited()
        refusal.headers["Retry-After"] = str(86_400 - int(self.clock().timestamp()) % 86_400)
        return refusal

    def broken(self) -> web.Response:
        """The vendor's answer to an error of its own."""
        return web.Response(status=500)

    def unrouted(self, request: web.Request, error: web.HTTPException) -> web.StreamResponse:  # noqa: ARG002
        """The answer to a path that is not served."""
        return web.json_response({"message": "not found"}, status=error.status)


S = TypeVar("S", bound=StandIn)


@asynccontextmanager
async def listening(stand_in: S) -> AsyncIterator[S]:
    """A stand-in on a free port of 127.0.0.1 for the block; unfinished answers are dropped at its end."""
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

"""
Deliveries to the app: signed HTTP or Socket Mode, three seconds to acknowledge, retries.

The transport is chosen as by Slack: with Socket Mode on, nothing is sent by HTTP.
"""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.slack.messages import Json
from sandbox.slack.signed_http import SignedHttp
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.state import State

ACK_SECONDS = 3.0
# slack.md, "Events: delivery, retries": at once, after a minute, after five.
RETRY_WAITS = (0.0, 60.0, 300.0)


class Kind(StrEnum):
    """The kinds of payload, as Socket Mode's envelopes name them."""

    COMMAND = "slash_commands"
    EVENT = "events_api"
    INTERACTION = "interactive"


@dataclass(frozen=True, slots=True)
class Retry:
    """The number of a retry, and the reason for it."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    One payload sent to the app, and its outcome.

    `error` is None once the app has acknowledged in time; `body` is what came with that. `seconds` is
    how long the app took.
    """

    kind: Kind
    payload: Json
    seconds: float
    body: Any = None
    status: int | None = None
    error: str | None = None
    retry: Retry | None = None
    may_retry: bool = True

    @property
    def acknowledged(self) -> bool:
        """Whether the app acknowledged it in time."""
        return self.error is None


class Courier:
    """Delivers payloads to the app and records the outcomes."""

    def __init__(
        self, state: State, http: SignedHttp, sockets: SocketMode, ack_seconds: float = ACK_SECONDS
    ) -> None:
        self.ack_seconds = ack_seconds
        self.retry_waits: tuple[float, ...] = RETRY_WAITS
        self.deliveries: list[Delivery] = []
        self._state = state
        self._http = http
        self._sockets = sockets
        self._tasks: set[asyncio.Task[Any]] = set()

    async def deliver(self, kind: Kind, payload: Json, retry: Retry | None = None) -> Delivery:
        """Deliver once, and retry in the background where Slack does."""
        delivery = await self._once(kind, payload, retry)
        retries = kind is Kind.EVENT or self._sockets.is_on
        if retries and retry is None and not delivery.acknowledged and delivery.may_retry:
            self.start(self._retry(delivery))
        return delivery

    async def redeliver(self, delivery: Delivery, number: int, reason: str) -> Delivery:
        """Deliver the same payload again, marked as this retry."""
        return await self.deliver(delivery.kind, delivery.payload, Retry(number, reason))

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something in the background, until it is done or the workspace closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until nothing is delivered again any more."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Stop all retries."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _retry(self, delivery: Delivery) -> None:
        for number, wait in enumerate(self.retry_waits, start=1):
            await asyncio.sleep(wait)
            retry = Retry(number, delivery.error or "unknown_error")
            delivery = await self._once(delivery.kind, delivery.payload, retry)
            if delivery.acknowledged or not delivery.may_retry:
                return

    async def _once(self, kind: Kind, payload: Json, retry: Retry | None) -> Delivery:
        started = time.perf_counter()
        send = self._sockets.send if self._sockets.is_on else self._http.send
        detail = (retry.number, retry.reason) if retry else None
        try:
            async with asyncio.timeout(self.ack_seconds):
                reply = await send(kind.value, payload, detail)
        except TimeoutError:
            delivery = Delivery(
                kind, payload, time.perf_counter() - started, error="http_timeout", retry=retry
            )
            self._state.violate(f"{_name(kind, payload)} was not acknowledged within {self.ack_seconds} s")
        else:
            seconds = time.perf_counter() - started
            delivery = Delivery(
                kind, payload, seconds, reply.body, reply.status, reply.error, retry, reply.may_retry
            )
            if reply.error == "http_error":
                self._state.violate(f"{_name(kind, payload)} was answered with {reply.status}")
        self.deliveries.append(delivery)
        self._state.changes.announce()
        return delivery


def _name(kind: Kind, payload: Json) -> str:
    inner = payload.get("event", payload)
    return f"{kind.value} {inner.get('command') or inner.get('type')}"

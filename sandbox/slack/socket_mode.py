"""Deliveries by Socket Mode: websockets that the app opens, envelopes that it acknowledges by id."""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from sandbox.slack.messages import Json
from sandbox.slack.people import APP
from sandbox.slack.signed_http import Reply
from sandbox.slack.state import State

CONNECTIONS = 10  # slack.md: up to 10, each payload goes to any one of them


@dataclass(slots=True)
class Connection:
    """One websocket, and the envelopes sent on it that are not acknowledged yet."""

    socket: web.WebSocketResponse
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)

    def lose(self) -> None:
        """End all waiting for acknowledgements on it: none can come any more."""
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())


class SocketMode:
    """All open connections of the app."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._connections: list[Connection] = []
        self._retired: list[Connection] = []
        self._sent = 0

    @property
    def is_on(self) -> bool:
        """Whether the app has a connection, or was just asked to replace its last one."""
        return bool(self._connections or self._retired)

    @property
    def count(self) -> int:
        """How many connections the app has."""
        return len(self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket, from its hello to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._state.tickets or self.count >= CONNECTIONS:
            return web.Response(status=403, text="invalid_ticket")
        self._state.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(socket)
        self._connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self._state.changes.announce()
            async for message in socket:
                _take_ack(connection, message)
        finally:
            self._drop(connection)
        return socket

    async def send(self, kind: str, payload: Json, retry: tuple[int, str] | None) -> Reply:
        """Send one envelope over a connection, and over another one if that one closes."""
        while self.is_on:
            await self._state.changes.wait_for(lambda: self._connections or not self._retired)
            if not self._connections:
                break
            self._sent += 1
            connection = self._connections[self._sent % self.count]
            try:
                ack = await _send(connection, _envelope(kind, payload, retry))
            except (ConnectionResetError, RuntimeError):
                self._drop(connection)
                retry = retry or (1, "connection_failed")
                continue
            return Reply(ack.get("payload"))
        return Reply(error="connection_failed")

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """
        Ask the app to replace its connections, as Slack does about once an hour.

        Nothing more is sent over the old connections; the app closes them once it has a new one.
        """
        old, self._connections = self._connections, []
        self._retired.extend(old)
        for connection in old:
            await connection.socket.send_json({"type": "disconnect", "reason": reason})

    async def close(self) -> None:
        """Close all connections."""
        for connection in (*self._connections, *self._retired):
            await connection.socket.close()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": {"host": "sandbox", "approximate_connection_time": 3600},
            "connection_info": {"app_id": APP},
        }

    def _drop(self, connection: Connection) -> None:
        for held in (self._connections, self._retired):
            if connection in held:
                held.remove(connection)
        connection.lose()
        self._state.changes.announce()


def _envelope(kind: str, payload: Json, retry: tuple[int, str] | None) -> Json:
    envelope: Json = {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload}
    envelope["accepts_response_payload"] = kind != "events_api"
    if retry:
        envelope |= {"retry_attempt": retry[0], "retry_reason": retry[1]}
    return envelope


async def _send(connection: Connection, envelope: Json) -> Json:
    future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
    connection.waiting[envelope["envelope_id"]] = future
    try:
        await connection.socket.send_json(envelope)
        return await future
    finally:
        connection.waiting.pop(envelope["envelope_id"], None)


def _take_ack(connection: Connection, message: WSMessage) -> None:
    if message.type is not WSMsgType.TEXT:
        return
    ack: Any = message.json()
    future = connection.waiting.get(str(ack.get("envelope_id"))) if isinstance(ack, dict) else None
    if future is not None and not future.done():
        future.set_result(ack)

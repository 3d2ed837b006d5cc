"""Connections of strangers: so many at a time, and each says in time what it wants."""

import asyncio
from asyncio import Transport
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

MOST_CONNECTIONS = 256
"""More are answered with 503: Slack and Raygun deliver again."""

# From the connection, or the end of the last answer, until a request's headers are whole.
_HEADERS_SECONDS = 10.0
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PunctualHttp(H11Protocol):
    """uvicorn's protocol, which closes what does not send a request's headers in time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._expect_nothing()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._expect()
        super().on_response_complete()

    def _expect(self) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(_HEADERS_SECONDS, self._end)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _end(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        is_served = cycle is not None and not cycle.response_complete
        if is_served or self.transport.is_closing():
            return
        self.transport.write(_TOO_SLOW)
        self.transport.close()

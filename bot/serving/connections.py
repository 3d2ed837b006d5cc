"""Connections of strangers: so many at a time, and each says in time what it wants."""

import asyncio
from asyncio import Transport
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

MOST_CONNECTIONS = 256
"""More are answered with 503: Slack and Raygun deliver again."""

# From the connection, or the end of the last answer, until a request's headers are whole.
_HEADERS_SECONDS = 10.0
# Who reads less of an answer in that time is not waited for: some who read nothing would keep all others out.
_READ_AT_LEAST_BYTES = 32 * 1024
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PunctualHttp(H11Protocol):
    """uvicorn's protocol, which ends what does not send a request's headers in time, or read an answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        # Bytes of an answer that had not been read when it was last looked.
        self._unread: int | None = None

    # asyncio names the parameter more widely; uvicorn makes it a transport that can be written to.
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

    def pause_writing(self) -> None:
        """See that the answer under way is read."""
        super().pause_writing()
        self._expect()

    def _expect(self) -> None:
        self._unread = None
        self._look_later()

    def _look_later(self) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(_HEADERS_SECONDS, self._end)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _end(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread:
            self._see_that_it_is_read(unread)
            return
        cycle: RequestResponseCycle | None = self.cycle
        is_served = cycle is not None and not cycle.response_complete
        if is_served or self.transport.is_closing():
            return
        self.transport.write(_TOO_SLOW)
        self.transport.close()
        # What is not read of that either is not waited for.
        self._look_later()

    def _see_that_it_is_read(self, unread: int) -> None:
        """End the connection where too little of an answer was read since it was last looked."""
        if self._unread is not None and unread > self._unread - _READ_AT_LEAST_BYTES:
            self.transport.abort()
            return
        self._unread = unread
        self._look_later()

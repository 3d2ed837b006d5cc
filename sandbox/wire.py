"""A proxy in front of a server, which can be cut, slowed and mended, as networks are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_CHUNK = 65_536
# Pieces that may be on their way at once.
_PIECES = 10_000
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """
    All connections through one proxy; `delay_seconds` delays each piece of data.

    Args:
        connect: opens a connection to the server behind it.

    """

    def __init__(self, connect: Callable[[], Awaitable[Streams]]) -> None:
        self.port = 0
        self.delay_seconds = 0.0
        self.connections = 0
        self.cuts = 0
        self._connect = connect
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Cut all connections, with all data on its way, and refuse new ones."""
        self._is_cut = True
        self.cuts += len(self._open)
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        """Accept connections again, without delay."""
        self._is_cut = False
        self.delay_seconds = 0.0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection's data on, until it ends."""
        self.connections += 1
        self._open.add(writer)
        try:
            if self._is_cut:
                return
            there_reader, there_writer = await self._connect()
            self._open.add(there_writer)
            try:
                await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))
            finally:
                self._end(there_writer)
        except OSError:
            # One side has closed, so the connection ends.
            return
        finally:
            self._end(writer)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PIECES)
        await asyncio.gather(self._take_in(source, pieces), self._hand_on(pieces, sink))

    async def _take_in(
        self, source: asyncio.StreamReader, pieces: "asyncio.Queue[tuple[float, bytes]]"
    ) -> None:
        """Note when each piece is to arrive: one that follows another at once is not delayed twice."""
        now = asyncio.get_running_loop().time
        try:
            while piece := await source.read(_CHUNK):
                await pieces.put((now() + self.delay_seconds, piece))
        finally:
            await pieces.put((0, b""))

    async def _hand_on(
        self, pieces: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter
    ) -> None:
        now = asyncio.get_running_loop().time
        try:
            arrives, piece = await pieces.get()
            while piece:
                if (wait := arrives - now()) > 0:
                    await asyncio.sleep(wait)
                sink.write(piece)
                await sink.drain()
                arrives, piece = await pieces.get()
        finally:
            sink.close()

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.transport.abort()


@asynccontextmanager
async def wire_to(host: str, port: int) -> AsyncIterator[Wire]:
    """A proxy in front of a server at a port."""
    async with _laid(Wire(lambda: asyncio.open_connection(host, port))) as wire:
        yield wire


@asynccontextmanager
async def wire_to_later(port: Callable[[], int]) -> AsyncIterator[Wire]:
    """A proxy in front of a server of this machine whose port is not known yet, or changes."""
    async with _laid(Wire(lambda: asyncio.open_connection("127.0.0.1", port()))) as wire:
        yield wire


@asynccontextmanager
async def wire_to_socket(path: str) -> AsyncIterator[Wire]:
    """A proxy in front of a server at a Unix socket."""
    async with _laid(Wire(lambda: asyncio.open_unix_connection(path))) as wire:
        yield wire


@asynccontextmanager
async def _laid(wire: Wire) -> AsyncIterator[Wire]:
    carrying: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(wire.carry(reader, writer))
        carrying.add(task)
        task.add_done_callback(carrying.discard)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    wire.port = int(server.sockets[0].getsockname()[1])
    try:
        yield wire
    finally:
        server.close()
        wire.cut()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        await server.wait_closed()

"""Servers that mean harm: each takes any question, and none gives an answer that can be used."""

import asyncio
import gzip
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, reduce
from typing import Any

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_DRIP_SECONDS = 0.2
_CHUNK = b"x" * 65_536
_BOMB_PART_BYTES = 1024 * 1024
# What the bomb inflates to.
_BOMB_BYTES = 274 * _BOMB_PART_BYTES

Behaviour = Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]


@dataclass
class Hostile:
    """
    The servers' addresses by what they do: `drips`, `hangs`, `bomb`, `endless`.

    `asked` and `ended` count each server's questions, and those whose connection has ended; `answering` are
    the tasks of open connections.
    """

    origins: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    answering: set[asyncio.Task[Any]] = field(default_factory=set)

    async def close(self) -> None:
        """End the connections that are still open."""
        for task in self.answering:
            task.cancel()
        await asyncio.gather(*self.answering, return_exceptions=True)

    def environment(self) -> dict[str, str]:
        """The variables that make each of them one more Rybbit account."""
        variables: dict[str, str] = {}
        for name, origin in self.origins.items():
            account = f"RYBBIT__{name.upper()}"
            variables |= {
                f"{account}__API_KEY": "rb",
                f"{account}__SITE": "1",
                f"{account}__BASE_URL": origin,
            }
        return variables


@asynccontextmanager
async def open_hostile(*, tame: bool = False) -> AsyncIterator[Hostile]:
    """All four, on loopback, while the block runs; tame ones answer at once, with nothing found."""
    hostile = Hostile()
    bomb = await asyncio.to_thread(_bomb)

    async def explode(writer: asyncio.StreamWriter) -> None:
        length = f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
        writer.write(_HEAD + length + bomb)
        await writer.drain()

    behaviours: dict[str, Behaviour] = {
        "drips": _drip,
        "hangs": _hang,
        "bomb": explode,
        "endless": _never_end,
    }
    if tame:
        behaviours = dict.fromkeys(behaviours, _say_nothing_found)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hostile.close)
        for name, behaviour in behaviours.items():
            server = await asyncio.start_server(_answering(hostile, name, behaviour), "127.0.0.1", 0)
            await stack.enter_async_context(server)
            stack.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            hostile.origins[name] = f"http://127.0.0.1:{port}"
        yield hostile


def _answering(
    hostile: Hostile, name: str, behaviour: Behaviour
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if ours := asyncio.current_task():
            hostile.answering.add(ours)
            ours.add_done_callback(hostile.answering.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                hostile.asked[name] = hostile.asked.get(name, 0) + 1
                await _until_gone(behaviour(writer), reader)
            writer.close()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            hostile.ended[name] = hostile.ended.get(name, 0) + 1

    return answer


async def _until_gone(behaviour: Coroutine[Any, Any, None], reader: asyncio.StreamReader) -> None:
    """Behave so until that ends, or whoever asked has gone."""
    answering, gone = asyncio.ensure_future(behaviour), asyncio.ensure_future(reader.read())
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (answering, gone):
            task.cancel()
        await asyncio.gather(answering, gone, return_exceptions=True)


async def _say_nothing_found(writer: asyncio.StreamWriter) -> None:
    body = b'{"data": []}'
    writer.write(_HEAD + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    await writer.drain()


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD + b'Content-Length: 1000000\r\n\r\n{"data": ["')
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


async def _hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _never_end(writer: asyncio.StreamWriter) -> None:
    writer.write(_HEAD + b'Transfer-Encoding: chunked\r\n\r\nb\r\n{"data": ["\r\n')
    size = f"{len(_CHUNK):x}\r\n".encode()
    while True:
        writer.write(size + _CHUNK + b"\r\n")
        await writer.drain()


@cache
def _bomb() -> bytes:
    # After a full flush, equal parts compress to equal bytes: one is compressed, and repeated.
    part, parts = bytes(_BOMB_PART_BYTES), _BOMB_BYTES // _BOMB_PART_BYTES
    compressor = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    compressed = compressor.compress(part) + compressor.flush(zlib.Z_FULL_FLUSH)
    checksum = reduce(lambda before, _: zlib.crc32(part, before), range(parts), 0)
    body = compressed * parts + compressor.flush()
    return gzip.compress(b"")[:10] + body + struct.pack("<LL", checksum, _BOMB_BYTES)

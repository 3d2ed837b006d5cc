"""
What a desk's lookups cost in calls: to vendors, to Slack and to the database, for each lookup.

Customers are asked for as desks ask: a few again and again, most of them once (Zipf's law). Beside Casefile
stands what a bot that keeps nothing would cost (each lookup asks anew, as the first of its customer did), and
the floor: each customer asked for once. Four vendors; everything in one process, on SQLite.
"""

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks._rows import show
from benchmarks._visits import counted
from benchmarks.database import look_up
from benchmarks.load import add_channels
from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.people import FULLSTORY, RYBBIT, UXCAM, Customer, Visit
from sandbox.world import World, open_world

LOOKUPS, LONG_LOOKUPS, CUSTOMERS = 60, 600, 100
# Of customers by rank, the n-th is asked for by this power less often than the first.
_ZIPF = 1.1
_AT_ONCE, _CHANNELS = 4, 24
_UNHURRIED = {"ACCESS__PER_PERSON_MINUTE": "100000", "LOOKUP__DEADLINE_SECONDS": "60"}


@dataclass(frozen=True)
class Row:
    """What each lookup costs on average: calls to vendors and Slack, transactions and readings."""

    policy: str
    lookups: int
    customers: int
    vendor_calls: float
    slack_calls: float
    writes: float
    reads: float


def customers(now: datetime) -> list[Customer]:
    """The customers who are looked up."""
    visits = (Visit(now - timedelta(minutes=30), 60), Visit(now - timedelta(hours=5), 90))
    known = frozenset({FULLSTORY, RYBBIT, UXCAM})
    return [
        Customer(40_000 + n, f"day-{n}", f"load{n}@visitors.example", None, "", visits, known)
        for n in range(CUSTOMERS + 2)
    ]


def vendor_calls(world: World) -> int:
    """How many calls the vendors have received."""
    return sum(len(vendor.calls) for vendor in world.vendors)


async def measure(lookups: int, seed: int) -> list[Row]:
    """The rows of one day."""
    rng = random.Random(seed)
    weights = [1 / (rank + 1) ** _ZIPF for rank in range(CUSTOMERS)]
    asked = rng.choices(range(CUSTOMERS), weights, k=lookups)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(strangers_a_day=100, more_people=customers))
        add_channels(world)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
        settings = load_settings(world.environment() | database | _UNHURRIED)
        bot = await stack.enter_async_context(open_bot(settings))
        port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
        world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        channels = list(world.slack.state.channels)[-_CHANNELS:]
        # Somebody to begin with, and somebody else: what one costs who was not asked for before.
        await look_up(world, channels[0], CUSTOMERS)
        await bot.engine.tasks.settle()
        before = vendor_calls(world)
        await look_up(world, channels[1], CUSTOMERS + 1)
        await bot.engine.tasks.settle()
        anew = vendor_calls(world) - before
        made, slack_before = vendor_calls(world), len(world.slack.state.api_calls)
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(place: int, number: int) -> None:
            async with room:
                await look_up(world, channels[place % len(channels)], number)

        with counted() as visits:
            await asyncio.gather(*(one(place, number) for place, number in enumerate(asked)))
            await bot.engine.tasks.settle()
        calls, more = vendor_calls(world) - made, len(asked)
        in_slack = len(world.slack.state.api_calls) - slack_before
        different = len(Counter(asked))
        told = (round(calls / more, 2), round(in_slack / more, 2))
        visited = (round(visits.writes / more, 1), round(visits.reads / more, 1))
        return [
            Row("casefile", more, different, *told, *visited),
            Row("asked anew each time", more, different, float(anew), 2.0, 0.0, 0.0),
            Row(
                "floor: each customer once", more, different, round(anew * different / more, 2), 2.0, 0.0, 0.0
            ),
        ]


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lookups", type=int, default=LONG_LOOKUPS)
    parser.add_argument("--short", action="store_true", help=f"{LOOKUPS} lookups alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR")
    lookups = LOOKUPS if options.short else options.lookups
    show(asyncio.run(measure(lookups, options.seed)), as_json=options.json)


if __name__ == "__main__":
    main()

"""
Four engines, as four processes have them, on one database: a thousand lookups of two hundred customers.

Each engine has its own memory, connections and identity. Every customer is looked up five times, by any
engine, in random order; halfway all engines are closed and opened again. The table has, for each vendor, the
calls that it received, how many questions were asked again while their answer was fresh (for Raygun, how many
pages of everybody's sessions), how many calls it refused, and the most in any second, minute and day.
"""

import argparse
import asyncio
import random
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks._rows import show
from benchmarks.kill import database
from bot.domain.model import Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.operations.log import configure_logging
from bot.settings.model import Settings, load_settings
from bot.sources.protocol import Question
from sandbox.people import FULLSTORY, RYBBIT, UXCAM, Customer, Visit
from sandbox.vendors.stand_in import ReceivedCall, StandIn
from sandbox.world import open_world

# Customers, lookups of each, engines, and lookups at the same time.
CUSTOMERS, EACH, ENGINES, AT_ONCE = 200, 5, 4, 40


@dataclass(frozen=True)
class Row:
    """The calls that one vendor received."""

    vendor: str
    calls: int
    asked_again_while_fresh: int
    refused: int
    most_in_a_second: int
    most_in_a_minute: int
    most_in_24_hours: int


def customers(now: datetime) -> list[Customer]:
    """The customers who are looked up."""
    visits = (Visit(now - timedelta(minutes=30), 60), Visit(now - timedelta(hours=5), 90))
    known = frozenset({FULLSTORY, RYBBIT, UXCAM})
    return [
        Customer(30_000 + n, f"many-{n}", f"many{n}@visitors.example", None, "", visits, known)
        for n in range(CUSTOMERS)
    ]


async def look_up(
    engines: list[Engine], rng: random.Random, numbers: list[int], room: asyncio.Semaphore
) -> None:
    """Look customers up by any of the engines, as many at once as `room` has places."""

    async def one(number: int) -> None:
        address = f"many{number}@visitors.example"
        async with room:
            question = Question(Subject(SubjectKind.EMAIL, address, address), 30)
            await rng.choice(engines).lookup.until_deadline(question)

    await asyncio.gather(*(one(number) for number in numbers))
    for engine in engines:
        await engine.tasks.drain(60)


async def run(settings: Settings, seed: int) -> None:
    """Make the lookups, half of them before the restarts and half after."""
    rng = random.Random(seed)
    numbers = [n for n in range(CUSTOMERS) for _ in range(EACH)]
    rng.shuffle(numbers)
    room = asyncio.Semaphore(AT_ONCE)
    half = len(numbers) // 2
    for some in (numbers[:half], numbers[half:]):
        async with AsyncExitStack() as stack:
            engines = [await stack.enter_async_context(open_engine(settings)) for _ in range(ENGINES)]
            await look_up(engines, rng, some, room)


def row_of(name: str, vendor: StandIn, fresh_for: timedelta) -> Row:
    """The row of a vendor, by the calls that it received."""
    asked: dict[str, datetime] = {}
    again = 0
    for call in vendor.calls:
        question = f"{call.path}?{sorted(call.query.items())}"
        answered = call.status == 200 and call.query
        if answered and question in asked and call.at - asked[question] < fresh_for:
            again += 1
        asked[question] = call.at
    return Row(
        name,
        len(vendor.calls),
        again,
        sum(call.status == 429 for call in vendor.calls),
        most_within(vendor.calls, timedelta(seconds=1)),
        most_within(vendor.calls, timedelta(minutes=1)),
        most_within(vendor.calls, timedelta(hours=24)),
    )


def most_within(calls: list[ReceivedCall], span: timedelta) -> int:
    """The most calls that arrived within a span."""
    times = sorted(call.at for call in calls)
    begin = most = 0
    for end, at in enumerate(times):
        while at - times[begin] >= span:
            begin += 1
        most = max(most, end - begin + 1)
    return most


async def measure(kind: str, seed: int) -> list[Row]:
    """Run it on an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="casefile-many-"))
    try:
        with database(kind, folder) as url:
            async with open_world(strangers_a_day=300, more_people=customers) as world:
                settings = load_settings(world.environment() | {"DATABASE_URL": url})
                await run(settings, seed)
                # An answer is fresh for two minutes, "nobody found" for half a minute.
                vendors = {"fullstory": world.fullstory, "raygun": world.raygun}
                vendors |= {"rybbit": world.rybbit, "uxcam": world.uxcam}
                return [row_of(name, vendor, timedelta(seconds=30)) for name, vendor in vendors.items()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # To standard error: what is told stands on standard output.
    configure_logging("ERROR")
    show(asyncio.run(measure(options.database, options.seed)), as_json=options.json)


if __name__ == "__main__":
    main()

"""
Forty lookups at once of three good vendors and four more accounts, which answer at once or are bad.

The bad ones drip, hang, send a bomb of 274 MiB, and never end. The times are until all good vendors
have answered; the memory is the process's, the sandbox included, above what it was before. That nobody waits
for a place among the jobs is tested in `tests/end_to_end/test_bad_vendors.py`.
"""

import asyncio
import gc
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bot.domain.addresses import read_address
from bot.domain.model import SourceName
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.operations.log import configure_logging
from bot.settings.model import load_settings
from bot.sources.protocol import Question
from sandbox.vendors.hostile import open_hostile
from sandbox.world import open_world

LOOKUPS = 40
_MIB = 1024 * 1024
_PAGE = resource.getpagesize()


@dataclass(frozen=True)
class Run:
    """Seconds until each answer, and the most memory above that before, in MiB."""

    seconds: list[float]
    grown: float


async def measure(*, bad: bool) -> Run:
    """One run; before it, as many lookups of others warm everything up."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(strangers_a_day=50) as world, open_hostile(tame=not bad) as hostile:
            database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
            environment = world.environment() | database | hostile.environment()
            async with open_engine(load_settings(environment)) as engine:
                good = {one.name for one in engine.sources if one.name.account not in hostile.origins}
                await look_up(engine, "warm", good)
                gc.collect()
                before = memory()
                watching = asyncio.create_task(most_memory())
                seconds = await look_up(engine, "measured", good)
                watching.cancel()
                most = await watching
    return Run(seconds, (most - before) / _MIB)


async def look_up(engine: Engine, series: str, good: set[SourceName]) -> list[float]:
    """Seconds until all good vendors have answered each of the lookups; each is followed to its end."""

    async def one(number: int) -> float:
        subject = read_address(f"{series}{number}@customers.example")
        assert subject is not None  # noqa: S101 - it is an address
        begun, answered = time.perf_counter(), 0.0
        async for case_file in engine.lookup.follow(Question(subject, 30)):
            if not answered and not good & set(case_file.waiting):
                answered = time.perf_counter() - begun
        return answered

    return list(await asyncio.gather(*(one(number) for number in range(LOOKUPS))))


async def most_memory() -> int:
    """The most memory until cancelled."""
    most = memory()
    try:
        while True:
            most = max(most, memory())
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        return most


def memory() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def main() -> None:
    """Print both runs."""
    configure_logging("ERROR")
    print(f"{LOOKUPS} lookups at once    median s   slowest s   memory MiB")
    for name, bad in (("four that answer", False), ("four bad ones", True)):
        run = asyncio.run(measure(bad=bad))
        median, slowest = statistics.median(run.seconds), max(run.seconds)
        print(f"{name:22} {median:9.2f} {slowest:11.2f} {run.grown:12.1f}")


if __name__ == "__main__":
    main()

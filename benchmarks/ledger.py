"""
What it costs to write a call down before it is made, in one process and in four at once.

One run compares inserting a row without counting (which would let a 51st call through) and the ledger.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert

from benchmarks._rows import show
from bot.sources.quota import Account, Purpose, Window
from bot.sources.quota.ledger import Ledger
from bot.storage.store import Store, open_store
from bot.storage.tables import now_ms, quota_calls

ACCOUNT = Account("raygun/bench", (Window(1_000_000, 86_400),))


@dataclass(frozen=True)
class Row:
    """What one write takes in so many processes at once; SQLite in WAL mode, synchronous=FULL."""

    what: str
    processes: int
    median_ms: float
    p99_ms: float
    worst_ms: float


async def insert_alone(store: Store) -> None:
    """Write a call down without counting those before."""
    async with store.write() as connection:
        row = {"account": "bench/insert", "at_ms": now_ms(), "purpose": Purpose.PERSON.value}
        await connection.execute(insert(quota_calls).values(row))


async def timed(url: str, times: int, kind: str) -> list[float]:
    """The seconds that each write took."""
    seconds = []
    async with open_store(url) as store:
        ledger = Ledger(store)
        for _ in range(times):
            begun = time.perf_counter()
            await (ledger.spend(ACCOUNT, Purpose.PERSON) if kind == "ledger" else insert_alone(store))
            seconds.append(time.perf_counter() - begun)
    return seconds


async def in_processes(url: str, times: int, kind: str, processes: int) -> list[float]:
    """The seconds that each write took, in several processes at once."""
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "--worker",
            url,
            kind,
            "--times",
            str(times),
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(processes)
    ]
    printed = [(await process.communicate())[0] for process in running]
    return [float(word) for text in printed for word in text.split()]


async def table(times: int) -> list[Row]:
    """The rows of the table."""
    rows = []
    for kind in ("insert", "ledger"):
        for processes in (1, 4):
            with tempfile.TemporaryDirectory() as folder:
                url = f"sqlite:///{Path(folder) / 'bench.db'}"
                async with open_store(url):
                    pass
                seconds = sorted(await in_processes(url, times, kind, processes))
            p99 = seconds[int(len(seconds) * 0.99)]
            median, p99, worst = (
                round(figure * 1000, 2) for figure in (statistics.median(seconds), p99, seconds[-1])
            )
            rows.append(Row(kind, processes, median, p99, worst))
    return rows


def main() -> None:
    """Run the whole, or one of its processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", nargs=2, metavar=("URL", "KIND"))
    options = parser.parse_args()
    if options.worker:
        print(*asyncio.run(timed(options.worker[0], options.times, options.worker[1])))
    else:
        show(asyncio.run(table(options.times)), as_json=options.json)


if __name__ == "__main__":
    main()

"""How fast Raygun's webhooks are stored and acknowledged: a thousand, over real sockets, on SQLite."""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks._rows import show
from bot.app import open_bot
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.world import open_world

EVENTS = 1_000
SENDERS = 8
SECRET = "invented-for-this-benchmark"


@dataclass(frozen=True)
class Row:
    """So many webhooks by so many senders at once: milliseconds each."""

    events: int
    senders: int
    median_ms: float
    p99_ms: float
    worst_ms: float
    a_minute: int
    refused: int


def event(number: int) -> dict[str, Any]:
    """An error that hit one of a hundred people."""
    user = {"Identifier": f"u-{number % 100}", "IsAnonymous": False}
    error = {
        "url": f"https://app.raygun.com/crashreporting/19abc7x/errors/{number % 40}",
        "message": "TypeError: cart is undefined",
        "lastOccurredOn": "2026-11-21T01:00:00Z",
        "totalOccurrences": number + 1,
        "instance": {"tags": None, "affectedUser": user, "customData": None},
    }
    return {"event": "error_notification", "eventType": "NewErrorOccurred", "error": error}


async def measure() -> tuple[list[float], float, int]:
    """The milliseconds of each, the seconds of all, and how many were refused."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world() as world:
            database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
            settings = load_settings(world.environment() | database | {"RAYGUN_WEBHOOK_SECRET": SECRET})
            async with (
                open_bot(settings) as bot,
                serving_http(bot, "127.0.0.1", 0) as port,
                httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
            ):
                return await send(client)


async def send(client: httpx2.AsyncClient) -> tuple[list[float], float, int]:
    """As `measure`, with several senders at once."""
    numbers = iter(range(EVENTS))
    times: list[float] = []
    refused = 0

    async def sender() -> None:
        nonlocal refused
        for number in numbers:
            started = time.perf_counter()
            answer = await client.post(f"/webhooks/raygun/shop/{SECRET}", json=event(number))
            times.append((time.perf_counter() - started) * 1000)
            refused += answer.status_code != httpx2.codes.OK

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(SENDERS)))
    return times, time.perf_counter() - began, refused


def main() -> None:
    """Print one row, as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    times, seconds, refused = asyncio.run(measure())
    times.sort()
    median, p99, worst = (
        round(some, 1) for some in (statistics.median(times), times[int(len(times) * 0.99)], times[-1])
    )
    show(
        [Row(EVENTS, SENDERS, median, p99, worst, round(EVENTS / seconds * 60), refused)],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()

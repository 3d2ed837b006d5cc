"""
How long a `/sessions` takes, over both transports, against the sandbox on loopback.

Acknowledged: from Slack's delivery to the acknowledgement. Posted: until parent and reply are there. Settled:
until the last source has answered. Cold asks all vendors, who take the times printed above the table; cached
asks none.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.app import Bot, open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http, serving_socket
from bot.settings.model import load_settings
from sandbox.slack import Message, plain_text
from sandbox.world import World, open_world

# Seconds that FullStory, Raygun and Rybbit take to answer.
VENDOR_SECONDS = (0.20, 0.60, 0.15)
CUSTOMER = "cust-8841"
# One person asks here as often as a whole desk.
UNHURRIED = {"ACCESS__PER_PERSON_MINUTE": "100000", "ACCESS__PER_PERSON_QUOTA_SHARE": "1"}


@dataclass
class Row:
    """The times of one kind of run, in seconds."""

    transport: str
    cache: str
    acknowledged: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)


@asynccontextmanager
async def casefile(world: World, transport: str) -> AsyncIterator[Bot]:
    """Run the bot with an empty database."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
        settings = load_settings(world.environment() | database | UNHURRIED)
        bot = await stack.enter_async_context(open_bot(settings))
        if transport == "http":
            port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        else:
            await stack.enter_async_context(serving_socket(bot))
            await world.slack.wait_for(lambda: world.slack.connections)
        yield bot


async def measure(world: World, row: Row) -> None:
    """Ask once, and add the times to the row."""
    slack, channel = world.slack, world.slack.places.support
    before = len(slack.messages(channel))
    begun = time.perf_counter()
    await slack.type_command(channel, slack.people.agent, f"/sessions {CUSTOMER}")
    row.acknowledged.append(time.perf_counter() - begun)

    def reply() -> Message | None:
        roots = slack.messages(channel)[before:]
        return next(iter(slack.replies(channel, roots[-1].ts)), None) if roots else None

    def settled() -> bool:
        found = reply()
        return found is not None and "asking" not in plain_text(found)

    await slack.wait_for(reply, timeout=30)
    row.posted.append(time.perf_counter() - begun)
    await slack.wait_for(settled, timeout=30)
    row.settled.append(time.perf_counter() - begun)


async def run(times: int) -> list[Row]:
    """The times of cold and of cached runs (cold: a new database each time), over both transports."""
    rows = []
    for transport in ("http", "socket"):
        cold, cached = Row(transport, "cold"), Row(transport, "cached")
        for _ in range(times):
            async with open_world(patience=VENDOR_SECONDS) as world, casefile(world, transport) as bot:
                await measure(world, cold)
                # The parent's one edit comes last, and still belongs to the question before.
                await bot.engine.tasks.drain(5)
                await measure(world, cached)
        rows += [cold, cached]
    return rows


def shown(seconds: list[float]) -> str:
    """Median and worst, in milliseconds."""
    return f"{statistics.median(seconds) * 1000:7.1f} /{max(seconds) * 1000:7.1f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="runs of each kind")
    times = parser.parse_args().times
    configure_logging("ERROR")
    rows = asyncio.run(run(times))
    told = ", ".join(
        f"{name} {seconds * 1000:.0f} ms"
        for name, seconds in zip(("FullStory", "Raygun", "Rybbit"), VENDOR_SECONDS, strict=True)
    )
    print(f"Each call takes: {told}. {times} runs each; median / worst in ms.")
    print(f"{'transport':10}{'cache':8}{'acknowledged':>18}{'posted':>18}{'settled':>18}")
    for row in rows:
        times_shown = "".join(f"{shown(t):>18}" for t in (row.acknowledged, row.posted, row.settled))
        print(f"{row.transport:10}{row.cache:8}{times_shown}")


if __name__ == "__main__":
    main()

"""
Forty lookups at once, with three good vendors alone and with four bad ones beside them, and what that takes.

The bad ones drip, hang, send a bomb of 274 MiB, and never end. The times are from the command to its
answer in the channel; the memory is the process's, the sandbox included, above what it was before.
"""

import asyncio
import gc
import resource
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bot.app import open_bot
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.slack.places import Channel, Kind
from sandbox.vendors.hostile import open_hostile
from sandbox.world import World, open_world

LOOKUPS = 40
_MIB = 1024 * 1024
_PAGE = resource.getpagesize()
# Until the last bad vendor has been given up.
_GIVEN_UP_SECONDS = 40


@dataclass(frozen=True)
class Run:
    """Seconds until each answer, and the most memory above that before, in MiB."""

    seconds: list[float]
    grown: float


async def measure(*, bad: bool) -> Run:
    """One run; before it, as many lookups of others warm everything up."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_world() as world, open_hostile() as hostile:
            database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
            environment = world.environment() | database | (hostile.environment() if bad else {})
            settings = load_settings(environment)
            async with open_bot(settings) as bot, serving_http(bot, "127.0.0.1", 0) as port:
                world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
                await look_up(world, "W")
                await asyncio.sleep(_GIVEN_UP_SECONDS if bad else 2)
                gc.collect()
                before = memory()
                watching = asyncio.create_task(most_memory())
                seconds = await look_up(world, "M")
                await asyncio.sleep(_GIVEN_UP_SECONDS if bad else 2)
                watching.cancel()
                most = await watching
    return Run(seconds, (most - before) / _MIB)


async def look_up(world: World, series: str) -> list[float]:
    """Seconds until each of the lookups is answered, each in a channel of its own."""
    slack = world.slack
    members = slack.state.channels[slack.places.support].members
    channels = [f"C0{series}{number:04d}" for number in range(LOOKUPS)]
    for channel in channels:
        slack.state.channels[channel] = Channel(channel, channel.lower(), Kind.PUBLIC, members)

    async def one(number: int, channel: str) -> float:
        begun = time.perf_counter()
        line = f"/sessions {series.lower()}{number}@customers.example"
        await slack.type_command(channel, slack.people.agent, line)
        await slack.wait_for(lambda: slack.messages(channel))
        return time.perf_counter() - begun

    return list(await asyncio.gather(*(one(number, channel) for number, channel in enumerate(channels))))


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
    print(f"{LOOKUPS} lookups at once    median s   slowest s   memory MiB")
    for name, bad in (("three good vendors", False), ("and four bad ones", True)):
        run = asyncio.run(measure(bad=bad))
        median, slowest = statistics.median(run.seconds), max(run.seconds)
        print(f"{name:22} {median:9.2f} {slowest:11.2f} {run.grown:12.1f}")


if __name__ == "__main__":
    main()

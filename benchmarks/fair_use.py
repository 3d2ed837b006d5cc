"""
How long a colleague waits while one member types 200 commands, against the sandbox on loopback.

Usual: nobody else asks. Beside: 200 commands of one member, each about somebody else, have just been sent, in
the same channel or in another one. The time is from the colleague's command to the reply in its thread.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bot.app import Bot, open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_socket
from bot.settings.model import load_settings
from sandbox.slack import Message
from sandbox.world import World, open_world

VENDOR_SECONDS = (0.20, 0.60, 0.15)
COMMANDS = 200
# Bursts of four posts a channel are full again after that.
_PAUSE_SECONDS = 8.0


async def colleague(world: World, number: int, channel: str) -> float:
    """Ask as the colleague; how many seconds until the reply is there."""
    slack, customer = world.slack, f"colleague-{number}"
    begun = time.perf_counter()
    await slack.type_command(channel, slack.people.colleague, f"/sessions {customer}")

    def replied() -> list[Message] | None:
        for parent in slack.messages(channel):
            if parent.bot_id and customer in parent.text:
                return slack.replies(channel, parent.ts) or None
        return None

    await slack.wait_for(replied)
    return time.perf_counter() - begun


async def flood(world: World, number: int) -> None:
    """Type 200 commands at once as one member, in the support channel."""
    slack = world.slack
    await asyncio.gather(
        *(
            slack.type_command(slack.places.support, slack.people.agent, f"/sessions flood-{number}-{one}")
            for one in range(COMMANDS)
        )
    )


async def measure(world: World, bot: Bot, runs: int) -> dict[str, list[float]]:
    """The colleague's waits, in seconds, by what happens beside."""
    places = world.slack.places
    told: dict[str, list[float]] = {}
    number = 0
    for name, channel, is_flooded in (
        ("usual", places.support, False),
        ("beside, another channel", places.random, True),
        ("beside, the same channel", places.support, True),
    ):
        for _ in range(runs):
            number += 1
            flooding = asyncio.create_task(flood(world, number)) if is_flooded else None
            if flooding:
                await asyncio.sleep(0.5)
            told.setdefault(name, []).append(await colleague(world, number, channel))
            if flooding:
                await flooding
            await bot.engine.tasks.settle()
            await asyncio.sleep(_PAUSE_SECONDS)
    return told


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    configure_logging("ERROR")
    async with open_world() as world:
        for vendor, seconds in zip(world.vendors, VENDOR_SECONDS, strict=False):
            vendor.latency = seconds
        with tempfile.TemporaryDirectory() as folder:
            database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
            async with open_bot(load_settings(world.environment() | database)) as bot, serving_socket(bot):
                await world.slack.wait_for(lambda: world.slack.connections)
                told = await measure(world, bot, arguments.runs)
    usual = statistics.median(told["usual"])
    print(f"{'':28}{'median s':>10}{'worst s':>10}{'worst, later than usual s':>28}")
    for name, waits in told.items():
        median, worst = statistics.median(waits), max(waits)
        print(f"{name:28}{median:10.2f}{worst:10.2f}{worst - usual:28.2f}")


if __name__ == "__main__":
    asyncio.run(main())

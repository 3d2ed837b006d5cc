"""
Two thousand forged, replayed, truncated, oversized, slow and malformed requests to every route.

How they are answered, what memory they take (the sandbox's too), and whether people are answered meanwhile.
"""

import asyncio
import gc
import logging
import random
import resource
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path

from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.hostile_requests import ROUTES, HostileRequest, hostile_requests, status_of
from sandbox.world import open_world

REQUESTS = 2_000
AT_ONCE = 64
_MIB = 1024 * 1024
_PAGE = resource.getpagesize()


class _Tracebacks(logging.Handler):
    """Counts the records that have an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.seen += bool(record.exc_info)


def memory() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


async def send_all(requests: list[HostileRequest], port: int) -> Counter[str]:
    """How many were answered with each status; `none` where the connection ended without one."""
    room, told = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def one(request: HostileRequest) -> None:
        async with room:
            told[str(await status_of(request, port) or "none")] += 1

    await asyncio.gather(*(one(request) for request in requests))
    return told


async def measure() -> None:
    """Send them, and print what became of them."""
    tracebacks = _Tracebacks()
    logging.getLogger().addHandler(tracebacks)
    with tempfile.TemporaryDirectory() as folder:
        async with open_world() as world:
            database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
            settings = load_settings(world.environment() | database | dict(ROUTES))
            webhook = f"/webhooks/raygun/shop/{world.raygun_webhooks.secret}"
            async with open_bot(settings) as bot, serving_http(bot, "127.0.0.1", 0) as port:
                slack = world.slack
                slack.connect(f"http://127.0.0.1:{port}/slack/events")
                endless = hostile_requests(slack.sign, webhook, random.Random(1))
                await send_all(list(islice(endless, 100)), port)
                requests = list(islice(endless, REQUESTS))
                gc.collect()
                before, begun = memory(), time.perf_counter()
                sending = asyncio.create_task(send_all(requests, port))
                await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-1")
                await slack.wait_for(lambda: slack.messages(slack.places.support))
                answered = time.perf_counter() - begun
                told = await sending
                grown = (memory() - before) / _MIB
    for status, number in sorted(told.items()):
        print(f"{number:6} answered {status}")
    print(f"{tracebacks.seen:6} tracebacks; {grown:.1f} MiB more; a command meanwhile took {answered:.2f} s")


if __name__ == "__main__":
    configure_logging("CRITICAL")
    asyncio.run(measure())

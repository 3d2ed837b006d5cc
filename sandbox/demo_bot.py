"""
The demo's bot, in a process of its own, so that it can be killed as a power cut would kill it.

It reads its settings as one line of JSON from stdin, answers with the port that it serves, and then each
line `meters` with one of JSON. It ends when stdin does, so that it never outlives the demo.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from bot.answers.words.quota import account_name, window
from bot.app import Bot, open_bot
from bot.operations.log import configure_logging
from bot.operations.timing import Timing
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from bot.sources.quota_status import quota_states
from sandbox.slack.panel import Meter

# Findings that cost no call of the vendor.
_SAVED = frozenset({"cached", "stale", "index"})
# Somebody watches: what a killed bot had begun is taken over within seconds.
_TIMING = Timing(lease=timedelta(seconds=4), sweep_seconds=0.5, settling_seconds=1.0, drain_seconds=1.0)


async def run() -> None:
    """Serve until stdin ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    given: dict[str, Any] = json.loads(await reader.readline())
    settings = load_settings(given["variables"])
    async with (
        open_bot(settings, timing=_TIMING, crashes_to=given["crashes_to"]) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
    ):
        _say(port)
        while await reader.readline():
            _say([asdict(meter) for meter in await _meters(bot)])


async def _meters(bot: Bot) -> list[Meter]:
    engine = bot.engine
    states = await quota_states(engine.lookup.sources, engine.desks.all)
    saved = _saved(bot)
    return [
        Meter(
            account_name(state.account),
            state.left,
            state.limit,
            window(state.seconds) if state.seconds else "",
            state.used,
            saved.get(state.account, 0),
        )
        for state in states
    ]


def _saved(bot: Bot) -> dict[str, int]:
    """How many findings of each account cost no call, since this process began."""
    saved: dict[str, int] = {}
    for family in bot.engine.metrics.findings.collect():
        for sample in family.samples:
            if sample.name.endswith("_total") and sample.labels["state"] in _SAVED:
                account = sample.labels["source"]
                saved[account] = saved.get(account, 0) + int(sample.value)
    return saved


def _say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure_logging("WARNING")
    asyncio.run(run())

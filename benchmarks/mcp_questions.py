"""
A hundred questions to Casefile's tools, by the Model Context Protocol's own client, over both transports.

Whether any is answered about somebody else, lacks its source or age, or costs a vendor a call too many.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.mcp_questions import figures_in, is_wrong_customer, questions, without_source_or_age
from sandbox.world import World, open_world

TOKEN = "a-token-of-this-benchmark"
ROOT = Path(__file__).parents[1]


def environment(world: World, folder: Path) -> dict[str, str]:
    """The variables of a bot that one caller may ask as often as there are questions."""
    return world.environment() | {
        "DATABASE_URL": f"sqlite:///{folder / 'casefile.db'}",
        "MCP_TOKEN": TOKEN,
        "ACCESS__PER_PERSON_MINUTE": "1000",
        "ACCESS__PER_PERSON_QUOTA_SHARE": "1",
    }


@asynccontextmanager
async def over_http(world: World, folder: Path) -> AsyncIterator[Client]:
    """A client of `/mcp`."""
    async with (
        open_bot(load_settings(environment(world, folder)), world.clock) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=120) as http,
        Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def over_stdio(world: World, folder: Path) -> AsyncIterator[Client]:
    """A client of `casefile mcp`."""
    variables = environment(world, folder) | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING"}
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "bot", "mcp"], env=variables, cwd=str(folder)
    )
    async with Client(stdio_client(server)) as client:
        yield client


async def measure(transport: str) -> dict[str, Any]:
    """One row: what came of all questions over a transport."""
    opened = {"http": over_http, "stdio": over_stdio}[transport]
    figures = lacking = wrong = failed = 0
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        async with open_world(strangers_a_day=100) as world, opened(world, Path(folder)) as client:
            asked = questions(world)
            for one in asked:
                begun = time.perf_counter()
                result = await client.call_tool(one.tool, one.arguments)
                seconds.append(time.perf_counter() - begun)
                if result.is_error or not isinstance(result.structured_content, dict):
                    failed += 1
                    continue
                told = result.structured_content
                figures += len(list(figures_in(told)))
                lacking += without_source_or_age(told)
                wrong += is_wrong_customer(told, one, world)
            refused = sum(call.status == 429 for vendor in world.vendors for call in vendor.calls)
            return {
                "transport": transport,
                "questions": len(asked),
                "failed": failed,
                "wrong customers": wrong,
                "figures": figures,
                "without source or age": lacking,
                "calls over quota": refused,
                "of Raygun's 50": world.raygun.calls_counted,
                "ms (median)": round(1000 * statistics.median(seconds)),
                "ms (slowest)": round(1000 * max(seconds)),
            }


async def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("WARNING")
    rows = [await measure(transport) for transport in ("http", "stdio")]
    if options.json:
        print(json.dumps(rows))
        return
    for head in rows[0]:
        print(f"{head:24}", *(f"{row[head]!s:>8}" for row in rows))


if __name__ == "__main__":
    asyncio.run(main())

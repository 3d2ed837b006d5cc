"""
How fast a slash command is acknowledged, by Casefile and by Bolt apps that do nothing.

Casefile writes the job down in SQLite, or in a PostgreSQL that is a round trip of 2 ms away, before it
acknowledges; what is accepted is not begun here. The apps that do nothing stand on the same server, one that
acknowledges when its listener has run, as Casefile does, and one in Bolt's default mode. Requests come by
signed HTTP over one connection, and over 64 at once; and by Socket Mode, which has one connection, one after
the other and 64 at once.
"""

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks._rows import show
from benchmarks.database import delayed
from benchmarks.kill import database
from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import listening, serving_http, serving_socket
from bot.settings.model import load_settings
from sandbox.slack.people import TEAM
from sandbox.world import World, open_world

CONNECTIONS = (1, 64)
_EACH = {1: 200, 64: 1_920}
# The distance of PostgreSQL, and the apps by name.
ROUND_TRIP_MS, FAR = 2.0, "casefile, PostgreSQL 2 ms away"
NOTHING, DEFAULT = "nothing", "nothing, Bolt's default mode"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Row:
    """One app by so many connections: times in milliseconds."""

    transport: str
    app: str
    at_once: int
    median_ms: float
    p99_ms: float
    a_second: float


def doing_nothing(secret: str, *, at_once: bool, client: AsyncWebClient | None = None) -> AsyncApp:
    """A Bolt app that acknowledges a command and does nothing."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T0", bot_id="B0", bot_user_id="U0", bot_token="xoxb"
        )

    bolt = AsyncApp(
        signing_secret=secret, process_before_response=at_once, authorize=authorize, client=client
    )

    @bolt.command("/sessions")
    async def nothing(ack: Callable[[], object]) -> None:
        await ack()  # type: ignore[misc] # Bolt's own is async

    return bolt


def acknowledging_nothing(secret: str, *, at_once: bool) -> Starlette:
    """Such an app on a server of its own."""
    handler = AsyncSlackRequestHandler(doing_nothing(secret, at_once=at_once))

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


async def measure(app: str, world: World, port: int, connections: int) -> Row:
    """Send commands over so many connections, each its own."""
    slack = world.slack
    numbers = itertools.count()
    url = f"http://127.0.0.1:{port}/slack/events"
    seconds: list[float] = []

    async def sender(session: aiohttp.ClientSession, times: int) -> None:
        for _ in range(times):
            body = urlencode(
                {
                    "command": "/sessions",
                    "text": f"load{next(numbers)}@visitors.example",
                    "trigger_id": f"{port}.{connections}.{next(numbers)}",
                    "team_id": TEAM,
                    "user_id": slack.people.agent,
                    "channel_id": slack.places.support,
                    "channel_name": "support",
                    "response_url": "http://127.0.0.1:9/never",
                }
            )
            headers = slack.sign(body) | {"Content-Type": _FORM}
            begun = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                assert answer.status == 200, answer.status  # noqa: S101 - a benchmark of nothing else
            seconds.append(time.perf_counter() - begun)

    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:
        await sender(session, 5)
        seconds.clear()
        begun = time.perf_counter()
        await asyncio.gather(
            *(sender(session, _EACH[connections] // connections) for _ in range(connections))
        )
        took = time.perf_counter() - begun
    return row("http", app, connections, seconds, took)


def row(transport: str, app: str, at_once: int, seconds: list[float], took: float) -> Row:
    """The row of some acknowledgements."""
    seconds = sorted(seconds)
    return Row(
        transport,
        app,
        at_once,
        round(statistics.median(seconds) * 1000, 2),
        round(seconds[int(len(seconds) * 0.99) - 1] * 1000, 2),
        round(len(seconds) / took, 1),
    )


@asynccontextmanager
async def casefile(world: World, url: str | None = None) -> AsyncIterator[int]:
    """The bot on an empty database, SQLite without a URL; it begins nothing. Its port."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        variables = {"DATABASE_URL": url or f"sqlite:///{Path(folder) / 'bench.db'}"}
        bot = await stack.enter_async_context(open_bot(load_settings(world.environment() | variables)))
        bot.worker.start = lambda job: None  # type: ignore[method-assign] # noqa: ARG005 - as it is called
        yield await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))


@asynccontextmanager
async def casefile_by_socket(world: World) -> AsyncIterator[None]:
    """The bot on an empty SQLite, connected by Socket Mode; it begins nothing."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        variables = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
        bot = await stack.enter_async_context(open_bot(load_settings(world.environment() | variables)))
        bot.worker.start = lambda job: None  # type: ignore[method-assign] # noqa: ARG005 - as it is called
        await stack.enter_async_context(serving_socket(bot))
        await world.slack.wait_for(lambda: world.slack.connections)
        yield


@asynccontextmanager
async def nothing_by_socket(world: World, *, at_once: bool = True) -> AsyncIterator[None]:
    """A Bolt app that does nothing, connected by Socket Mode."""
    environment = world.environment()
    client = AsyncWebClient(environment["SLACK_BOT_TOKEN"], base_url=environment["SLACK_API_URL"])
    bolt = doing_nothing(environment["SLACK_SIGNING_SECRET"], at_once=at_once, client=client)
    handler = AsyncSocketModeHandler(bolt, environment["SLACK_APP_TOKEN"], web_client=client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await world.slack.wait_for(lambda: world.slack.connections)
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def measure_socket(app: str, world: World, at_once: int) -> Row:
    """Type commands, so many at the same time."""
    slack, seconds = world.slack, list[float]()
    numbers = itertools.count()

    async def sender(times: int) -> None:
        for _ in range(times):
            text = f"/sessions load{next(numbers)}@visitors.example"
            begun = time.perf_counter()
            await slack.type_command(slack.places.support, slack.people.agent, text)
            seconds.append(time.perf_counter() - begun)

    await sender(5)
    seconds.clear()
    begun = time.perf_counter()
    await asyncio.gather(*(sender(_EACH[at_once] // at_once) for _ in range(at_once)))
    return row("socket", app, at_once, seconds, time.perf_counter() - begun)


async def run() -> list[Row]:
    """All rows: the apps take turns."""
    rows: list[Row] = []
    async with open_world(strangers_a_day=100) as world, AsyncExitStack() as stack:
        secret = world.environment()["SLACK_SIGNING_SECRET"]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        far = await stack.enter_async_context(
            delayed(stack.enter_context(database("postgresql", folder)), ROUND_TRIP_MS)
        )
        ports = {"casefile": await stack.enter_async_context(casefile(world))}
        ports[FAR] = await stack.enter_async_context(casefile(world, far))
        for name, at_once in ((NOTHING, True), (DEFAULT, False)):
            web = acknowledging_nothing(secret, at_once=at_once)
            ports[name] = await stack.enter_async_context(listening(web, "127.0.0.1", 0))
        for connections in CONNECTIONS:
            for name, port in ports.items():
                rows.append(await measure(name, world, port, connections))
    by_socket: dict[str, Callable[[World], AbstractAsyncContextManager[None]]] = {
        "casefile": casefile_by_socket,
        NOTHING: nothing_by_socket,
        DEFAULT: partial(nothing_by_socket, at_once=False),
    }
    for name, connected in by_socket.items():
        for commands in CONNECTIONS:
            async with open_world(strangers_a_day=100) as world, connected(world):
                rows.append(await measure_socket(name, world, commands))
    return rows


def main() -> None:
    """Print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR")
    rows = asyncio.run(run())
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()

"""
How long a pasted session's address takes to become a card, over signed HTTP, against an app that asks nobody.

Cold: the vendor is asked. Known: its session was in an answer before. The rival is a Bolt app on the same
server that shows one fixed card as soon as Slack tells of the address: what Slack and the way there take.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks._rows import show
from benchmarks.load import visitors
from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import listening, serving_http
from bot.settings.model import load_settings
from sandbox.vendors.fullstory import session_url
from sandbox.world import World, open_world

TIMES, LONG_TIMES = 8, 40
_UNHURRIED = {"ACCESS__PER_PERSON_MINUTE": "100000", "LOOKUP__DEADLINE_SECONDS": "60"}
_LEFT_OUT = ("RAYGUN", "RYBBIT", "UXCAM", "SHARED_UIDS")


@dataclass(frozen=True)
class Row:
    """One way to a card: times in milliseconds, from the message to its card, and calls for each."""

    app: str
    cards: int
    median_ms: float
    worst_ms: float
    vendor_calls: float


async def measure(world: World, app: str, urls: Sequence[str]) -> Row:
    """Paste addresses one after the other."""
    slack, seconds = world.slack, []
    before = len(world.fullstory.calls)
    for url in urls:
        begun = time.perf_counter()
        message = await slack.post_as_user(slack.places.support, slack.people.agent, f"look: <{url}>")

        def has_card(ts: str = message.ts, channel: str = message.channel) -> bool:
            found = slack.state.find(channel, ts)
            return found is not None and bool(found.unfurls)

        await slack.wait_for(has_card, timeout=60)
        seconds.append(time.perf_counter() - begun)
    return Row(
        app,
        len(urls),
        round(statistics.median(seconds) * 1000, 1),
        round(max(seconds) * 1000, 1),
        round((len(world.fullstory.calls) - before) / len(urls), 2),
    )


def showing_a_card(world: World) -> Starlette:
    """A Bolt app that shows the same card for every address."""
    environment = world.environment()

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T0", bot_id="B0", bot_user_id="U0", bot_token="xoxb"
        )

    bolt = AsyncApp(
        signing_secret=environment["SLACK_SIGNING_SECRET"], process_before_response=True, authorize=authorize
    )
    client = AsyncWebClient(environment["SLACK_BOT_TOKEN"], base_url=environment["SLACK_API_URL"])
    told: set[asyncio.Task[Any]] = set()

    @bolt.event("link_shared")
    async def card(event: dict[str, Any]) -> None:
        block = {"type": "section", "text": {"type": "mrkdwn", "text": "a session"}}
        cards = {link["url"]: {"blocks": [block]} for link in event["links"]}
        showing = client.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=cards)
        task = asyncio.create_task(showing)
        told.add(task)
        task.add_done_callback(told.discard)

    @bolt.event("message")
    async def nothing() -> None:
        return

    handler = AsyncSlackRequestHandler(bolt)

    async def events(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


@asynccontextmanager
async def casefile(world: World) -> AsyncIterator[int]:
    """The bot with one vendor, on an empty SQLite; its port."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}"}
        configured = (world.environment() | database | _UNHURRIED).items()
        settings = load_settings(
            {name: value for name, value in configured if not name.startswith(_LEFT_OUT)}
        )
        bot = await stack.enter_async_context(open_bot(settings))
        yield await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))


async def run(times: int) -> list[Row]:
    """All rows."""
    async with open_world(strangers_a_day=100, more_people=visitors) as world:
        people = [person for person in world.people if "@visitors.example" in (person.email or "")]
        cold = [session_url(person, person.visits[0]) for person in people[:times]]
        known = [session_url(person, person.visits[1]) for person in people[:times]]
        rows = []
        async with casefile(world) as port:
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
            # What a process learns once is learnt before.
            await measure(world, "casefile", [session_url(people[-1], people[-1].visits[0])])
            rows.append(await measure(world, "casefile, cold", cold))
            rows.append(await measure(world, "casefile, known", known))
        async with listening(showing_a_card(world), "127.0.0.1", 0) as port:
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
            others = [session_url(person, person.visits[2]) for person in people[:times]]
            rows.append(await measure(world, "a fixed card", others))
        return rows


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=LONG_TIMES, help="cards of each kind")
    parser.add_argument("--short", action="store_true", help=f"{TIMES} of each kind alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR")
    show(asyncio.run(run(TIMES if options.short else options.times)), as_json=options.json)


if __name__ == "__main__":
    main()

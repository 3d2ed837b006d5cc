"""
The rival: a bot that asks one vendor after the other, keeps nothing, and posts when it has all answers.

A Bolt app on the same server, with bare HTTP clients: no database, no quota, no second thread to a vendor.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.serving.run import listening
from sandbox.world import World

Ask = Callable[[httpx2.AsyncClient, str], Awaitable[Any]]
"""Asks one vendor for somebody's sessions by uid or address."""


def asking(world: World, *, alone: bool = False) -> tuple[Ask, ...]:
    """How FullStory is asked, and unless it is `alone` Rybbit and UXCam too."""
    variables = world.environment()
    days = {"start_date": f"{_ago(30):%Y-%m-%d}", "end_date": f"{_ago(-1):%Y-%m-%d}", "time_zone": "UTC"}

    async def fullstory(client: httpx2.AsyncClient, who: str) -> None:
        headers = {"Authorization": f"Basic {variables['FULLSTORY__MAIN__API_KEY']}"}
        name = "email" if "@" in who else "uid"
        await _got(client, f"{world.fullstory.origin}/sessions/v2", {name: who, "limit": "100"}, headers)
        await _got(client, f"{world.fullstory.origin}/v2/users", {name: who}, headers)

    async def rybbit(client: httpx2.AsyncClient, who: str) -> None:
        headers = {"Authorization": f"Bearer {variables['RYBBIT__WWW__API_KEY']}"}
        site = f"{world.rybbit.origin}/api/sites/{variables['RYBBIT__WWW__SITE']}"
        await _got(client, f"{site}/sessions", days | {"user_id": who, "limit": "201"}, headers)

    async def uxcam(client: httpx2.AsyncClient, who: str) -> None:
        span = {"lower": days["start_date"], "upper": days["end_date"]}
        filters = [
            {"attribute": "user_custom_property", "operator": "equal", "value": who}
            | {"property_name": world.uxcam.identity},
            {"attribute": "date_range", "operator": "between_dates", "value": span},
        ]
        body = {"app_id": variables["UXCAM__APP__APP_ID"], "filters": filters, "page_size": 100}
        headers = {"X-Api-Key": variables["UXCAM__APP__API_KEY"]}
        url = f"{world.uxcam.origin}/api/data-access/v1/session"
        (await client.post(url, json=body, headers=headers)).raise_for_status()

    return (fullstory,) if alone else (fullstory, rybbit, uxcam)


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def _got(client: httpx2.AsyncClient, url: str, params: dict[str, str], headers: dict[str, str]) -> None:
    (await client.get(url, params=params, headers=headers)).raise_for_status()


@asynccontextmanager
async def sequential(world: World, asks: Sequence[Ask]) -> AsyncIterator[int]:
    """Such a bot for the block; its port."""
    environment = world.environment()
    working: set[asyncio.Task[None]] = set()

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T0", bot_id="B0", bot_user_id="U0", bot_token="xoxb"
        )

    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx2.AsyncClient(timeout=30))
        slack = AsyncWebClient(environment["SLACK_BOT_TOKEN"], base_url=environment["SLACK_API_URL"])
        bolt = AsyncApp(
            signing_secret=environment["SLACK_SIGNING_SECRET"],
            process_before_response=True,
            authorize=authorize,
        )

        async def answer(who: str, channel: str) -> None:
            for ask in asks:
                await ask(client, who)
            parent = await slack.chat_postMessage(channel=channel, text=who, blocks=_said(who))
            told = "three sessions, by all tools"
            await slack.chat_postMessage(
                channel=channel, thread_ts=parent["ts"], text=told, blocks=_said(told)
            )

        @bolt.command("/sessions")
        async def begin(ack: Callable[[], Awaitable[object]], command: dict[str, str]) -> None:
            task = asyncio.create_task(answer(command["text"], command["channel_id"]))
            working.add(task)
            task.add_done_callback(working.discard)
            await ack()

        @bolt.event("message")
        async def own_posts() -> None:
            """Without it Bolt prints a paragraph for each."""

        handler = AsyncSlackRequestHandler(bolt)

        async def events(request: Request) -> Response:
            return await handler.handle(request)

        web = Starlette(routes=[Route("/slack/events", events, methods=["POST"])])
        port = await stack.enter_async_context(listening(web, "127.0.0.1", 0))
        yield port
        await asyncio.gather(*working)


def _said(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]

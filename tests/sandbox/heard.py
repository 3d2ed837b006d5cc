"""An app that takes whatever is delivered and remembers the payloads, for tests of what Slack sends."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.operations.clock import system_clock
from sandbox.slack import SlackWorkspace, start_slack

Json = dict[str, Any]
Answer = Callable[[Json], Any]
MESSAGES = ("message.channels", "message.groups", "message.im", "message.mpim", "app_mention")


class Ears:
    """The payloads received, oldest first; `answer` returns the body of each acknowledgement."""

    def __init__(self) -> None:
        self.payloads: list[Json] = []
        self.headers: list[Json] = []
        self.answer: Answer = lambda _payload: None

    @property
    def events(self) -> list[Json]:
        return [payload["event"] for payload in self.payloads if "event" in payload]

    async def take(self, request: web.Request) -> web.Response:
        form = request.content_type == "application/x-www-form-urlencoded"
        body = (await request.post())["payload"] if form else await request.text()
        payload = json.loads(str(body))
        self.payloads.append(payload)
        self.headers.append({key.lower(): value for key, value in request.headers.items()})
        answer = self.answer(payload)
        return web.Response() if answer is None else web.json_response(answer)


@asynccontextmanager
async def listening(**options: Any) -> AsyncIterator[tuple[SlackWorkspace, Ears]]:
    """A workspace with an app that is subscribed to all messages."""
    ears, app = Ears(), web.Application()
    app.router.add_post("/slack/events", ears.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with start_slack(system_clock, **options) as slack:
            slack.connect(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
            slack.subscribed_events.update(MESSAGES)
            yield slack, ears
    finally:
        await runner.cleanup()

"""The server of the workspace: Web API, Socket Mode, response_urls and the page, on one loopback port."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import aiohttp
from aiohttp import web

from sandbox.slack.answers import handle_response
from sandbox.slack.calls import USUAL_LIMITS, Limit
from sandbox.slack.delivery import ACK_SECONDS, Courier
from sandbox.slack.page import Page
from sandbox.slack.panel import Panel
from sandbox.slack.signed_http import SignedHttp
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.state import TRIGGER_LIFE, Clock, State
from sandbox.slack.web_api import WebApi
from sandbox.slack.workspace import SlackWorkspace

HOST = "127.0.0.1"
SCOPES = frozenset(
    {"app_mentions:read", "channels:history", "channels:read", "chat:write", "chat:write.public"}
    | {"commands", "files:read", "groups:history", "groups:read", "im:history", "im:read", "links:read"}
    | {"links:write", "mpim:history", "mpim:read", "reactions:write", "usergroups:read", "users:read"}
)
"""What the app is granted unless a test says otherwise; the demo grants what the manifest asks for."""


@asynccontextmanager
async def start_slack(
    clock: Clock,
    port: int = 0,
    *,
    scopes: Collection[str] = SCOPES,
    commands: Collection[str] = ("/sessions",),
    limits: Mapping[str, Limit] = USUAL_LIMITS,
    ack_seconds: float = ACK_SECONDS,
    trigger_life: timedelta = TRIGGER_LIFE,
    panel: Panel | Callable[[SlackWorkspace], Panel] | None = None,
) -> AsyncIterator[SlackWorkspace]:
    """
    A workspace on loopback, for the block.

    Port 0 takes any free one. `panel` is what the page shows beside the messages, or a function that
    makes it for the workspace.
    """
    state = State(clock, scopes=scopes, commands=commands, limits=limits, trigger_life=trigger_life)
    async with aiohttp.ClientSession() as session:
        http, sockets = SignedHttp(state, session), SocketMode(state)
        courier = Courier(state, http, sockets, ack_seconds)
        workspace = SlackWorkspace(state, courier, http, sockets)
        page = Page(workspace, panel(workspace) if callable(panel) else panel or Panel())
        runner = web.AppRunner(_routes(state, sockets, page), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, port)
            await site.start()
            state.base_url = f"http://{HOST}:{runner.addresses[0][1]}"
            yield workspace
        finally:
            page.close()
            await courier.close()
            await sockets.close()
            await runner.cleanup()


def _routes(state: State, sockets: SocketMode, page: Page) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/api/{method}", WebApi(state).handle)
    app.router.add_get("/link", sockets.handle)
    app.router.add_post("/response/{token}", partial(handle_response, state))
    page.add_routes(app.router)
    return app

"""Running until told to stop: signed HTTP or Socket Mode, and an orderly end."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY, create_server

import stamina
import structlog
import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from starlette.applications import Starlette
from starlette.routing import Route

from bot.app import Bot, open_bot
from bot.operations.log import log_cautions
from bot.serving.connections import MOST_CONNECTIONS, PunctualHttp
from bot.serving.mcp_route import mcp_route
from bot.serving.plain_route import plain_route
from bot.serving.replay_routes import replay_routes
from bot.serving.socket_requests import CheckedSocketMode
from bot.serving.web import make_web
from bot.settings.model import Settings
from handlers import build_bolt
from handlers.raygun_webhook import raygun_route

_FIRST_WAIT_SECONDS = 1.0
_LOOK_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_LAST_SECONDS = 3
_NO_EMBEDS = (
    "EMBED_URL is set, and Slack is listened to by Socket Mode: replays play in side panes by HTTP alone."
)


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


@asynccontextmanager
async def listening(web: Starlette, host: str, port: int) -> AsyncIterator[int]:
    """
    Serve while the block runs, on the port that comes back; at its end, requests under way are finished.

    Raises:
        OSError: when the port cannot be had.

    """
    listener = create_server((host, port), family=AF_INET6 if ":" in host else AF_INET, backlog=2048)
    # An answer is a head and a body: without this the body waits until the head has been acknowledged,
    # which the other side may put off for 40 ms. Connections have it from the listener.
    listener.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    config = uvicorn.Config(
        web,
        http=PunctualHttp,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def serving_http(bot: Bot, host: str, port: int) -> AsyncIterator[int]:
    """Take Slack's signed requests while the block runs; the port comes back."""
    async with mcp_route(bot) as mcp:
        web = make_web(bot, build_bolt(bot.inbound), lambda: True, *_others(bot), mcp, *replay_routes(bot))
        async with listening(web, host, port) as port_taken:
            yield port_taken


@asynccontextmanager
async def serving_socket(bot: Bot) -> AsyncIterator[AsyncSocketModeHandler]:
    """Take Slack's requests by Socket Mode while the block runs, over one connection after the other."""
    token = bot.engine.settings.slack_app_token
    assert token is not None  # noqa: S101 - required before
    handler = CheckedSocketMode(build_bolt(bot.inbound), token.get_secret_value(), web_client=bot.slack)
    await _socket_connect(handler.client)
    reconnecting = asyncio.create_task(_reconnect_soon(handler.client))
    try:
        yield handler
    finally:
        reconnecting.cancel()
        await asyncio.gather(reconnecting, return_exceptions=True)
        await handler.close_async()  # type: ignore[no-untyped-call] # slack_bolt's own


def without_embeds(settings: Settings) -> Settings:
    """The settings for Socket Mode, by which no page is embedded; where one was to be, that is logged."""
    if not settings.embed_url:
        return settings
    log_cautions([_NO_EMBEDS])
    return settings.model_copy(update={"embed_url": None})


def _others(bot: Bot) -> tuple[Route | None, ...]:
    """The ways in that are not Slack's, under signed HTTP and under Socket Mode."""
    engine = bot.engine
    return (
        raygun_route(engine.settings, engine.pushed, engine.metrics, bot.watching),
        plain_route(bot),
    )


# slack_sdk raises whatever the network did.
@stamina.retry(
    on=Exception,
    attempts=None,
    timeout=None,
    wait_initial=_FIRST_WAIT_SECONDS,
    wait_max=_LONGEST_WAIT_SECONDS,
)
async def _socket_connect(client: SocketModeClient) -> None:
    """Connect, however long Slack is away; the waits grow to half a minute."""
    try:
        # `connect` alone would try by itself, every few seconds, and log each traceback.
        await client.connect_to_new_endpoint()
    except Exception as error:
        # Logged here by its type alone, and raised: the decorator tries again.
        _log_not_connected(error)
        raise


def _log_not_connected(error: Exception) -> None:
    structlog.get_logger("socket").warning("socket.not_connected", error=type(error).__name__)


async def _reconnect_soon(client: SocketModeClient) -> None:
    """
    Connect anew where the connection was lost: slack_sdk looks for that every few seconds alone.

    Meanwhile people's commands fail, for Slack has nowhere to deliver them.
    """
    wait = _LOOK_SECONDS
    while True:
        await asyncio.sleep(wait)
        session = client.current_session
        if session is None or not session.closed:
            wait = _LOOK_SECONDS
            continue
        if client.connect_operation_lock.locked():
            # slack_sdk is at it, with one address again and again: it may be used up, another one is not.
            client.wss_uri = None
        try:
            await client.connect_to_new_endpoint()
        except Exception as error:  # noqa: BLE001 - slack_sdk raises whatever the network did
            _log_not_connected(error)
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _keep_what_is_loaded() -> None:
    """Never look for garbage in code and tables: that takes a tenth of a start, and there is next to none."""
    gc.freeze()


def _keep_what_is_open() -> None:
    """Look for garbage only among what is made from now on: what was opened until now is there to stay."""
    gc.collect()
    gc.freeze()


async def serve(settings: Settings, host: str, port: int) -> None:
    """Run `casefile serve` until told to stop."""
    _keep_what_is_loaded()
    settings.require("SLACK_SIGNING_SECRET")
    stop = stop_signal()
    async with open_bot(settings) as bot, serving_http(bot, host, port) as port_taken:
        _keep_what_is_open()
        structlog.get_logger("serve").info("serve.ready", host=host, port=port_taken)
        await stop.wait()


async def socket(settings: Settings) -> None:
    """Run `casefile socket` until told to stop; with PORT set, health and metrics are served beside it."""
    _keep_what_is_loaded()
    settings.require("SLACK_APP_TOKEN")
    stop = stop_signal()
    async with open_bot(without_embeds(settings)) as bot, serving_socket(bot) as handler:
        _keep_what_is_open()
        log = structlog.get_logger("socket")

        def is_connected() -> bool:
            session = handler.client.current_session
            return session is not None and not session.closed

        if settings.port is None:
            log.info("socket.ready")
            await stop.wait()
            return
        async with mcp_route(bot) as mcp:
            web = make_web(bot, None, is_connected, *_others(bot), mcp)
            async with listening(web, "0.0.0.0", settings.port):  # noqa: S104 - the host routes to it
                log.info("socket.ready", port=settings.port)
                await stop.wait()

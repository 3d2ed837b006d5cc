"""The HTTP routes: Slack's requests, health, readiness and metrics (`docs/operating.md`)."""

import hmac
import re
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app import Bot
from bot.operations.request_body import bounded_body, large_bodies, refused
from bot.sources.quota_status import quota_states
from bot.storage.store import is_reachable
from handlers.shapes import Unreadable, bolt_request, read_body

# Slack's own payloads stay far below; views are 250 kB at most.
_LONGEST_BODY = 1024 * 1024
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
# How old a signed request may be, in seconds: an older one may be replayed.
_SIGNED_FOR = 300
# What says that a request came through a proxy, so that its sender is not the one who is connected.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "via")


def make_web(
    bot: Bot, bolt: AsyncApp | None, is_connected: Callable[[], bool], *more: Route | None
) -> Starlette:
    """
    Make the ASGI application.

    Args:
        bot: what answers.
        bolt: Slack's requests go there; None where they come by Socket Mode.
        is_connected: whether Slack reaches us, for `/readyz`.
        more: the routes of other ways in; None for each that is not configured.

    """

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        return await _readiness(bot, is_connected)

    async def metrics(request: Request) -> Response:
        return await _metrics(bot, request)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    if bolt is not None:
        secret = bot.engine.settings.slack_signing_secret
        routes.append(_slack_route(bolt, secret.get_secret_value() if secret else ""))
    return Starlette(routes=[*routes, *(route for route in more if route is not None)])


def _slack_route(bolt: AsyncApp, secret: str) -> Route:
    verifier, large = SignatureVerifier(secret), large_bodies()

    async def slack_events(request: Request) -> Response:
        # Whoever cannot have signed is not listened to.
        if not _may_be_signed(request, verifier):
            return refused(request, "no valid signature", HTTPStatus.UNAUTHORIZED)
        content = await bounded_body(request, _LONGEST_BODY, large)
        if isinstance(content, Response):
            return content
        try:
            text = content.decode()
            if not verifier.is_valid_request(text, dict(request.headers)):
                return refused(request, "no valid signature", HTTPStatus.UNAUTHORIZED)
            ours = bolt_request(read_body(text), text, dict(request.headers))
        except UnicodeDecodeError:
            return refused(request, "the body is not UTF-8", HTTPStatus.BAD_REQUEST)
        except Unreadable as wrong:
            return refused(request, f"nothing that can be read: {wrong}", HTTPStatus.BAD_REQUEST)
        return to_starlette_response(await bolt.async_dispatch(ours))

    return Route("/slack/events", slack_events, methods=["POST"])


def _may_be_signed(request: Request, verifier: SignatureVerifier) -> bool:
    """Whether the headers are those of a request that was signed just now."""
    stamp = request.headers.get("x-slack-request-timestamp", "")
    if not _SIGNATURE.fullmatch(request.headers.get("x-slack-signature", "")):
        return False
    return bool(_TIMESTAMP.fullmatch(stamp)) and abs(verifier.clock.now() - int(stamp)) <= _SIGNED_FOR


async def _readiness(bot: Bot, is_connected: Callable[[], bool]) -> Response:
    try:
        reachable = await is_reachable(bot.engine.store)
    except SQLAlchemyError:
        reachable = False
    if not reachable:
        return PlainTextResponse("the database cannot be reached", status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    if not is_connected():
        return PlainTextResponse("Slack is not connected", status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    return PlainTextResponse("ready")


async def _metrics(bot: Bot, request: Request) -> Response:
    if not _may_read_metrics(request, bot):
        return refused(request, "a bearer token is needed", HTTPStatus.UNAUTHORIZED)
    gauges = bot.engine.metrics
    gauges.open_jobs.set(await bot.inbox.count_open())
    for state in await quota_states(bot.engine.sources, bot.engine.desks.all):
        if state.left is not None:
            gauges.quota_left.labels(state.account).set(state.left)
    return Response(gauges.text(), media_type="text/plain; version=0.0.4")


def _may_read_metrics(request: Request, bot: Bot) -> bool:
    token = bot.engine.settings.metrics_token
    if token is None:
        return _is_loopback(request)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def _is_loopback(request: Request) -> bool:
    # Behind a proxy on the same machine everybody would seem local.
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False

"""The HTTP routes: Slack's requests, health, readiness and metrics (the README, "Commands")."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address

from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.app import Bot
from bot.operations.request_body import bounded_body
from bot.sources.quota_status import quota_states
from bot.storage.store import is_reachable

# Slack's own payloads stay far below; views are 250 kB at most.
_LONGEST_BODY = 1024 * 1024


def make_web(
    bot: Bot, bolt: AsyncApp | None, is_connected: Callable[[], bool], webhook: Route | None = None
) -> Starlette:
    """
    Make the ASGI application.

    Args:
        bot: what answers.
        bolt: Slack's requests go there; None where they come by Socket Mode.
        is_connected: whether Slack reaches us, for `/readyz`.
        webhook: where Raygun pushes errors to; None where that is not configured.

    """

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        return await _readiness(bot, is_connected)

    async def metrics(request: Request) -> Response:
        return await _metrics(bot, request)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    if bolt is not None:
        routes.append(_slack_route(bolt))
    if webhook is not None:
        routes.append(webhook)
    return Starlette(routes=routes)


def _slack_route(bolt: AsyncApp) -> Route:
    async def slack_events(request: Request) -> Response:
        body = await bounded_body(request, _LONGEST_BODY)
        if body is None:
            return PlainTextResponse("the body is too long", status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            bolt_request = to_async_bolt_request(request, body)
        except UnicodeDecodeError:
            return PlainTextResponse("the body is not UTF-8", status_code=HTTPStatus.BAD_REQUEST)
        return to_starlette_response(await bolt.async_dispatch(bolt_request))

    return Route("/slack/events", slack_events, methods=["POST"])


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
        return PlainTextResponse("a bearer token is needed", status_code=HTTPStatus.UNAUTHORIZED)
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
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.get_secret_value().encode())


def _is_loopback(request: Request) -> bool:
    # Behind a proxy on the same machine everybody would seem local.
    if request.client is None or "x-forwarded-for" in request.headers:
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False

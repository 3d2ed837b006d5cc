"""
`POST /webhooks/raygun/{label}/{secret}`: errors that Raygun pushes, which cost no call.

Raygun signs nothing: the path's secret is all there is, compared in constant time. An event is acknowledged
when it is stored, and not before; what cannot be stored is refused, so that it may be sent again. What it
tells watched threads is written down with it.
"""

import asyncio
import hmac
from http import HTTPStatus

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.domain.model import SourceName
from bot.jobs.tickets.watching import Watching
from bot.operations.json_text import NotJson, read_json
from bot.operations.metrics import Metrics
from bot.operations.request_body import bounded_body, large_bodies, refused
from bot.settings.model import Settings
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.raygun.webhook_events import ErrorNews, read_event
from bot.storage.database import Connection

_LONGEST_BODY = 256 * 1024


def raygun_route(
    settings: Settings, pushed: PushedErrors, metrics: Metrics, watching: Watching
) -> Route | None:
    """The route; None where no secret is configured, for then there is none."""
    secret = settings.raygun_webhook_secret
    if secret is None:
        return None
    expected = secret.get_secret_value().encode()
    labels, large = {*settings.raygun, *settings.raygun_v3}, large_bodies()

    async def on_event(request: Request) -> Response:
        label = request.path_params["label"].lower()
        given = request.path_params["secret"].encode()
        if not hmac.compare_digest(given, expected) or label not in labels:
            return refused(request, "not found", HTTPStatus.NOT_FOUND)
        return await _take(pushed, watching, metrics, SourceName("raygun", label), request, large)

    return Route("/webhooks/raygun/{label}/{secret}", on_event, methods=["POST"])


async def _take(
    pushed: PushedErrors,
    watching: Watching,
    metrics: Metrics,
    source: SourceName,
    request: Request,
    large: asyncio.Semaphore,
) -> Response:
    content = await bounded_body(request, _LONGEST_BODY, large)
    counted = metrics.webhooks
    if isinstance(content, Response):
        is_long = content.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        counted.labels("too_long" if is_long else "unreadable").inc()
        return content
    try:
        body = read_json(content)
    except NotJson:
        counted.labels("unreadable").inc()
        return refused(request, "the body is not JSON", HTTPStatus.BAD_REQUEST)
    event = read_event(body)
    if event is None:
        # Accepted: sending it again would not help.
        counted.labels("unknown").inc()
        return PlainTextResponse("nothing known in it")
    concerns_threads = False

    async def on_news(connection: Connection, news: ErrorNews) -> None:
        nonlocal concerns_threads
        concerns_threads = await watching.on_news(connection, news)

    try:
        is_new = await pushed.take(source, event, body, on_news)
    except SQLAlchemyError as error:
        structlog.get_logger("webhooks").error("webhook.not_stored", exc_info=error)
        counted.labels("not_stored").inc()
        return PlainTextResponse(
            "not stored: please send it again", status_code=HTTPStatus.SERVICE_UNAVAILABLE
        )
    if concerns_threads:
        watching.look_for_jobs()
    counted.labels(event.kind if is_new else "delivered_before").inc()
    return PlainTextResponse("stored" if is_new else "known")

"""The body of an HTTP request, within bounds of length and time."""

import asyncio
from contextlib import AsyncExitStack
from http import HTTPStatus

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

# Slack and Raygun send theirs at once.
_WITHIN_SECONDS = 10.0
# Larger bodies are read so many at a time: there may be as many as there are connections.
_SMALL_BODY_BYTES = 32 * 1024
_LARGE_AT_ONCE = 8
_ROUTES = frozenset({"slack", "webhooks", "metrics", "mcp", "plain", "embed"})


def large_bodies() -> asyncio.Semaphore:
    """The room for the larger bodies of one route."""
    return asyncio.Semaphore(_LARGE_AT_ONCE)


async def bounded_body(request: Request, longest: int, large: asyncio.Semaphore) -> bytes | Response:
    """The body, or the answer to one that is longer than `longest` bytes, slower, or breaks off."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > longest:
        return refused(request, "the body is too long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout(_WITHIN_SECONDS), AsyncExitStack() as room:
            is_small = True
            async for chunk in request.stream():
                body += chunk
                if is_small and len(body) > _SMALL_BODY_BYTES:
                    is_small = False
                    await room.enter_async_context(large)
                if len(body) > longest:
                    return refused(request, "the body is too long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError:
        return refused(request, "the body was not sent in time", HTTPStatus.REQUEST_TIMEOUT)
    except ClientDisconnect:
        return refused(request, "the body broke off", HTTPStatus.BAD_REQUEST)
    return bytes(body)


def refused(request: Request, why: str, status: HTTPStatus) -> Response:
    """The answer to a request that is not taken; one line in the log says why, without what it held."""
    log_refused(request, why, status)
    # What is left of the body is not read: the connection ends.
    return PlainTextResponse(why, status_code=status, headers={"Connection": "close"})


def log_refused(request: Request, why: str, status: int) -> None:
    """Log that a request was not taken, without what it held."""
    # A path may hold the webhook's secret.
    route = request.url.path.strip("/").partition("/")[0]
    known = route if route in _ROUTES else "other"
    structlog.get_logger("requests").warning("request.refused", route=known, status=int(status), why=why)

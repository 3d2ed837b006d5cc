"""
`POST /plain/customer-cards`: Plain's customer cards, where PLAIN_CARDS_TOKEN is set.

Plain sends the headers that its card is configured with, a bearer token among them, and signs the body where
its workspace has a secret for that (https://www.plain.com/docs/request-signing): then both are checked. Who
reads the card is for Plain to say; where lookups are for some people alone, cards have to be allowed by a
setting.
"""

import asyncio
import hashlib
import hmac
from http import HTTPStatus

import structlog
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.app import Bot
from bot.operations.fair_use import FairRoom
from bot.operations.request_body import bounded_body, large_bodies, refused
from bot.plain.cards import CardsWanted, PlainCards
from bot.storage.database import StoreAway

_LONGEST_BODY = 64 * 1024
# So many cards are made at once; the others wait for their turn.
_AT_ONCE = 20


def plain_route(bot: Bot) -> Route | None:
    """The route; None where no token is configured, for then there is none."""
    engine = bot.engine
    token, signing = engine.settings.plain_cards_token, engine.settings.plain_signing_secret
    if token is None:
        return None
    expected, secret = token.get_secret_value(), signing.get_secret_value() if signing else None
    room, large = FairRoom(_AT_ONCE, _AT_ONCE), large_bodies()
    trail, days = bot.inbound.admission.trail, engine.settings.lookup.days
    refused_because = engine.settings.access.shared_tokens_refused
    cards = PlainCards(engine.lookup, trail, days, room, refused_because)

    async def on_request(request: Request) -> Response:
        if not _has_token(request, expected):
            return refused(request, "a bearer token is needed", HTTPStatus.UNAUTHORIZED)
        return await _answer(request, cards, secret, large)

    return Route("/plain/customer-cards", on_request, methods=["POST"])


def _has_token(request: Request, expected: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), expected.encode())


async def _answer(
    request: Request, cards: PlainCards, secret: str | None, large: asyncio.Semaphore
) -> Response:
    body = await bounded_body(request, _LONGEST_BODY, large)
    if isinstance(body, Response):
        return body
    if secret is not None and not _is_signed(request, body, secret):
        return refused(request, "no valid signature", HTTPStatus.FORBIDDEN)
    try:
        wanted = CardsWanted.model_validate_json(body)
    except ValidationError:
        return refused(request, "the body is no request for cards", HTTPStatus.BAD_REQUEST)
    try:
        return JSONResponse(await cards.answer(wanted))
    except StoreAway as error:
        structlog.get_logger("plain").warning("plain.database_away", why=str(error))
        return PlainTextResponse(
            "the database cannot be reached: please try again", HTTPStatus.SERVICE_UNAVAILABLE
        )


def _is_signed(request: Request, body: bytes, secret: str) -> bool:
    """Whether the body carries its HMAC-SHA256 in hexadecimal."""
    own = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = request.headers.get("plain-request-signature", "")
    return hmac.compare_digest(given.lower().encode(), own.encode())

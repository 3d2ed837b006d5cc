"""
`/embed/…`: the page that plays a replay in Slack's side pane, where EMBED_URL is set and Slack comes by HTTP.

The page itself holds nothing of the customer. The recording is a request of its own, which costs a call and
is judged; see `bot/replay/replays.py`.
"""

import secrets
from collections.abc import Sequence
from http import HTTPStatus
from types import MappingProxyType

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.answers.words.table import replays as words
from bot.app import Bot
from bot.operations.fair_use import FairRoom
from bot.operations.request_body import log_refused
from bot.replay.addresses import PATH, ReplayAddresses, ReplayPass, replay_addresses
from bot.replay.page import headers, page, page_files, refusal
from bot.replay.replays import AT_ONCE, OF_ONE, NotPlayed, Recording, Replays
from bot.storage.database import StoreAway

# A browser that keeps cookies of frames is known by one, which holds for this page below Slack's alone.
_COOKIE, _COOKIE_SECONDS, _LONGEST_COOKIE = "casefile_replay", 24 * 3600, 100
# The headers of a recording.
_OF_EVENTS = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)


def replay_routes(bot: Bot) -> Sequence[Route]:
    """The routes; none where EMBED_URL is not set."""
    engine = bot.engine
    addresses = replay_addresses(engine.settings, engine.keyring, engine.clock, engine.sources)
    if addresses is None:
        return ()
    inbound, trail = bot.inbound, bot.inbound.admission.trail
    replays = Replays(
        inbound.access,
        engine.sources,
        engine.leases,
        inbound.pace,
        FairRoom(AT_ONCE, OF_ONE),
        trail,
        engine.metrics,
    )
    requests = _ReplayRequests(addresses, replays, headers(engine.settings.slack_api_url))
    return (
        Route(f"{PATH}/{{sealed}}", requests.page),
        Route(f"{PATH}/{{sealed}}/events", requests.events, methods=["POST"]),
        Route("/embed/files/{name}", _file),
    )


class _ReplayRequests:
    """
    Answers requests for replays.

    Args:
        addresses: reads addresses.
        replays: fetches recordings.
        page_headers: go with each page.

    """

    def __init__(self, addresses: ReplayAddresses, replays: Replays, page_headers: dict[str, str]) -> None:
        self._addresses = addresses
        self._replays = replays
        self._headers = page_headers

    async def page(self, request: Request) -> Response:
        """The page, for a frame, with what the browser is known by."""
        read = self._read(request)
        if isinstance(read, NotPlayed):
            log_refused(request, read.outcome, read.status)
            return HTMLResponse(refusal(read.words), read.status, self._headers)
        answer = HTMLResponse(page(), headers=self._headers)
        if _viewer(request) is None:
            answer.headers["Set-Cookie"] = _cookie(secrets.token_hex())
        return answer

    async def events(self, request: Request) -> Response:
        """The recording, or in words why not."""
        said = await self._played(request)
        if isinstance(said, NotPlayed):
            log_refused(request, said.outcome, said.status)
            return JSONResponse({"words": said.words}, said.status, _OF_EVENTS)
        told = {**_OF_EVENTS, "Content-Encoding": "gzip"}
        return Response(said.gzipped, headers=told, media_type="application/json")

    async def _played(self, request: Request) -> Recording | NotPlayed:
        read = self._read(request)
        if isinstance(read, NotPlayed):
            return read
        try:
            return await self._replays.play(read, _viewer(request))
        except StoreAway as error:
            structlog.get_logger("replay").warning("replay.database_away", why=str(error))
            return NotPlayed(HTTPStatus.SERVICE_UNAVAILABLE, words.DATABASE_AWAY, "database_away")

    def _read(self, request: Request) -> ReplayPass | NotPlayed:
        """What the address says, or why it is not good here and now."""
        if not _is_from_its_frame(request):
            return NotPlayed(HTTPStatus.FORBIDDEN, words.FROM_ELSEWHERE, "from_elsewhere")
        given = self._addresses.read(request.path_params["sealed"])
        if given is None:
            return NotPlayed(HTTPStatus.FORBIDDEN, words.NOT_OURS, "not_ours")
        if self._addresses.is_over(given):
            return NotPlayed(HTTPStatus.GONE, words.TOO_OLD, "too_old")
        return given


async def _file(request: Request) -> Response:
    found = page_files().get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("not found", HTTPStatus.NOT_FOUND)
    told = {"Cache-Control": found.cache_control, "X-Content-Type-Options": "nosniff"}
    return Response(found.content, headers=told, media_type=found.media_type)


def _is_from_its_frame(request: Request) -> bool:
    """
    Whether a frame asks for the page, or the page for the recording; True where the browser does not say.

    So an address that somebody hands on opens nothing in a window of a browser's own.
    """
    if request.method == "POST":
        return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return request.headers.get("sec-fetch-dest", "iframe") == "iframe"


def _viewer(request: Request) -> str | None:
    known = request.cookies.get(_COOKIE)
    return known if known and len(known) <= _LONGEST_COOKIE else None


def _cookie(viewer: str) -> str:
    # Starlette writes `Partitioned` from Python 3.14 on.
    kept = f"{_COOKIE}={viewer}; Max-Age={_COOKIE_SECONDS}; Path={PATH}"
    return f"{kept}; Secure; HttpOnly; SameSite=None; Partitioned"

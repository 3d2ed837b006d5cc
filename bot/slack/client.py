"""
The one client for Slack's Web API: one connection pool, bounded waits, turns over all processes.

Nothing is repeated blindly: slack_sdk's own handlers repeat calls after a lost connection, and a message
that was posted before the connection was lost would be posted twice.
"""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.rate_limits import A_MINUTE, EDIT, POST, Pace, TooFar

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
LONGEST_WAIT = timedelta(seconds=30)
_TRIES = 3
_SERVER_ERROR = 500
# Slack's words for being ill: what was asked for may have been done.
_ILL = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# Whoever asks for these takes their turn: it depends on more than the method.
_TURN_IS_TAKEN = frozenset({POST, EDIT})


class SlackAway(Exception):
    """
    Raised when Slack could not be asked, gave no answer, or wants to be left alone.

    `wait` is for how long; with `unsure` the call may have taken effect all the same.
    """

    def __init__(self, why: str, wait: timedelta = timedelta(), *, unsure: bool) -> None:
        super().__init__(why)
        self.wait = wait
        self.unsure = unsure


def lost(error: aiohttp.ClientError | TimeoutError) -> SlackAway:
    """Give what a failure of the network means: where no connection was made, nothing was done."""
    unmade = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return SlackAway(type(error).__name__, unsure=not unmade)


def wished_wait(headers: Any) -> timedelta:
    """Give how long Slack wants to be left alone, a second where it does not say."""
    value = {str(name).lower(): text for name, text in headers.items()}.get("retry-after", "")
    return timedelta(seconds=float(value) if str(value).isdecimal() else 1.0)


def open_slack_session() -> aiohttp.ClientSession:
    """Open the connection pool; slack_sdk leaves the time that a call may take to it."""
    return aiohttp.ClientSession(timeout=_TIMEOUT)


def make_slack_client(token: str | None, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make a client that takes no turns; without a shared session every call would open a connection."""
    return AsyncWebClient(token=token, base_url=_base(api_url), session=session, retry_handlers=[])


class SlackClient(AsyncWebClient):
    """
    The bot's client: calls wait for their turn, and for as long as Slack wants, up to a bound.

    Every call raises, beside `SlackApiError` for what Slack refuses, `SlackAway`.

    Args:
        token: the bot's.
        api_url: where Slack is.
        session: from `open_slack_session`.
        pace: gives turns.

    """

    def __init__(self, token: str | None, api_url: str, session: aiohttp.ClientSession, pace: Pace) -> None:
        super().__init__(token=token, base_url=_base(api_url), session=session, retry_handlers=[])
        self._pace = pace

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """
        Call a method when its turn has come; what was refused for its rate is repeated.

        Raises:
            SlackApiError: when Slack refuses.
            SlackAway: when it cannot be asked, or not soon.

        """
        for left in range(_TRIES - 1, -1, -1):
            if api_method not in _TURN_IS_TAKEN:
                await self._take_turn(api_method)
            try:
                return await super().api_call(api_method, **arguments)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise lost(error) from None
            except SlackApiError as error:
                wait = await self._wish(api_method, error)
                if not left or wait > LONGEST_WAIT:
                    raise SlackAway("ratelimited", wait, unsure=False) from None
                if api_method in _TURN_IS_TAKEN:
                    await asyncio.sleep(wait.total_seconds())
        raise AssertionError("the last try returns or raises")

    async def _take_turn(self, method: str) -> None:
        if method not in A_MINUTE:
            return
        try:
            wait = await self._pace.turn(method, longest=LONGEST_WAIT)
        except TooFar as far:
            raise SlackAway("too many calls", far.wait, unsure=False) from None
        await asyncio.sleep(wait.total_seconds())

    async def _wish(self, method: str, error: SlackApiError) -> timedelta:
        """
        Give how long Slack wants to be left alone, and let the other processes know.

        Raises:
            SlackApiError: when it was refused for something else.
            SlackAway: when Slack is ill.

        """
        answer = error.response
        if (
            not isinstance(answer, AsyncSlackResponse)
            or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise SlackAway("no answer that can be read", unsure=True) from None
        if str(answer.get("error")) in _ILL:
            raise SlackAway(str(answer.get("error")), unsure=True) from None
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            raise error
        wait = wished_wait(answer.headers)
        await self._pace.hold(method, wait)
        return wait


def _base(api_url: str) -> str:
    return f"{api_url.rstrip('/')}/"

"""
The client for Slack's Web API: one connection pool, bounded waits, rate limits shared by all processes.

slack_sdk's own retry handlers are off: they repeat calls after a lost connection, and a message that was
posted before the connection was lost would be posted twice.
"""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.operations.json_text import whole
from bot.slack.rate_limits import A_MINUTE, EDIT, POST, RateLimits, TooFar
from bot.slack.signed_values import ButtonSeals

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
LONGEST_WAIT = timedelta(seconds=30)
# How often a call is made in all that Slack refuses for its rate.
_TRIES = 3
# Errors of Slack's own: what was asked for may still have been done.
_SLACK_FAILED = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# For these the caller has waited for a turn already: it depends on the channel too.
_TURN_IS_TAKEN = frozenset({POST, EDIT})

NOT_HERE = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "missing_scope",
        "no_permission",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "posting_to_general_channel_denied",
        "access_denied",
        "ekm_access_denied",
        "team_access_not_granted",
        # The message whose thread it was is gone.
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
"""Slack's words for "not here": said at once, nothing was posted."""
CANNOT_SHOW = NOT_HERE | {"user_not_in_channel", "user_not_found", "messages_tab_disabled"}
"""Slack's words where somebody cannot be shown what only they would see."""
NOTHING_TO_EDIT = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
"""The message is gone, or not ours: nothing is left to edit."""


class SlackAway(Exception):
    """
    Raised when Slack could not be reached, gave no usable answer, or refuses calls for a while.

    `wait` is how long it refuses them; with `unsure` the call may have taken effect.
    """

    def __init__(self, why: str, wait: timedelta = timedelta(), *, unsure: bool) -> None:
        super().__init__(why)
        self.wait = wait
        self.unsure = unsure


def lost(error: aiohttp.ClientError | TimeoutError) -> SlackAway:
    """The `SlackAway` for a network error; where no connection was made, the call surely had no effect."""
    unmade = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return SlackAway(type(error).__name__, unsure=not unmade)


def retry_after(headers: Any) -> timedelta:
    """The time in a `Retry-After` header; one second where there is none."""
    value = {str(name).lower(): text for name, text in headers.items()}.get("retry-after", "")
    return timedelta(seconds=float(value) if str(value).isdecimal() else 1.0)


def open_slack_session() -> aiohttp.ClientSession:
    """A connection pool with our timeouts; slack_sdk sets none of its own on a session that it is given."""
    return aiohttp.ClientSession(timeout=_TIMEOUT)


def make_slack_client(token: str | None, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """A client that waits for no turns; it shares the session, else every call would open a connection."""
    return AsyncWebClient(token=token, base_url=_base(api_url), session=session, retry_handlers=[])


class SlackClient(AsyncWebClient):
    """
    The bot's client: calls wait for their turn and for Slack's `Retry-After`, up to `LONGEST_WAIT`.

    Every call raises `SlackApiError` where Slack refuses it, and `SlackAway`.

    Args:
        token: the bot token.
        api_url: the Web API's URL.
        session: from `open_slack_session`.
        limits: the rate limits.
        seals: signs the values of buttons in what is posted; None for a client that posts none.

    """

    def __init__(
        self,
        token: str | None,
        api_url: str,
        session: aiohttp.ClientSession,
        limits: RateLimits,
        seals: ButtonSeals | None = None,
    ) -> None:
        self._seals = seals
        super().__init__(token=token, base_url=_base(api_url), session=session, retry_handlers=[])
        self._limits = limits

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """
        Call a method when its turn has come, and again where it was refused for its rate.

        Raises:
            SlackApiError: when Slack refuses the call.
            SlackAway: when Slack cannot be asked, or not within `LONGEST_WAIT`.

        """
        if self._seals and isinstance(content := arguments.get("json"), dict):
            arguments["json"] = self._seals.in_arguments(content)
        for left in range(_TRIES - 1, -1, -1):
            if api_method not in _TURN_IS_TAKEN:
                await self._take_turn(api_method)
            try:
                answer = await super().api_call(api_method, **arguments)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise lost(error) from None
            except SlackApiError as error:
                wait = await self._wait_asked_for(api_method, error)
                if not left or wait > LONGEST_WAIT:
                    raise SlackAway("ratelimited", wait, unsure=False) from None
                if api_method in _TURN_IS_TAKEN:
                    await asyncio.sleep(wait.total_seconds())
            else:
                answer.data = whole(answer.data)
                return answer
        raise AssertionError("the last try returns or raises")

    async def _take_turn(self, method: str) -> None:
        if method not in A_MINUTE:
            return
        try:
            wait = await self._limits.turn(method, longest=LONGEST_WAIT)
        except TooFar as far:
            raise SlackAway("too many calls", far.wait, unsure=False) from None
        await asyncio.sleep(wait.total_seconds())

    async def _wait_asked_for(self, method: str, error: SlackApiError) -> timedelta:
        """
        The wait that Slack asks for with a 429, which all processes then keep.

        Raises:
            SlackApiError: when the call was refused for another reason.
            SlackAway: when Slack itself has failed.

        """
        answer = error.response
        if (
            not isinstance(answer, AsyncSlackResponse)
            or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise SlackAway("no answer that can be read", unsure=True) from None
        if str(answer.get("error")) in _SLACK_FAILED:
            raise SlackAway(str(answer.get("error")), unsure=True) from None
        if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            raise error
        wait = retry_after(answer.headers)
        await self._limits.hold(method, wait)
        return wait


def _base(api_url: str) -> str:
    return f"{api_url.rstrip('/')}/"

"""The one client for Slack's Web API: one connection pool, bounded waits, no blind repetition."""

import asyncio

import aiohttp
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

_TIMEOUT_SECONDS = 10
_LONGEST_WAIT_SECONDS = 30
_TRIES = 3


class PatientWhenRateLimited(AsyncRetryHandler):
    """
    Repeats a call that Slack refused for its rate, after `Retry-After`, up to a bound.

    It stands in for slack_sdk's own list of handlers: one of those repeats calls after a lost connection,
    and a message that was posted before the connection was lost would be posted twice.
    """

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002 - slack_sdk's signature
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        if response is None or response.status_code != 429 or state.current_attempt >= _TRIES:  # noqa: PLR2004
            return False
        return _wait_seconds(response) <= _LONGEST_WAIT_SECONDS

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> None:
        """Wait as long as Slack asks for."""
        if response is not None:
            await asyncio.sleep(_wait_seconds(response))
        state.next_attempt_requested = True
        state.increment_current_attempt()


def _wait_seconds(response: HttpResponse) -> float:
    values = {name.lower(): value for name, value in response.headers.items()}.get("retry-after")
    value = values[0] if isinstance(values, list) and values else values
    return float(value) if isinstance(value, str) and value.isdecimal() else 1.0


def make_slack_client(token: str | None, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make the client; without a shared session slack_sdk opens a connection for every call."""
    return AsyncWebClient(
        token=token,
        base_url=f"{api_url.rstrip('/')}/",
        timeout=_TIMEOUT_SECONDS,
        session=session,
        retry_handlers=[PatientWhenRateLimited()],
    )

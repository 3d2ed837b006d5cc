"""Finding a post whose outcome is unknown: by the metadata that it was posted with."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

EVENT_TYPE = "casefile_answer"
_CANNOT_LOOK = frozenset({"missing_scope", "not_in_channel", "channel_not_found"})


class OutcomeUnknown(Exception):
    """Raised when a message may or may not have been posted, and the bot is not allowed to look."""


class Owner(Protocol):
    """The job that a post is part of the answer of."""

    @property
    def id(self) -> str:
        """Its id, which the post carries in its metadata."""

    @property
    def created_ms(self) -> int:
        """When it was accepted, in milliseconds since 1970: nothing was posted for it before."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a part goes: a channel, and the thread in it."""

    channel: str
    thread_ts: str | None = None


async def find_post(client: AsyncWebClient, job: Owner, part: str, spot: Spot) -> str | None:
    """
    Find a part by its metadata among what was posted since the job began; returns its `ts`, None without.

    Raises:
        OutcomeUnknown: when the bot is not allowed to look.

    """
    oldest = f"{job.created_ms / 1000 - 60:.6f}"
    try:
        async for message in _read(client, spot, oldest):
            if _is_part(message, job, part):
                return str(message["ts"])
    except SlackApiError as error:
        if error.response.get("error") in _CANNOT_LOOK:
            raise OutcomeUnknown from None
        raise
    return None


async def _read(client: AsyncWebClient, spot: Spot, oldest: str) -> AsyncIterator[dict[str, Any]]:
    arguments: dict[str, Any] = {
        "channel": spot.channel,
        "oldest": oldest,
        "limit": 200,
        "include_all_metadata": True,
    }
    cursor = ""
    while True:
        if spot.thread_ts is None:
            page = await client.conversations_history(**arguments, cursor=cursor)
        else:
            page = await client.conversations_replies(**arguments, ts=spot.thread_ts, cursor=cursor)
        for message in page.get("messages") or ():
            yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


def _is_part(message: dict[str, Any], job: Owner, part: str) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == EVENT_TYPE and payload == {"job": job.id, "part": part}

"""What is read of Slack for a ticket: the message at the head of a thread, and mail that came as a stub."""

from collections.abc import Sequence
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient


async def read_root(client: AsyncWebClient, channel: str, thread_ts: str) -> dict[str, Any] | None:
    """Give the message that a thread hangs from; None where the bot may not read it, or it is gone."""
    try:
        answer = await client.conversations_replies(channel=channel, ts=thread_ts, limit=1, inclusive=True)
    except SlackApiError as error:
        structlog.get_logger("slack").warning("root.not_read", slack=error.response.get("error"))
        return None
    messages = answer.get("messages") or ()
    return next((m for m in messages if isinstance(m, dict) and m.get("ts") == thread_ts), None)


async def read_files(client: AsyncWebClient, files: Sequence[str]) -> dict[str, Any]:
    """Give what `files.info` says of each file, by id; those that it does not tell of are empty."""
    found: dict[str, Any] = {}
    for file in files:
        try:
            answer = await client.files_info(file=file)
        except SlackApiError as error:
            structlog.get_logger("slack").warning("file.not_read", slack=error.response.get("error"))
            found[file] = {}
        else:
            found[file] = answer.get("file") or {}
    return found

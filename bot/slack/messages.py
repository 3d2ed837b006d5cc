"""What is read from Slack for a ticket: the first message of a thread, and files such as forwarded mail."""

from collections.abc import Sequence
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

NOT_GRANTED = {"not_granted": "files:read"}
"""Stands for a file where Casefile may not read files."""


async def read_root(client: AsyncWebClient, channel: str, thread_ts: str) -> dict[str, Any] | None:
    """The first message of a thread; None where the bot may not read it, or it is gone."""
    try:
        answer = await client.conversations_replies(channel=channel, ts=thread_ts, limit=1, inclusive=True)
    except SlackApiError as error:
        structlog.get_logger("slack").warning("root.not_read", slack=error.response.get("error"))
        return None
    messages = answer.get("messages") or ()
    return next((m for m in messages if isinstance(m, dict) and m.get("ts") == thread_ts), None)


async def read_files(client: AsyncWebClient, files: Sequence[str]) -> dict[str, Any]:
    """
    The `file` of each file's `files.info`, by id.

    Empty where Slack refuses it; `NOT_GRANTED` where the installation left the scope out.
    """
    found: dict[str, Any] = {}
    for file in files:
        try:
            answer = await client.files_info(file=file)
        except SlackApiError as error:
            said = error.response.get("error")
            structlog.get_logger("slack").warning("file.not_read", slack=said)
            found[file] = dict(NOT_GRANTED) if said == "missing_scope" else {}
        else:
            found[file] = answer.get("file") or {}
    return found

"""What every way in does with a request: written down, and begun."""

import uuid
from typing import Any

from bot.app import Bot
from bot.requests import Asker


async def accept(bot: Bot, kind: str, delivery: str, payload: bytes) -> None:
    """
    Write a request down and begin it; a redelivery of an earlier one makes none.

    Raises:
        SQLAlchemyError: when the database cannot be reached; then Slack must not hear that it was accepted.

    """
    job = await bot.means.jobs.accept(kind, delivery, payload.decode())
    if job is not None:
        bot.worker.start(job)


def delivery_of(body: dict[str, Any]) -> str:
    """
    Give what redeliveries of one request have in common: commands and buttons carry no event id.

    Without it two requests must never count as one: the second would go unanswered.
    """
    known = body.get("event_id") or body.get("trigger_id") or body.get("response_url")
    return str(known or uuid.uuid4().hex)


def presser(bot: Bot, body: dict[str, Any]) -> Asker:
    """Give who pressed a button or chose a shortcut, and where."""
    container = body.get("container") or {}
    channel = container.get("channel_id") or (body.get("channel") or {}).get("id") or ""
    return Asker(
        body["user"]["id"],
        channel,
        bot.identity.team,
        container.get("thread_ts"),
        body.get("response_url"),
    )

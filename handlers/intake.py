"""What every way in does with a request: written down, and begun; or refused, and the person told."""

import uuid
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.answers.block_kit import note
from bot.app import Bot
from bot.domain.asking import Asker
from bot.slack.client import SlackAway
from bot.storage.database import StoreAway

_BUSY = "Casefile has more lookups under way than it can take on. Please try again in a minute."
_NO_DATABASE = "Casefile cannot reach its database just now, so nobody was looked up. Please try again soon."


async def accept(bot: Bot, kind: str, delivery: str, payload: bytes) -> None:
    """
    Write a request down and begin it; a redelivery of an earlier one makes none.

    Raises:
        SQLAlchemyError: when the database cannot be reached; then Slack must not hear that it was accepted.

    """
    job = await bot.means.jobs.accept(kind, delivery, payload.decode())
    if job is not None:
        bot.worker.start(job)


async def accept_from(bot: Bot, kind: str, delivery: str, payload: bytes) -> str | None:
    """Accept what a person asks for; gives what they are to be told where it cannot be taken on."""
    if bot.worker.is_full:
        structlog.get_logger("intake").warning("request.too_many", kind=kind)
        bot.engine.metrics.lookups.labels("too_many").inc()
        return _BUSY
    try:
        await accept(bot, kind, delivery, payload)
    except SQLAlchemyError as error:
        structlog.get_logger("intake").error("request.not_stored", kind=kind, exc_info=error)
        bot.engine.metrics.lookups.labels("not_stored").inc()
        return _NO_DATABASE
    return None


async def accept_or_tell(bot: Bot, kind: str, body: dict[str, Any], payload: bytes, asker: Asker) -> None:
    """
    Accept what a person asks for by a button, a shortcut or in words, or tell them at once why not.

    Raises:
        StoreAway: when it cannot be taken on, and they cannot be told: then Slack may deliver it again.

    """
    refused = await accept_from(bot, kind, delivery_of(body), payload)
    if refused == _NO_DATABASE and not asker.response_url:
        raise StoreAway(refused)
    if refused:
        bot.engine.tasks.spawn(tell_at_once(bot, asker, refused), "tell that it was refused")


async def tell_at_once(bot: Bot, asker: Asker, text: str) -> None:
    """Tell the asker alone something of which no record is kept: once, or where Slack fails not at all."""
    try:
        await bot.means.reception.say(asker, note(text))
    except (SlackAway, StoreAway) as error:
        structlog.get_logger("intake").warning("asker.not_told", why=str(error))


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

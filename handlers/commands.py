"""The slash command: read, written down, acknowledged; the answer comes by the job."""

import uuid
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from sqlalchemy.exc import SQLAlchemyError

from bot.app import Bot
from bot.blocks import note
from bot.jobs import Job
from bot.mrkdwn import code, escaped
from bot.requests import DEBUG_REQUEST, LOOKUP_REQUEST, DebugRequest, LookupRequest
from bot.sources.source import Effort
from bot.subjects import Ask, Help, NotUnderstood, read_command

_BUSY = "Casefile has more lookups under way than it can take on. Please try again in a minute."
_NO_DATABASE = "Casefile cannot reach its database just now, so nobody was looked up. Please try again soon."


def register(bolt: AsyncApp, bot: Bot) -> None:
    """Answer the configured command."""

    @bolt.command(bot.engine.settings.slack_command)
    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        read = read_command(str(body.get("text") or ""))
        if isinstance(read, Help | NotUnderstood):
            await ack(**whispered(usage(body.get("command"), read)))
        elif bot.worker.is_full:
            await ack(**whispered(_BUSY))
        else:
            await _accept(ack, body, bot, read if isinstance(read, Ask) else None)


async def _accept(ack: AsyncAck, body: dict[str, Any], bot: Bot, ask: Ask | None) -> None:
    kind = "lookup" if ask else "debug"
    payload = _lookup(body, bot, ask) if ask else _debug(body, bot)
    try:
        job = await bot.jobs.accept(kind, delivery_of(body), payload)
    except SQLAlchemyError as error:
        structlog.get_logger("commands").error("command.not_stored", exc_info=error)
        await ack(**whispered(_NO_DATABASE))
        return
    await ack()
    begin(bot, job)


def begin(bot: Bot, job: Job | None) -> None:
    """Start a job; a redelivery of an earlier request made none."""
    if job is not None:
        bot.worker.start(job)


def delivery_of(body: dict[str, Any]) -> str:
    """
    Give what redeliveries of one request have in common: commands and buttons carry no event id.

    Without it two requests must never count as one: the second would go unanswered.
    """
    return str(body.get("trigger_id") or body.get("response_url") or uuid.uuid4().hex)


def whispered(text: str) -> dict[str, Any]:
    """Give an acknowledgement's body that only the asker sees."""
    message = note(text)
    return {"response_type": "ephemeral", "text": message.text, "blocks": message.blocks}


def _lookup(body: dict[str, Any], bot: Bot, ask: Ask) -> str:
    settings = bot.engine.settings
    request = LookupRequest(
        subject=ask.subject,
        days=ask.days or settings.lookup.days,
        effort=Effort.FRESH if ask.fresh else Effort.USUAL,
        shown=settings.lookup.shown,
        user=body["user_id"],
        asker=body["user_id"],
        channel=body["channel_id"],
        team=bot.identity.team,
        response_url=body.get("response_url"),
    )
    return LOOKUP_REQUEST.dump_json(request).decode()


def _debug(body: dict[str, Any], bot: Bot) -> str:
    request = DebugRequest(body["user_id"], body["channel_id"], bot.identity.team, body["response_url"])
    return DEBUG_REQUEST.dump_json(request).decode()


def usage(command: Any, read: Help | NotUnderstood) -> str:
    """Say what the command understands, and first what was wrong with what was typed."""
    name = escaped(str(command or "/sessions"), 32)
    forms = {
        "jane@contoso.example": "a customer’s sessions and errors, by email address",
        "u-77": "by your product’s own user id (“uid:help” for a uid like one of our words)",
        "jane@contoso.example 7d fresh": "the last 7 days, and the vendors asked anew",
        "debug": "what each source has left of its quota",
    }
    lines = [] if isinstance(read, Help) else [escaped(read.why, 300), ""]
    lines += [f"{code(f'{name} {form}', 80)} – {meaning}" for form, meaning in forms.items()]
    return "\n".join(lines)

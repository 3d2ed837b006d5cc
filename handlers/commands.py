"""The slash command: read, written down, acknowledged; the answer comes by the job."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers.block_kit import note
from bot.answers.mrkdwn import code, escaped
from bot.app import Bot
from bot.domain.asking import Asker
from bot.domain.subjects import Ask, Help, NotUnderstood, read_command
from bot.jobs.payloads import DEBUG_REQUEST, LOOKUP_REQUEST, DebugRequest, LookupRequest
from bot.sources.protocol import Effort
from handlers.intake import accept_from, delivery_of


def register(bolt: AsyncApp, bot: Bot) -> None:
    """Answer the configured command."""

    @bolt.command(bot.engine.settings.slack_command)
    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        read = read_command(str(body.get("text") or ""))
        if isinstance(read, Help | NotUnderstood):
            await ack(**whispered(usage(body.get("command"), read)))
            return
        kind = "lookup" if isinstance(read, Ask) else "debug"
        payload = _lookup(body, bot, read) if isinstance(read, Ask) else _debug(body, bot)
        refused = await accept_from(bot, kind, delivery_of(body), payload)
        await ack(**(whispered(refused) if refused else {}))


def whispered(text: str) -> dict[str, Any]:
    """Give an acknowledgement's body that only the asker sees."""
    message = note(text)
    return {"response_type": "ephemeral", "text": message.text, "blocks": message.blocks}


def _lookup(body: dict[str, Any], bot: Bot, ask: Ask) -> bytes:
    settings = bot.engine.settings
    request = LookupRequest(
        subjects=(ask.subject,),
        days=ask.days or settings.lookup.days,
        effort=Effort.FRESH if ask.fresh else Effort.USUAL,
        shown=settings.lookup.shown,
        asker=_asker(body, bot),
        named=body["user_id"],
    )
    return LOOKUP_REQUEST.dump_json(request)


def _debug(body: dict[str, Any], bot: Bot) -> bytes:
    return DEBUG_REQUEST.dump_json(DebugRequest(_asker(body, bot)))


def _asker(body: dict[str, Any], bot: Bot) -> Asker:
    url = body.get("response_url")
    return Asker(body["user_id"], body["channel_id"], bot.identity.team, response_url=url)


def usage(command: Any, read: Help | NotUnderstood) -> str:
    """Say what is understood after the command or a mention, and first what was wrong with what was typed."""
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

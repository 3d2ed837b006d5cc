"""The slash command: read, written down, acknowledged; the answer comes by the job."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers.block_kit import note
from bot.answers.prompts import usage
from bot.domain.subjects import Ask, Help, Mute, NotUnderstood, read_command
from bot.jobs.payloads import DEBUG, LOOKUP, MUTE, DebugPayload, LookupPayload, MutePayload
from bot.sources.protocol import Effort
from handlers.inbound import Inbound, accept_from, commander_of, redelivery_key


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer the configured command."""

    @bolt.command(inbound.settings.slack_command)
    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        read = read_command(str(body.get("text") or ""))
        if isinstance(read, Help | NotUnderstood):
            await ack(**_to_asker_alone(usage(body.get("command"), read)))
            return
        key = redelivery_key(body)
        if isinstance(read, Ask):
            refused = await accept_from(inbound, LOOKUP, key, _lookup(body, inbound, read))
        elif isinstance(read, Mute):
            payload = MutePayload(commander_of(inbound, body), read.is_on)
            refused = await accept_from(inbound, MUTE, key, payload)
        else:
            refused = await accept_from(inbound, DEBUG, key, DebugPayload(commander_of(inbound, body)))
        await ack(**(_to_asker_alone(refused) if refused else {}))


def _to_asker_alone(text: str) -> dict[str, Any]:
    """The body of an acknowledgement that only the asker sees."""
    message = note(text)
    return {"response_type": "ephemeral", "text": message.text, "blocks": message.blocks}


def _lookup(body: dict[str, Any], inbound: Inbound, ask: Ask) -> LookupPayload:
    settings = inbound.settings.lookup
    return LookupPayload(
        subjects=(ask.subject,),
        days=ask.days or settings.days,
        effort=Effort.FRESH if ask.fresh else Effort.USUAL,
        shown=settings.shown,
        asker=commander_of(inbound, body),
        named=body["user_id"],
    )

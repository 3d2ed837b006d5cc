"""
Messages: tickets that help desks post, and what people write to the bot in a direct message.

A ticket is read before it is acknowledged (that takes a fraction of a millisecond), so that what is none
costs nothing; what has to be fetched for it is the job's affair.
"""

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.domain.asking import Way
from bot.jobs.payloads import TICKET, TicketPayload
from bot.tickets.decide import Action, is_allowed_app, read_ticket
from handlers.inbound import Inbound, accept, redelivery_key, writer_of
from handlers.mentions import ask_in_words


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Read every message of the channels that the bot is in."""

    @bolt.event("message")
    async def on_message(body: dict[str, Any]) -> None:
        event = body["event"]
        if event.get("channel_type") == "im":
            await _direct(body, event, inbound)
        else:
            await _ticket(body, inbound)


async def _ticket(body: dict[str, Any], inbound: Inbound) -> None:
    # In a channel shared with another company it is refused by its job, which leaves a trail.
    rules = await inbound.home.switches.rules(inbound.reader.rules)
    reading = read_ticket(body | {"is_ext_shared_channel": False}, rules)
    if reading.action is Action.IGNORE or not reading.channel or not reading.root_ts:
        return
    if await inbound.home.switches.is_muted(reading.channel):
        inbound.metrics.tickets.labels("muted").inc()
        return
    unread = {"type": "event_callback", "event": body["event"]} if reading.unread_files else None
    payload = TicketPayload(
        reading,
        inbound.identity.team,
        unread,
        is_shared=body.get("is_ext_shared_channel") is True,
        by_allowed_app=is_allowed_app(body["event"], rules.apps),
    )
    await accept(inbound, TICKET, redelivery_key(body), payload)


async def _direct(body: dict[str, Any], event: dict[str, Any], inbound: Inbound) -> None:
    """Answer what a person writes; what apps and Slack itself write there is not for us."""
    user, text = event.get("user"), event.get("text")
    if event.get("subtype") or event.get("bot_id") or not user or user == inbound.identity.user:
        return
    asker = writer_of(inbound, body, Way.DIRECT_MESSAGE, event.get("thread_ts"))
    await ask_in_words(inbound, body, asker, str(text or ""))

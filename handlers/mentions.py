"""`@Casefile jane@…`: answered in the thread; where nobody is named, about the thread's first message."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.domain.asking import Way
from bot.domain.subjects import NobodyNamed, read_sentence
from bot.jobs.payloads import POINTED, PointedPayload
from handlers.asking import ask_in_words
from handlers.inbound import Inbound, accept_or_tell, writer_of


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer people who mention the bot."""

    @bolt.event("app_mention")
    async def on_mention(body: dict[str, Any]) -> None:
        event = body["event"]
        if event.get("bot_id") or not event.get("user") or event.get("edited"):
            return
        thread_ts = event.get("thread_ts")
        asker = writer_of(inbound, body, Way.MENTION, thread_ts or event["ts"])
        text = str(event.get("text") or "")
        if thread_ts and isinstance(read_sentence(text), NobodyNamed):
            # Whom the thread's first message is about.
            payload = PointedPayload(asker, None)
            await accept_or_tell(inbound, POINTED, body, payload, payload.asker)
        else:
            await ask_in_words(inbound, body, asker, text)

"""
`@Casefile jane@…`: answered in the thread; where nobody is named, about the thread's first message.

What people write in words is read here for direct messages too.
"""

from typing import Any

from slack_bolt.async_app import AsyncApp

from bot.answers.prompts import usage
from bot.answers.words import table
from bot.domain.asking import AnswerForm, Asker, Way
from bot.domain.model import Subject
from bot.domain.subjects import Ask, Debug, Mute, NobodyNamed, Several, read_sentence
from bot.jobs.payloads import (
    DEBUG,
    LOOKUP,
    MUTE,
    NOTE,
    POINTED,
    DebugPayload,
    LookupPayload,
    MutePayload,
    NotePayload,
    PointedPayload,
)
from bot.sources.protocol import Effort
from handlers.inbound import Inbound, accept_or_tell, keep_refusal, redelivery_key, writer_of

_MOST_AT_ONCE = 3


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer people who mention the bot."""

    @bolt.event("app_mention")
    async def on_mention(body: dict[str, Any]) -> None:
        event = body["event"]
        if not event.get("user"):
            return
        thread_ts = event.get("thread_ts")
        asker = writer_of(inbound, body, Way.MENTION, thread_ts or event["ts"])
        if event.get("bot_id") or event.get("edited"):
            # Nobody is told: an app would not read it, and what was edited has had its answer.
            if asker.user != inbound.identity.user:
                reason = "app" if event.get("bot_id") else "edited"
                await keep_refusal(inbound, asker, reason, redelivery_key(body))
            return
        text = str(event.get("text") or "")
        if thread_ts and isinstance(read_sentence(text), NobodyNamed):
            # Whom the thread's first message is about.
            payload = PointedPayload(asker, None)
            await accept_or_tell(inbound, POINTED, body, payload, payload.asker)
        else:
            await ask_in_words(inbound, body, asker, text)


async def ask_in_words(inbound: Inbound, body: dict[str, Any], asker: Asker, text: str) -> None:
    """Accept a lookup, a question about the sources, or the need to be told what is understood."""
    match read_sentence(text):
        case Ask() as ask:
            payload = _lookup(inbound, asker, (ask.subject,), ask.days, fresh=ask.fresh)
            await accept_or_tell(inbound, LOOKUP, body, payload, asker)
        case Several(subjects, days, fresh) if len(subjects) <= _MOST_AT_ONCE:
            payload = _lookup(inbound, asker, subjects, days, fresh=fresh)
            await accept_or_tell(inbound, LOOKUP, body, payload, asker)
        case Several():
            told = NotePayload(asker, table.TOO_MANY_AT_ONCE.format(people=_MOST_AT_ONCE))
            await accept_or_tell(inbound, NOTE, body, told, asker)
        case Debug():
            await accept_or_tell(inbound, DEBUG, body, DebugPayload(asker), asker)
        case Mute(is_on):
            await accept_or_tell(inbound, MUTE, body, MutePayload(asker, is_on), asker)
        case not_understood:
            told = NotePayload(asker, usage("@Casefile", not_understood))
            await accept_or_tell(inbound, NOTE, body, told, asker)


def _lookup(
    inbound: Inbound, asker: Asker, subjects: tuple[Subject, ...], days: int | None, *, fresh: bool
) -> LookupPayload:
    lookup = inbound.settings.lookup
    return LookupPayload(
        subjects=subjects,
        days=days or lookup.days,
        effort=Effort.FRESH if fresh else Effort.USUAL,
        shown=lookup.shown,
        asker=asker,
        named=asker.user,
        form=AnswerForm.ANSWER,
    )

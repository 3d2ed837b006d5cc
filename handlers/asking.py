"""What people write to the bot in words, in a mention or a direct message, becomes a job."""

from typing import Any

from bot.answers.prompts import usage
from bot.domain.asking import AnswerForm, Asker
from bot.domain.model import Subject
from bot.domain.subjects import Ask, Debug, Several, read_sentence
from bot.jobs.payloads import (
    DEBUG,
    LOOKUP,
    NOTE,
    DebugPayload,
    LookupPayload,
    NotePayload,
)
from bot.sources.protocol import Effort
from handlers.inbound import Inbound, accept_or_tell

_MOST_AT_ONCE = 3


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
            told = NotePayload(asker, f"At most {_MOST_AT_ONCE} people are looked up at once.")
            await accept_or_tell(inbound, NOTE, body, told, asker)
        case Debug():
            await accept_or_tell(inbound, DEBUG, body, DebugPayload(asker), asker)
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

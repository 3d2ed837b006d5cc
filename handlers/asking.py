"""What people write to the bot in words, in a mention or a direct message, becomes a job."""

from typing import Any

from bot.app import Bot
from bot.domain.asking import Asker, Form
from bot.domain.model import Subject
from bot.domain.subjects import Ask, Debug, Several, read_sentence
from bot.jobs.payloads import (
    DEBUG_REQUEST,
    LOOKUP_REQUEST,
    NOTE_REQUEST,
    DebugRequest,
    LookupRequest,
    NoteRequest,
)
from bot.sources.protocol import Effort
from handlers.commands import usage
from handlers.intake import accept_or_tell

_MOST_AT_ONCE = 3


async def ask_in_words(bot: Bot, body: dict[str, Any], asker: Asker, text: str) -> None:
    """Accept a lookup, a question about the sources, or the need to be told what is understood."""
    match read_sentence(text):
        case Ask() as ask:
            request = _lookup(bot, asker, (ask.subject,), ask.days, fresh=ask.fresh)
            await accept_or_tell(bot, "lookup", body, LOOKUP_REQUEST.dump_json(request), asker)
        case Several(subjects) if len(subjects) <= _MOST_AT_ONCE:
            request = _lookup(bot, asker, subjects, None, fresh=False)
            await accept_or_tell(bot, "lookup", body, LOOKUP_REQUEST.dump_json(request), asker)
        case Several():
            told = NoteRequest(asker, f"At most {_MOST_AT_ONCE} people are looked up at once.")
            await accept_or_tell(bot, "note", body, NOTE_REQUEST.dump_json(told), asker)
        case Debug():
            await accept_or_tell(bot, "debug", body, DEBUG_REQUEST.dump_json(DebugRequest(asker)), asker)
        case not_understood:
            told = NoteRequest(asker, usage("@Casefile", not_understood))
            await accept_or_tell(bot, "note", body, NOTE_REQUEST.dump_json(told), asker)


def _lookup(
    bot: Bot, asker: Asker, subjects: tuple[Subject, ...], days: int | None, *, fresh: bool
) -> LookupRequest:
    lookup = bot.engine.settings.lookup
    return LookupRequest(
        subjects=subjects,
        days=days or lookup.days,
        effort=Effort.FRESH if fresh else Effort.USUAL,
        shown=lookup.shown,
        asker=asker,
        named=asker.user,
        form=Form.ANSWER,
    )

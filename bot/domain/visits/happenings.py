"""
What went wrong, each thing once: the errors that several sources tell of one happening are one.

They are one where two sources tell the same title or message in one visit within seconds. The same message
minutes later is another happening; a source that does not say when means the last one in that visit.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import ErrorEvent
from bot.domain.visits.model import Happening, Visit

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
# Tools write down one error some seconds apart.
_AT_ONCE = timedelta(seconds=10)
# An error may be delivered with a time shortly after its session's last event.
_AFTERWARDS = timedelta(seconds=60)
# "TypeError: x", "Uncaught TypeError: x", "com.shop.PaymentError: x".
_TYPED = re.compile(r"(?:uncaught\s+)?(?:\(in promise\)\s+)?([\w.$]*(?:error|exception))\s*:\s*(.+)")
_UNCAUGHT = re.compile(r"^uncaught\s+(?:\(in promise\)\s+)?")


def happenings_of(errors: Sequence[ErrorEvent], visits: Sequence[Visit]) -> tuple[Happening, ...]:
    """What went wrong, newest first, each with the visit that it was in; every error is in exactly one."""
    visit_of = {(s.source, s.id): visit for visit in visits for s in visit.sessions}
    by_visit: dict[int, list[Happening]] = {}
    every: list[Happening] = []
    # Those with a time first: one without joins the last that it may be.
    for error in sorted(errors, key=_rank, reverse=True):
        visit = visit_of.get((error.source, error.session_id or "")) or _visit_then(error, visits)
        if visit is None:
            every.append(Happening((error,)))
            continue
        own = by_visit.setdefault(id(visit), [])
        for number, happening in enumerate(own):
            if _is_one(happening, error):
                own[number] = replace(happening, errors=(*happening.errors, error))
                break
        else:
            own.append(Happening((error,), visit))
    every += [happening for own in by_visit.values() for happening in own]
    return tuple(sorted(every, key=_happening_rank, reverse=True))


def _rank(error: ErrorEvent) -> tuple[datetime, tuple[str, ...]]:
    names = (str(error.source), error.title, error.id or "", error.session_id or "", error.url or "")
    return error.occurred_at or _LONG_AGO, names


def _happening_rank(happening: Happening) -> tuple[datetime, bool, tuple[datetime, tuple[str, ...]]]:
    moment, first = happening.moment or _LONG_AGO, happening.errors[0]
    return moment, happening.occurred_at is not None, _rank(first)


def _visit_then(error: ErrorEvent, visits: Sequence[Visit]) -> Visit | None:
    """The last visit to begin that was going on when an error came; None where none was."""
    moment = error.occurred_at
    if moment is None or error.session_id is not None:
        return None
    found = [visit for visit in visits if _was_going_on(visit, moment)]
    return max(
        found, key=lambda visit: visit.started_at.value if visit.started_at else _LONG_AGO, default=None
    )


def _was_going_on(visit: Visit, moment: datetime) -> bool:
    if visit.started_at is None or moment < visit.started_at.value - _AT_ONCE:
        return False
    if visit.is_live:
        return True
    seconds = visit.duration_seconds.value if visit.duration_seconds else 0
    end = visit.started_at.value + timedelta(seconds=min(seconds, 86_400))
    return moment <= max(end, visit.ended_at.value if visit.ended_at else end) + _AFTERWARDS


def _is_one(happening: Happening, error: ErrorEvent) -> bool:
    if error.source in {known.source for known in happening.errors}:
        return False
    if not all(_is_same_title(known.title, error.title) for known in happening.errors):
        return False
    times = [known.occurred_at for known in (*happening.errors, error) if known.occurred_at]
    return not times or max(times) - min(times) <= _AT_ONCE


def _is_same_title(one: str, other: str) -> bool:
    """Whether two titles are of one error: the same, or one has only the other's message."""
    (type_one, message_one), (type_other, message_other) = _parts(one), _parts(other)
    return message_one == message_other and (type_one == type_other or not type_one or not type_other)


def _parts(title: str) -> tuple[str, str]:
    """A title's error type, empty where it has none, and its message, both folded."""
    words = " ".join(title.casefold().split()).removesuffix(".")
    if found := _TYPED.fullmatch(words):
        return found[1].rpartition(".")[2], found[2]
    return "", _UNCAUGHT.sub("", words)

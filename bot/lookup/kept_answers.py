"""
Which of the answers about one subject at one source are kept, and what they say together. Pure functions.

A newer answer takes the place of an older one only where it says all that the older one does: not where it
goes less far back, and not where a part of it failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.answer import Answer
from bot.domain.model import ErrorEvent, Session

# Answers about one subject that are kept beside each other.
_MOST_KEPT = 3


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """An answer as it is kept: `as_of` is when the vendor gave it, `days` how many days back it goes."""

    answer: Answer
    as_of: datetime
    days: int

    @property
    def since(self) -> datetime:
        """The beginning of the span that was asked for."""
        return self.as_of - timedelta(days=self.days)


KeptAnswers = tuple[KnownAnswer, ...]
"""The kept answers to one question, newest first."""


def with_newer(kept: KeptAnswers, newer: KnownAnswer) -> KeptAnswers:
    """The answers to keep when there is a newer one: it, and those that say what it does not."""
    return (newer, *(one for one in kept if not _says_all_of(newer, one)))[:_MOST_KEPT]


def _says_all_of(newer: KnownAnswer, older: KnownAnswer) -> bool:
    return newer.days >= older.days and (not newer.answer.partial or older.answer.partial)


def best_for(kept: KeptAnswers, days: int) -> KnownAnswer | None:
    """
    What is known that goes so many days back, or else as far as it goes; None where nothing is kept.

    Of several answers that is the newest one that goes far enough and is whole, with what newer ones add.
    """
    if not kept:
        return None
    whole = (number for number, one in enumerate(kept) if one.days >= days and not one.answer.partial)
    number = next(whole, None)
    if number is None:
        number = max(range(len(kept)), key=lambda n: (kept[n].days, -n))
    base = kept[number]
    for newer in reversed(kept[:number]):
        base = _joined(newer, base)
    return base


def _joined(newer: KnownAnswer, older: KnownAnswer) -> KnownAnswer:
    """One answer of two: as old as the older one where the newer one goes less far back."""
    goes_as_far = newer.days >= older.days
    new, old = newer.answer, older.answer
    answer = Answer(
        sessions=_sessions(newer, older),
        errors=_errors(newer, older),
        notes=(*new.notes, *(note for note in old.notes if note not in new.notes)),
        as_of=new.as_of if goes_as_far else old.as_of,
        covers=new.covers if goes_as_far else old.covers,
        people=tuple(dict.fromkeys((*new.people, *old.people))),
        complete_from=new.complete_from if goes_as_far else old.complete_from,
        partial=new.partial or old.partial,
        left_out=new.left_out or old.left_out,
        by_other_name=new.by_other_name and old.by_other_name,
    )
    if goes_as_far:
        return replace(newer, answer=answer)
    note = "its newest part was asked for later"
    return replace(older, answer=replace(answer, notes=(*answer.notes, note)))


def _sessions(newer: KnownAnswer, older: KnownAnswer) -> tuple[Session, ...]:
    listed = {session.id for session in newer.answer.sessions}
    more = (one for one in older.answer.sessions if one.id not in listed)
    return (*newer.answer.sessions, *(one for one in more if _adds(one.started_at, newer)))


def _errors(newer: KnownAnswer, older: KnownAnswer) -> tuple[ErrorEvent, ...]:
    listed = {_name(error) for error in newer.answer.errors}
    more = (one for one in older.answer.errors if _name(one) not in listed)
    return (*newer.answer.errors, *(one for one in more if _adds(one.occurred_at, newer)))


def _name(error: ErrorEvent) -> Sequence[object]:
    return error.id, error.title, error.session_id, error.occurred_at


def _adds(moment: datetime | None, newer: KnownAnswer) -> bool:
    """Whether what an older answer has of this time may be missing in a newer one, which does not list it."""
    begin = max(filter(None, (newer.since, newer.answer.complete_from)))
    return newer.answer.partial or moment is None or moment < begin

"""
What the next call to Raygun's legacy API is spent on: a pure function of what is known.

Lazy: there is a call only when somebody asks. First the index is caught up (whole pages, which serve
everybody), then one person is asked for by themselves where the index does not reach, then the errors of
their newest sessions; and what nobody would miss goes to the index's gaps, while a session key is alive.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.coverage import Coverage, Span
from bot.sources.protocol import Effort
from bot.sources.raygun.spending.forecast import DAY, Outlook, Purse, pace, spare
from bot.sources.raygun.spending.volume import Volume

# A page holds 500: what is expected to fill it this far still fits when more came than usual.
A_PAGE = 430
# Read again with every page that has room: sessions that were still running, and those that came in late.
_OVERLAP = timedelta(hours=2)
_LEAST_OVERLAP = timedelta(minutes=5)
# What somebody wants who asks for it anew.
_FRESH = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


# Calls that are made behind one answer.
MOST_BEHIND = 2


class Margin:
    """
    Calls that stay spare when others are spent: the more they are needed, the fewer stay.

    A session's errors are worth less than the next customers' sessions; on the first day, of which nothing is
    known, only a nearly full quota buys them.
    """

    gap, person, more, opening, past = 4, 6, 8, 12, 12
    opening_first_day = 21
    small_hour = 6


@dataclass(frozen=True, slots=True)
class SoughtPerson:
    """
    What is known of who is asked about.

    Args:
        found: whether the index has sessions of them.
        asked: the span for which they were last asked about by themselves.
        unopened: the newest sessions whose errors are not known, the newest first.

    """

    found: bool
    asked: Span | None = None
    unopened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """
    All that the next call depends on.

    Args:
        now: the moment.
        effort: how far the question goes.
        since: where the asked span of time begins.
        kept_since: where the index begins: what is older is not kept.
        coverage: what the index is complete for.
        purse: the calls.
        days: the lookups ahead, see `days_ahead`.
        volume: how many sessions begin when.
        person: who is asked about.

    """

    now: datetime
    effort: Effort
    since: datetime
    kept_since: datetime
    coverage: Coverage
    purse: Purse
    days: tuple[tuple[datetime, ...], ...]
    volume: Volume
    person: SoughtPerson

    @property
    def outlook(self) -> Outlook:
        """What the forecast goes by."""
        return Outlook(self.now, self.purse, self.coverage.end, self.days, self.volume.pages)

    @property
    def age(self) -> timedelta | None:
        """How old the index is; None where there is nothing in it."""
        return None if self.coverage.end is None else self.now - self.coverage.end


class Why(StrEnum):
    """Why nothing is asked."""

    ENOUGH = "what is known will do"
    PACED = "the calls left are kept for later"
    SPENT = "no call is left"


@dataclass(frozen=True, slots=True)
class NoCall:
    """No call."""

    why: Why


@dataclass(frozen=True, slots=True)
class ReadSpan:
    """Read everybody's sessions of a span."""

    span: Span


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Ask for one person's sessions."""

    span: Span


@dataclass(frozen=True, slots=True)
class OpenSessions:
    """Ask for sessions with their errors, beside each other; a call for each."""

    ids: tuple[str, ...]


Step = NoCall | ReadSpan | AskPerson | OpenSessions


def next_step(situation: Situation) -> Step:
    """The next call that an answer waits for."""
    if situation.effort is Effort.KNOWN:
        return NoCall(Why.ENOUGH)
    if _is_due(situation):
        if situation.purse.left < situation.purse.cost(situation.now):
            return NoCall(Why.SPENT)
        return ReadSpan(_newest(situation))
    return _about_person(situation)


def next_gap(situation: Situation) -> Step:
    """The next call that nobody waits for: into the newest gap, while the session key is valid."""
    end = situation.coverage.end
    purse, now = situation.purse, situation.now
    if end is None or purse.cost(now) > 1 or purse.left < 1 or end <= situation.kept_since:
        return NoCall(Why.ENOUGH)
    gaps = situation.coverage.gaps(Span(situation.kept_since, end))
    if not gaps:
        return NoCall(Why.ENOUGH)
    gap = gaps[-1]
    # Where everything can be read, a gap of today is as good as missing from the next answer.
    today = now - gap.end < DAY and bool(situation.days)
    margin = Margin.gap if today and pace(situation.outlook).whole else Margin.past
    if not situation.days and purse.spent_since(now - _HOUR) >= Margin.small_hour:
        # The first day's calls are spread over its hours.
        return NoCall(Why.PACED)
    if spare(situation.outlook) < 1 + margin:
        return NoCall(Why.PACED)
    start = max(gap.start, situation.volume.reach(gap.end, A_PAGE))
    return ReadSpan(Span(start, gap.end))


def next_gaps(situation: Situation) -> tuple[ReadSpan, ...]:
    """The calls behind an answer: one on the first day, of which nothing is known, and two later."""
    found: list[ReadSpan] = []
    while len(found) < (MOST_BEHIND if situation.days else 1):
        step = next_gap(situation)
        if not isinstance(step, ReadSpan):
            break
        found.append(step)
        coverage = Coverage.of((*situation.coverage.spans, step.span))
        purse = replace(situation.purse, left=situation.purse.left - 1)
        situation = replace(situation, coverage=coverage, purse=purse)
    return tuple(found)


def _is_due(situation: Situation) -> bool:
    age = situation.age
    if age is None:
        return True
    if situation.effort is Effort.FRESH:
        return age > _FRESH
    return age > _LEAST_OVERLAP and age > pace(situation.outlook).max_age


def _newest(situation: Situation) -> Span:
    """The span up to now that a page is expected to hold, reaching a little into what is known."""
    now, end = situation.now, situation.coverage.end
    start = situation.volume.reach(now, A_PAGE)
    if end is not None:
        start = max(start, end - _OVERLAP)
    return Span(max(start, situation.kept_since), now)


def _about_person(situation: Situation) -> Step:
    person, purse = situation.person, situation.purse
    cost = purse.cost(situation.now)
    asks = _may_find_more(situation)
    if purse.left < cost or not (asks or person.unopened):
        return NoCall(Why.ENOUGH)
    room = spare(situation.outlook) - cost
    wanted = situation.effort is Effort.FRESH
    if asks and room >= (0 if wanted else Margin.more if person.found else Margin.person):
        return AskPerson(Span(situation.since, situation.now))
    ids = _worth_opening(situation, room)
    return OpenSessions(ids) if ids else NoCall(Why.PACED)


def _worth_opening(situation: Situation, room: int) -> tuple[str, ...]:
    """The newest sessions whose errors may be asked for; `room` stays spare after the first of them."""
    opening = Margin.opening if situation.days else Margin.opening_first_day
    least = Margin.person if situation.effort is Effort.FRESH else opening
    purse, now, found = situation.purse, situation.now, list[str]()
    for session_id in situation.person.unopened:
        if room < least:
            break
        found.append(session_id)
        purse = purse.after(now)
        if purse.left < purse.cost(now):
            break
        room = spare(replace(situation, purse=purse).outlook) - purse.cost(now)
    return tuple(found)


def _may_find_more(situation: Situation) -> bool:
    """Whether asking for the person alone may find what is not known of them."""
    person, end = situation.person, situation.coverage.end or situation.now
    known = Coverage.of((*situation.coverage.spans, *((person.asked,) if person.asked else ())))
    since = situation.since
    if person.found:
        # What a grown index holds is enough; a young one is still missing most of it.
        since = max(since, situation.kept_since) + DAY
    return since < end and not known.covers(Span(since, end))

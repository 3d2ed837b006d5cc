"""How many sessions begin when: learnt from the index, by the hour of the day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.coverage import Coverage, Span
from bot.sources.raygun.spending.forecast import pages_of

_HOUR = timedelta(hours=1)
# With nothing known, a page is asked for a span that even a very busy site does not overfill.
_FIRST_REACH = timedelta(minutes=15)
_LONGEST_REACH = timedelta(days=2)
_STEP = timedelta(minutes=10)
# An hour of which less is known says little.
_LEAST_KNOWN = timedelta(minutes=7)


@dataclass(frozen=True, slots=True)
class Volume:
    """
    Sessions an hour, by the hour of the day in UTC.

    Args:
        by_hour: 24 rates, midnight's first; None where nothing at all is known.
        a_page: how many sessions are read with one page.

    """

    by_hour: tuple[float, ...] | None
    a_page: int
    _before: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Add up once what begins before each hour of a day: a forecast asks thousands of times."""
        rates = self.by_hour or ()
        object.__setattr__(self, "_before", tuple(sum(rates[:hour]) for hour in range(len(rates) + 1)))

    def between(self, begin: datetime, end: datetime) -> float:
        """How many sessions are expected to begin in a span."""
        return self._until(end) - self._until(begin) if self.by_hour else 0.0

    def _until(self, moment: datetime) -> float:
        """How many sessions begin from 1970 until a moment, if every day is like these hours."""
        rates, before = self.by_hour or (), self._before
        day, second = divmod(moment.timestamp(), 86_400)
        hour = int(second // 3_600)
        return day * before[-1] + before[hour] + rates[hour] * (second / 3_600 - hour)

    def pages(self, begin: datetime, end: datetime) -> int:
        """How many pages the sessions of a span fill, one at least."""
        return pages_of(self.between(begin, end), self.a_page)

    def reach(self, end: datetime, sessions: int) -> datetime:
        """The moment from which on so many sessions are expected to begin until `end`."""
        if not self.by_hour:
            return end - _FIRST_REACH
        begin, total = end, 0.0
        while end - begin < _LONGEST_REACH:
            earlier = begin - _STEP
            total += self.between(earlier, begin)
            if total > sessions:
                break
            begin = earlier
        return min(begin, end - _FIRST_REACH / 5)


def learn_volume(begun: Mapping[datetime, int], coverage: Coverage, a_page: int) -> Volume:
    """
    The volume that an index tells of: of the days that are known, each hour's busiest counts.

    Args:
        begun: how many of its sessions began in each hour, by the hour's start.
        coverage: what it is complete for; hours that it hardly covers are left out.
        a_page: how many sessions are read with one page.

    """
    busiest: dict[int, float] = {}
    for hour in sorted({hour for span in coverage.spans for hour in _hours_of(span)}):
        known = coverage.within(Span(hour, hour + _HOUR))
        length = sum((span.length for span in known.spans), timedelta())
        if length >= _LEAST_KNOWN:
            rate = begun.get(hour, 0) / (length / _HOUR)
            busiest[hour.hour] = max(rate, busiest.get(hour.hour, 0.0))
    if not busiest:
        return Volume(None, a_page)
    # An hour that is not known is taken to be as busy as the busiest that is.
    most = max(busiest.values())
    return Volume(tuple(busiest.get(hour, most) for hour in range(24)), a_page)


def _hours_of(span: Span) -> list[datetime]:
    first = span.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [first + number * _HOUR for number in range(int((span.end - first) / _HOUR) + 1)]

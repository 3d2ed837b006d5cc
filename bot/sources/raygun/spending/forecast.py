"""
How often Raygun's index can be caught up, so that the last lookup of the day is served like the first.

Pure functions. The days before are replayed from this moment on, against the calls that are left and those
that come back: that tells how old the index may grow before it is read again, and how many calls nobody
would miss.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

DAY = timedelta(days=1)
# What an answer should be no older than.
WANTED = timedelta(minutes=30)
# How long a login lasts.
_KEY_LASTS = timedelta(minutes=15)
_YOUNGER = tuple(timedelta(minutes=n) for n in (5, 7, 10, 12, 15, 18, 21, 24, 27))
_OLDER = tuple(timedelta(minutes=n) for n in (30, 35, 40, 50, 60, 80, 120))
# The age at which an answer helps nobody find out what just happened.
_WORTHLESS = timedelta(hours=2)
# Calls that are not planned with when the index is read more often than is wanted of it.
_MARGIN = 8
# What part of the lookups may go unserved in a replay before calls are spread thinner.
_TOLERATED = 0.1
_MOST_SPARE = 16
# The three days before, and the same day a week ago.
_DAYS_BACK = (1, 2, 3, 7)

Pages = Callable[[datetime, datetime], int]
"""How many pages the sessions that began in a span fill, from what is known of the volume."""


@dataclass(frozen=True, slots=True)
class Purse:
    """
    Calls to spend.

    Args:
        left: how many may be made now by whoever asks.
        limit: how many the vendor allows in 24 hours.
        returns: when those that are spent come back, the earliest first.
        login: what a login costs: 1, or 0 where it does not count.
        key_until: until when no login is needed.

    """

    left: int
    limit: int
    returns: tuple[datetime, ...] = ()
    login: int = 1
    key_until: datetime | None = None

    def spent_since(self, moment: datetime) -> int:
        """How many calls were made since a moment of the last day: they come back a day later."""
        return sum(back > moment + DAY for back in self.returns)

    def cost(self, now: datetime, calls: int = 1) -> int:
        """What some calls cost with the login that they need."""
        return calls if self._key_lives(now) else calls + self.login

    def after(self, now: datetime, calls: int = 1) -> "Purse":
        """What there is when some calls were made, and the login that they needed."""
        key_until = self.key_until if self._key_lives(now) else now + _KEY_LASTS
        return replace(self, left=self.left - self.cost(now, calls), key_until=key_until)

    def _key_lives(self, now: datetime) -> bool:
        return self.key_until is not None and now < self.key_until


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is ahead: `days` are the coming day's lookups as each of some earlier days had them."""

    now: datetime
    purse: Purse
    read_to: datetime | None
    days: tuple[tuple[datetime, ...], ...]
    pages: Pages


@dataclass(frozen=True, slots=True)
class Pace:
    """How old the index may be when somebody asks, and whether all that it missed can be read too."""

    max_age: timedelta
    whole: bool


@dataclass(frozen=True, slots=True)
class _Served:
    """What a replayed day came to: lookups in time, and what all of them were worth."""

    lookups: int = 0
    in_time: int = 0
    worth: float = 0.0

    def __add__(self, other: "_Served") -> "_Served":
        return _Served(self.lookups + other.lookups, self.in_time + other.in_time, self.worth + other.worth)

    @property
    def nearly_all(self) -> bool:
        return self.in_time >= (1 - _TOLERATED) * self.lookups


def days_ahead(lookups: Sequence[datetime], now: datetime) -> tuple[tuple[datetime, ...], ...]:
    """
    The coming day's lookups as the last days suggest them.

    Args:
        lookups: when somebody was looked up, the earliest first.
        now: the coming day begins here.

    """
    days = []
    for back in _DAYS_BACK:
        shift = back * DAY
        if not lookups or lookups[0] > now - shift + DAY / 4:
            continue
        begin, end = bisect_right(lookups, now - shift), bisect_right(lookups, now - shift + DAY)
        days.append(tuple(at + shift for at in lookups[begin:end]))
    return tuple(days)


def pace(outlook: Outlook) -> Pace:
    """
    How old the index may grow.

    As young as the replayed days allow while each lookup is still answered in time; where not even half an
    hour can be kept up, so old that the calls are worth the most over the whole day.
    """
    if not outlook.days:
        return _without_days(outlook.purse)
    purse = outlook.purse
    for whole in (True, False):
        if not _replay_all(outlook, WANTED, whole, purse.left).nearly_all:
            continue
        for age in _YOUNGER:
            if _serves_all(outlook, age, whole, max(0, purse.left - _MARGIN)):
                return Pace(age, whole)
        return Pace(WANTED, whole)
    worth = {age: _replay_all(outlook, age, False, purse.left).worth for age in _OLDER}
    return Pace(max(worth, key=lambda age: worth[age]), False)


def spare(outlook: Outlook) -> int:
    """How many calls the coming day would not miss, 16 at most; without days to go by, half are kept."""
    purse = outlook.purse
    if not outlook.days:
        return max(0, purse.left - purse.limit // 2)
    best = _replay_all(outlook, WANTED, False, purse.left).in_time
    kept = 0
    for taken in range(1, min(_MOST_SPARE, purse.left) + 1):
        if _replay_all(outlook, WANTED, False, purse.left - taken).in_time < best:
            break
        kept = taken
    return kept


def _without_days(purse: Purse) -> Pace:
    """Pace the first day, of which nothing is known: the fewer calls are left, the longer they must last."""
    if purse.left > purse.limit / 2:
        return Pace(WANTED / 2, True)
    return Pace(WANTED if purse.left > purse.limit / 4 else 2 * WANTED, False)


def _replay_all(outlook: Outlook, max_age: timedelta, whole: bool, left: int) -> _Served:
    total = _Served()
    for day in outlook.days:
        total += _replay(outlook, day, max_age, whole, left)
    return total


def _serves_all(outlook: Outlook, max_age: timedelta, whole: bool, left: int) -> bool:
    """Whether each lookup of each day is in time; the first day with one that is not will do."""
    replayed = (_replay(outlook, day, max_age, whole, left) for day in outlook.days)
    return all(served.in_time == served.lookups for served in replayed)


def _replay(outlook: Outlook, day: Sequence[datetime], max_age: timedelta, whole: bool, left: int) -> _Served:
    """Serve a day's lookups, the one that is asked about now first."""
    purse, returns = outlook.purse, outlook.purse.returns
    read_to, key_until = outlook.read_to, purse.key_until
    lookups = (outlook.now, *day)
    in_time, worth, returned, number = 0, 0.0, 0, 0
    while number < len(lookups):
        at = lookups[number]
        if read_to is None or at - read_to > max_age:
            while returned < len(returns) and returns[returned] <= at:
                left, returned = left + 1, returned + 1
            login = 0 if key_until is not None and at < key_until else purse.login
            pages = outlook.pages(read_to or at, at) if whole and left > login else 1
            if left >= login + pages:
                left -= login + pages
                if login or not purse.login:
                    key_until = at + _KEY_LASTS
                read_to = at
        if read_to is not None and max_age <= WANTED and at - read_to <= max_age:
            # All until it is too old are in time.
            following = bisect_right(lookups, read_to + max_age, number)
            in_time, worth, number = in_time + following - number, worth + following - number, following
            continue
        age = at - read_to if read_to else _WORTHLESS
        in_time += age <= WANTED
        worth += _worth(age)
        number += 1
    return _Served(len(lookups), in_time, worth)


def _worth(age: timedelta) -> float:
    return max(0.0, min(1.0, (_WORTHLESS - age) / (_WORTHLESS - WANTED)))


def pages_of(sessions: float, a_page: int) -> int:
    """How many pages some sessions fill, one at least."""
    return max(1, math.ceil(sessions / a_page))

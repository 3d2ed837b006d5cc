"""The time, handed in: code that needs it takes a `Clock`. And caches whose entries grow old by it."""

import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cachetools import TTLCache

Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def milliseconds(span: timedelta) -> int:
    """Count the whole milliseconds of a span."""
    return span // _MILLISECOND


def from_ms(since_1970_ms: int) -> datetime:
    """The time in UTC of milliseconds since 1970, as tables have it."""
    return _EPOCH + since_1970_ms * _MILLISECOND


def to_ms(moment: datetime) -> int:
    """A time in whole milliseconds since 1970, as tables have it; rounded down."""
    return milliseconds(moment - _EPOCH)


def expiring_cache(most: int, lasting: timedelta, clock: Clock) -> MutableMapping[Any, Any]:
    """A cache of at most so many entries, each dropped when it is so old by the clock."""
    return TTLCache(most, lasting, timer=clock)


def anchored_clock(now_ms: int, elapsed: Callable[[], float] | None = None) -> Clock:
    """
    A clock that starts at a given time and then advances by the seconds that have really passed.

    So all processes on one database agree on the time, and it does not jump when a machine's clock is set.

    Args:
        now_ms: the time now, in milliseconds since 1970.
        elapsed: returns seconds from any fixed point; never goes backwards.

    """
    passed = elapsed or _seconds_since_boot
    anchor, begun = from_ms(now_ms), passed()
    return lambda: anchor + timedelta(seconds=passed() - begun)


def _seconds_since_boot() -> float:
    """Seconds since the machine started, its sleep included where the system counts that (Linux)."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)

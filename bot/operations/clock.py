"""The time, handed in: code that needs it takes a `Clock`."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


def system_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def milliseconds(span: timedelta) -> int:
    """Count the whole milliseconds of a span."""
    return span // timedelta(milliseconds=1)


def anchored_clock(now_ms: int, elapsed: Callable[[], float] | None = None) -> Clock:
    """
    A clock that starts at a given time and then advances by the seconds that have really passed.

    So all processes on one database agree on the time, and it does not jump when a machine's clock is set.

    Args:
        now_ms: the time now, in milliseconds since 1970.
        elapsed: returns seconds from any fixed point; never goes backwards.

    """
    passed = elapsed or _seconds_since_boot
    anchor, begun = datetime.fromtimestamp(now_ms / 1000, UTC), passed()
    return lambda: anchor + timedelta(seconds=passed() - begun)


def _seconds_since_boot() -> float:
    """Seconds since the machine started, its sleep included where the system counts that (Linux)."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)

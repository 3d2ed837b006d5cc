"""Time, handed in: whoever needs to know what time it is is given a clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the current time, aware, in UTC."""


def system_clock() -> datetime:
    """Give the machine's time in UTC."""
    return datetime.now(UTC)


def anchored_clock(now_ms: int, elapsed: Callable[[], float] | None = None) -> Clock:
    """
    Give a clock that goes on from a moment by what has really passed since.

    So the processes of one database agree on the time, and a step of one machine's clock changes nothing.

    Args:
        now_ms: the time now, in milliseconds since 1970.
        elapsed: gives seconds that only ever grow.

    """
    passed = elapsed or _seconds_since_boot
    anchor, begun = datetime.fromtimestamp(now_ms / 1000, UTC), passed()
    return lambda: anchor + timedelta(seconds=passed() - begun)


def _seconds_since_boot() -> float:
    """Give seconds that count a machine's sleep too, where it tells them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)

"""Time, handed in: whoever needs to know what time it is is given a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the current time, aware, in UTC."""


def system_clock() -> datetime:
    """Give the machine's time in UTC."""
    return datetime.now(UTC)

"""The sandbox's time: it starts with the machine's and can be moved forward."""

import time
from datetime import datetime, timedelta

from bot.operations.clock import anchored_clock


class SandboxClock:
    """
    Returns the current time in UTC; `advance` moves it forward, by hours if need be.

    A step of this machine's clock does not move it, as it would not move Slack's or the vendors'.

    Args:
        stands_at: a moment at which it stands still until it is moved; without one it goes on from now.

    """

    def __init__(self, stands_at: datetime | None = None) -> None:
        self._ahead = timedelta()
        self._clock = anchored_clock(time.time_ns() // 1_000_000)
        if stands_at is not None:
            self._clock = lambda: stands_at

    def __call__(self) -> datetime:
        """The time, in UTC."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the time forward."""
        self._ahead += timedelta(seconds=seconds)

"""The sandbox's time: it starts with the machine's and can be moved forward."""

import time
from datetime import datetime, timedelta

from bot.operations.clock import anchored_clock


class SandboxClock:
    """
    Returns the current time in UTC; `advance` moves it forward, by hours if need be.

    A step of this machine's clock does not move it, as it would not move Slack's or the vendors'.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._clock = anchored_clock(time.time_ns() // 1_000_000)

    def __call__(self) -> datetime:
        """The time, in UTC."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the time forward."""
        self._ahead += timedelta(seconds=seconds)

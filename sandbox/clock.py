"""The sandbox's time: the machine's at its start, moved forward at will."""

import time
from datetime import datetime, timedelta

from bot.operations.clock import anchored_clock


class SandboxClock:
    """
    Gives the current time in UTC; `advance` lets hours pass at once.

    Slack and the vendors run elsewhere: a step of this machine's clock moves nothing there.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._clock = anchored_clock(time.time_ns() // 1_000_000)

    def __call__(self) -> datetime:
        """Give the time."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(seconds=seconds)

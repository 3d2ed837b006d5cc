"""The sandbox's time: the machine's, moved forward at will."""

from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Gives the current time in UTC; `advance` lets hours pass at once."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Give the time."""
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(seconds=seconds)

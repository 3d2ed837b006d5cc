"""The bound on large answers in memory."""

import asyncio

_NO_LARGE_SECONDS = 30.0


class LargeAnswers:
    """The room for an account's one large answer at a time; after one too long none for a while."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(1)
        self._none_until = 0.0

    @property
    def are_refused(self) -> bool:
        """Whether the account has just sent more than is ever read."""
        return asyncio.get_running_loop().time() < self._none_until

    def refuse(self) -> None:
        """Read none for a while: each costs the time of a processor that others need."""
        self._none_until = asyncio.get_running_loop().time() + _NO_LARGE_SECONDS

"""A lock whose waiters get it by priority, and within a priority in the order in which they came."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum


class Rank(IntEnum):
    """How soon something is posted: what completes an answer, what a person waits for, the rest."""

    BEGUN = 0
    PERSON = 1
    UNASKED = 2


class PriorityLock:
    """A lock for the tasks of one process."""

    def __init__(self) -> None:
        self._is_taken = False
        self._arrived = 0
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def first(self, rank: Rank) -> AsyncIterator[None]:
        """Hold the lock for the block, after everybody of a higher rank, or of this rank and here before."""
        if self._is_taken:
            await self._wait(rank)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, rank: Rank) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrived += 1
        heapq.heappush(self._waiting, (rank, self._arrived, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The turn came just when the waiter was cancelled: it goes to the next.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False

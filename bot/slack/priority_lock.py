"""Standing in line: one at a time, the more important first, then whoever came first."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum


class Rank(IntEnum):
    """How soon something is to be posted: what completes an answer, what a person waits for, the rest."""

    BEGUN = 0
    PERSON = 1
    UNASKED = 2


class Line:
    """A line in front of one thing, in one process."""

    def __init__(self) -> None:
        self._is_taken = False
        self._arrived = 0
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def first(self, rank: Rank) -> AsyncIterator[None]:
        """Wait until nobody is before us; the next one's turn comes at the block's end."""
        if self._is_taken:
            await self._stand(rank)
        self._is_taken = True
        try:
            yield
        finally:
            self._let_next()

    async def _stand(self, rank: Rank) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrived += 1
        heapq.heappush(self._waiting, (rank, self._arrived, called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                # Our turn came just when we left.
                self._let_next()
            raise

    def _let_next(self) -> None:
        while self._waiting:
            _, _, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._is_taken = False

"""
That somebody was forgotten, or is not who they were, told to every process: it drops what it holds in memory.

A process that went on with an old copy would write it down again, or let in who may not ask any more.
"""

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy import func, insert, select

from bot.storage.store import Store
from bot.storage.tables import erasures, now_ms

_LOOKED_EVERY_SECONDS = 2.0
HEARD_WITHIN_SECONDS = 3.0
"""After so long every process has dropped what it held."""


async def announce(store: Store) -> None:
    """Tell every process to drop what it holds in memory."""
    async with store.write() as connection:
        connection.send(insert(erasures).values(at_ms=now_ms()))


class Erasures:
    """
    Hears when somebody was forgotten.

    Args:
        store: where that is told.
        drops: each of them drops some of what this process holds in memory.

    """

    def __init__(self, store: Store, drops: Sequence[Callable[[], None]]) -> None:
        self._store = store
        self._drops = drops
        self._known: int | None = None

    async def listen_for_ever(self) -> None:
        """Look every two seconds."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOKED_EVERY_SECONDS)

    async def look(self) -> None:
        """Drop what is held in memory if somebody was forgotten since the last look."""
        async with self._store.read() as connection:
            last = (await connection.execute(select(func.max(erasures.c.id)))).scalar_one() or 0
        if self._known is not None and last > self._known:
            for drop in self._drops:
                drop()
        self._known = last

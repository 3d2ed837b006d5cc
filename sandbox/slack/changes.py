"""Waiting for something to change, without polling."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator


T = TypeVar("T")


class Changes:
    """Changes of the workspace are announced, and those who wait look again after each announcement."""

    def __init__(self) -> None:
        self.count = 0
        self._listeners: set[asyncio.Event] = set()

    def announce(self) -> None:
        """Announce that something has changed."""
        self.count += 1
        for listener in self._listeners:
            listener.set()

    @contextmanager
    def _listening(self) -> "Iterator[asyncio.Event]":
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def wait_for(self, predicate: Callable[[], T | None]) -> T:
        """Wait until the predicate returns something true, and return that."""
        with self._listening() as listener:
            while not (found := predicate()):
                await listener.wait()
                listener.clear()
            return found

    async def follow(self) -> AsyncIterator[int]:
        """The number of changes so far, now and after each change; several at once count as one."""
        with self._listening() as listener:
            while True:
                yield self.count
                await listener.wait()
                listener.clear()

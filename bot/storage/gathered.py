"""What several coroutines ask for in one turn of the event loop, asked for once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """
    Questions to the database that are put together.

    Args:
        ask_all: the answers to several questions, by question; what has no answer is left out.

    """

    def __init__(self, ask_all: Callable[[tuple[K, ...]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask_all = ask_all
        self._asked: dict[K, None] | None = None
        self._answers: asyncio.Task[Mapping[K, V]] | None = None

    async def ask(self, question: K) -> V | None:
        """The answer to a question, asked with those that others have now; raises what the asking raises."""
        if self._asked is None or self._answers is None or self._answers.done():
            self._asked = {}
            self._answers = asyncio.create_task(self._answered(self._asked))
        self._asked[question] = None
        # Others wait for it too.
        return (await asyncio.shield(self._answers)).get(question)

    async def _answered(self, asked: dict[K, None]) -> Mapping[K, V]:
        # Those who were ready to run have asked by now.
        self._asked = None
        return await self._ask_all(tuple(asked))

"""Single flight: a question that is being asked is not asked again; its answer is shared."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bot.operations.tasks import Tasks

T = TypeVar("T")


class Flights:
    """
    One running task for each question: whoever asks the same meanwhile waits for the same task.

    A waiter that gives up cancels nothing: the task goes on.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    def join(self, key: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> tuple[asyncio.Task[T], bool]:
        """The task that answers a question, and whether this call has started it."""
        under_way = self._under_way.get(key)
        if under_way is not None:
            return under_way, False
        task: asyncio.Task[T] = self._tasks.spawn(ask(), f"ask {key}")
        self._under_way[key] = task
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return task, True

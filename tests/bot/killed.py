"""Processes that are killed at the awaits of their own code: the same instants on every machine."""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bot

BOT = Path(bot.__file__).parent


@dataclass(eq=False)
class Killed:
    """The tasks of one process, which are all stopped when they have waited so often."""

    after: int
    waits: int = 0
    tasks: list["asyncio.Task[Any]"] = field(default_factory=list)

    @property
    def is_dead(self) -> bool:
        return self.waits >= self.after

    def wait(self) -> None:
        self.waits += 1
        if self.waits == self.after:
            for task in self.tasks:
                task.cancel()


PROCESS: ContextVar[Killed | None] = ContextVar("PROCESS", default=None)


class Stepped(Coroutine[Any, Any, Any]):
    """A coroutine that tells its process each time it waits."""

    def __init__(self, inner: Coroutine[Any, Any, Any], process: Killed) -> None:
        self._inner = inner
        self._process = process
        self.__name__ = getattr(inner, "__name__", "")
        self.__qualname__ = getattr(inner, "__qualname__", "")

    def send(self, value: Any) -> Any:
        waits_for = self._inner.send(value)
        self._process.wait()
        return waits_for

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()


def make_task(
    loop: asyncio.AbstractEventLoop, work: Any, context: Any = None, **more: Any
) -> "asyncio.Task[Any]":
    """A task as asyncio makes it; one that a process makes is counted among the process's."""
    process = PROCESS.get() if context is None else context.get(PROCESS)
    of_the_bot = Path(getattr(work, "cr_code", make_task.__code__).co_filename).is_relative_to(BOT)
    if process is None or not of_the_bot:
        # What the database's driver has begun, it ends: a statement is done or not done.
        return asyncio.Task(work, loop=loop, context=context, **more)
    task: asyncio.Task[Any] = asyncio.Task(Stepped(work, process), loop=loop, context=context, **more)
    process.tasks.append(task)
    if process.is_dead:
        task.cancel()
    return task


async def run_until_killed(work: Coroutine[Any, Any, Any], after: int) -> Killed:
    """
    Run some work as a process that is killed when it has waited so often, or to its end.

    Raises:
        Exception: what the work raises, where it comes to its end.

    """
    killed, loop = Killed(after), asyncio.get_running_loop()
    before = loop.get_task_factory()
    loop.set_task_factory(make_task)
    token = PROCESS.set(killed)
    task = asyncio.Task(Stepped(work, killed), loop=loop)
    PROCESS.reset(token)
    killed.tasks.append(task)
    try:
        while under_way := [one for one in killed.tasks if not one.done()]:
            await asyncio.wait(under_way)
    finally:
        loop.set_task_factory(before)
    if not killed.is_dead:
        await task
    return killed

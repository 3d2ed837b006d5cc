"""Background tasks, kept until they end: asyncio alone may lose a running task, or its exception."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
OnCrash = Callable[[BaseException, str], None]
"""Called with an exception that nobody handled, and the name of the task that raised it."""

_AFTER_CRASH_SECONDS = 1.0


def logging_crashes(database_away: type[Exception]) -> OnCrash:
    """
    What logs crashes, and with them reports them where that is configured.

    Args:
        database_away: many meet it at once, and none of them is at fault: a warning without a traceback.

    """
    log = structlog.get_logger("tasks")

    def log_crash(crash: BaseException, task: str) -> None:
        if isinstance(crash, database_away):
            log.warning("task.database_away", task=task, why=str(crash))
        else:
            log.error("task.crashed", task=task, exc_info=crash)

    return log_crash


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """As `asyncio.TaskGroup`, but what fails first is raised itself, rather than in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failed:
        raise _first_of(failed) from None


async def together(*work: Coroutine[Any, Any, T]) -> tuple[T, ...]:
    """The results of work that is done at the same time; where one part fails, the others are cancelled."""
    async with task_group() as group:
        tasks = [group.create_task(one) for one in work]
    return tuple(task.result() for task in tasks)


def _first_of(group: BaseExceptionGroup[Any]) -> BaseException:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


class Tasks:
    """
    The tasks that outlive the request that started them.

    Args:
        on_crash: called with every exception that a task did not handle itself, and the task's name.

    """

    def __init__(self, on_crash: OnCrash) -> None:
        self._on_crash = on_crash
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start work in the background; an exception in it goes to `on_crash`."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (crash := task.exception()):
            self._on_crash(crash, task.get_name())

    async def settle(self) -> None:
        """Wait until no task is running, however long that takes."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def drain(self, seconds: float) -> int:
        """Wait for running tasks up to `seconds`, then cancel the rest; returns how many were cancelled."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self._running and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._running), timeout=left)
        leftover = set(self._running)
        for task in leftover:
            task.cancel()
        await asyncio.gather(*leftover, return_exceptions=True)
        return len(leftover)


@asynccontextmanager
async def kept_going(loop: Callable[[], Awaitable[None]], on_crash: OnCrash) -> AsyncIterator[None]:
    """Run a loop while the block runs: an error in it (the database away, say) is reported, it goes on."""
    task = asyncio.create_task(_keep_going(loop, on_crash))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_going(loop: Callable[[], Awaitable[None]], on_crash: OnCrash) -> None:
    while True:
        try:
            await loop()
        except Exception as error:  # noqa: BLE001 - whatever happened, the loop must not end
            on_crash(error, getattr(loop, "__name__", "loop"))
            await asyncio.sleep(_AFTER_CRASH_SECONDS)

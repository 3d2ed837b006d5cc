"""A test that starts a process is marked so: `make quick` leaves those out."""

import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest

# What starts a process, whoever asks for it. A hook for audits would hear of each file that is opened, too.
_STARTS = (
    (subprocess, "_fork_exec"),
    (os, "fork"),
    (os, "forkpty"),
    (os, "posix_spawn"),
    (os, "execve"),
    (os, "system"),
)


class NoProcess:
    """Lets no test start a process that is not marked `process`: `make quick` leaves those out."""

    def __init__(self) -> None:
        self._may_start = True
        for module, name in _STARTS:
            setattr(module, name, self._watching(name, getattr(module, name)))

    def _watching(self, name: str, start: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(start)
        def started(*arguments: Any, **named: Any) -> Any:
            if not self._may_start:
                raise RuntimeError(f"{name}: a test that starts a process is marked pytest.mark.process")
            return start(*arguments, **named)

        return started

    @contextmanager
    def _watched(self, item: pytest.Item) -> Iterator[None]:
        self._may_start = item.get_closest_marker("process") is not None
        try:
            yield
        finally:
            self._may_start = True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        with self._watched(item):
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        with self._watched(item):
            yield

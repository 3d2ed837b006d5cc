"""The walk in `docs/architecture.md` is the way that a slash command really takes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tests.end_to_end.conftest import Desk
from tests.test_architecture import ROOT, walk


class Entered:
    """
    The files of a list in which functions are called.

    Args:
        files: relative to the project's root.

    """

    def __init__(self, files: set[str]) -> None:
        self._by_path = {str(ROOT / file): file for file in files}
        self._before: set[FrameType] = set()
        self._calls: set[FrameType] = set()

    def note(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Keep a call; a coroutine is called once, and then resumed, as the same frame."""
        if event == "call" and frame.f_code.co_filename in self._by_path:
            self._calls.add(frame)

    def files(self) -> set[str]:
        """Where something has been called since this was asked last."""
        new = self._calls - self._before
        self._before |= new
        return {
            self._by_path[frame.f_code.co_filename] for frame in new if frame.f_code.co_name != "<module>"
        }


@contextmanager
def entered(files: set[str]) -> Iterator[Entered]:
    """Watch for calls while the block runs."""
    calls = Entered(files)
    sys.setprofile(calls.note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("transport", ["http"])
async def test_a_command_passes_every_file_of_the_walk(desk: Desk) -> None:
    stops = walk()
    with entered({stop.file for stop in stops}) as calls:
        async with desk.casefile() as bot:
            at_the_start = calls.files()
            await desk.ask("jane@contoso.example")
            await desk.thread()
            await desk.idle(bot)
            by_the_request = calls.files()
    for stop in stops:
        assert stop.file in (at_the_start if stop.at_the_start else by_the_request)

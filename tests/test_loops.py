"""The whole bot runs on the program's event loop, and the browser stays open when another test follows."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.loops import EventLoops


def opened_for(loops: EventLoops, folder: str) -> tuple[type[asyncio.AbstractEventLoop], Any]:
    """The kind of loop that a test of this folder runs on, and the factory that pytest-asyncio has for it."""
    item: Any = SimpleNamespace(path=Path("tests", folder, "test_it.py"))
    running = loops.pytest_runtest_protocol(item)
    next(running)
    factory = loops.pytest_asyncio_loop_factories()["loop"]
    loop = factory()
    loop.close()
    return type(loop), factory


def test_the_whole_bot_runs_on_the_programs_event_loop_and_all_else_on_asyncios() -> None:
    uvloop = pytest.importorskip("uvloop")
    loops = EventLoops()
    kinds = [opened_for(loops, folder)[0] for folder in ("end_to_end", "browser", "bot", "end_to_end")]
    assert kinds == [uvloop.Loop, asyncio.SelectorEventLoop, asyncio.SelectorEventLoop, uvloop.Loop]


def test_all_tests_have_one_factory_as_another_would_close_the_browsers_loop() -> None:
    loops = EventLoops()
    factories = [opened_for(loops, folder)[1] for folder in ("browser", "end_to_end", "bot")]
    assert all(factory is factories[0] for factory in factories)

"""On which event loop a test runs."""

import asyncio
from collections.abc import Callable, Generator, Mapping

import pytest

from bot.cli.running import loop_factory

Opening = Callable[[], asyncio.AbstractEventLoop]


class EventLoops:
    """
    Runs the whole bot on what the program runs on, all else on asyncio's own loop, which is sooner opened.

    Every test has the same factory: with another one than the test before, pytest-asyncio would close the
    session's loop, and with it Chromium, which would be started again for the next test of the page.
    """

    def __init__(self) -> None:
        self._programs: Opening = loop_factory() or asyncio.new_event_loop
        self._factories: Mapping[str, Opening] = {"loop": self._open}
        self._for_this_test = asyncio.new_event_loop

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._for_this_test = self._programs if "end_to_end" in item.path.parts else asyncio.new_event_loop
        return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_asyncio_loop_factories(self) -> Mapping[str, Opening]:
        """What pytest-asyncio makes each test's event loop with."""
        return self._factories

    def _open(self) -> asyncio.AbstractEventLoop:
        return self._for_this_test()

"""In which order the tests of a run come, and which of its processes runs which of them."""

from itertools import islice
from operator import itemgetter
from typing import Any
from zlib import crc32

import pytest
from xdist.scheduler import LoadScheduling  # type: ignore[import-untyped] # it ships no typings

# Folders whose tests mostly wait for programs that they start.
_WAITING = {"end_to_end", "browser", "deploy"}
_BROWSERS = 2


def mixed(items: list[pytest.Function]) -> list[pytest.Function]:
    """
    What mostly waits stands between what computes, so that the cores have work all the time.

    The end of the run computes alone: no process waits for another one's long test then. Until then there is
    some of each kind: five processes that all compute take a quarter longer for it. The order of each
    kind is drawn by lot, the same in every process and every run: long waits of one file stand apart, and a
    test that leans on the one before it is found.
    """
    # By which share of the run each kind is used up.
    kinds: dict[float, list[pytest.Function]] = {0.9: [], 0.95: [], 1.0: []}
    for item in sorted(items, key=_lot):
        waits = not _WAITING.isdisjoint(item.path.parts)
        kinds[0.9 if waits else 0.95 if item.get_closest_marker("process") else 1.0].append(item)
    placed = [
        (part * number / len(kind), item) for part, kind in kinds.items() for number, item in enumerate(kind)
    ]
    return [item for _, item in sorted(placed, key=itemgetter(0))]


def _lot(item: pytest.Function) -> int:
    return crc32(item.nodeid.encode())


class FewBrowsers(LoadScheduling):  # type: ignore[misc] # Any, as xdist ships no typings
    """
    Hands out tests as xdist does, but those that drive Chromium to two processes alone.

    Where there are so few tests that all are handed out at once, everybody takes all of them.
    """

    def _send_tests(self, node: Any, num: int) -> None:
        # Every process would start a Chromium of its own, which takes as long as some of the tests in it.
        first = [other for other in self.nodes if not other.shutting_down][:_BROWSERS]
        takes_all = node in first or self._are_few()
        tests = list(islice((n for n in self.pending if takes_all or not self._drives_chromium(n)), num))
        for test in tests:
            self.pending.remove(test)
        self.node2pending[node] += tests
        if tests:
            node.send_runtest_some(tests)
        if len(tests) < num:
            # No more will come: it would wait for the next test before it begins its last one.
            node.shutdown()

    def _are_few(self) -> bool:
        # What is left then is handed out to nobody any more.
        return len(self.collection) < 2 * len(self.nodes)

    def _drives_chromium(self, number: int) -> bool:
        return bool(self.collection[number].startswith("tests/browser/"))

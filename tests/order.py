"""In which order the tests of a run come, and which of its processes runs which of them."""

from operator import itemgetter
from zlib import crc32

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # it ships no typings

# Folders whose tests mostly wait for programs that they start.
_WAITING = {"end_to_end", "browser", "deploy"}
_BROWSERS = 2


def mixed(items: list[pytest.Function]) -> list[pytest.Function]:
    """
    What mostly waits stands between what computes, so that the cores have work all the time.

    The end of the run computes alone: no process waits for another one's long test then. The order of each
    kind is drawn by lot, the same in every process and every run: long waits of one file stand apart, and a
    test that leans on the one before it is found.
    """
    kinds: dict[float, list[pytest.Function]] = {0.8: [], 0.9: [], 1.0: []}
    for item in sorted(items, key=_lot):
        waits = not _WAITING.isdisjoint(item.path.parts)
        kinds[0.8 if waits else 0.9 if item.get_closest_marker("process") else 1.0].append(item)
    placed = [
        (part * number / len(kind), item) for part, kind in kinds.items() for number, item in enumerate(kind)
    ]
    return [item for _, item in sorted(placed, key=itemgetter(0))]


def _lot(item: pytest.Function) -> int:
    return crc32(item.nodeid.encode())


class FewBrowsers(LoadScopeScheduling):  # type: ignore[misc] # as above
    """Hands each process a test at a time, but all that drives Chromium to two, from the beginning."""

    def _split_scope(self, nodeid: str) -> str:
        # Every process would start a Chromium of its own, which takes as long as some of the tests in it.
        file = nodeid.partition("::")[0]
        return f"browser {crc32(file.encode()) % _BROWSERS}" if file.startswith("tests/browser/") else nodeid

"""Each test of a run is handed out once, and what drives Chromium to two processes alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from tests.order import FewBrowsers

PROCESSES = 5


@dataclass(eq=False)
class Process:
    """A process of a run: it begins a test when it knows of the next one, or that there is none."""

    waiting: list[int] = field(default_factory=list)
    ran: list[int] = field(default_factory=list)
    shutting_down: bool = False
    gateway: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(id="of a test"))

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        assert not self.shutting_down
        self.waiting += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    def next(self) -> int | None:
        """The test that it has now run; None where it has none, or waits to be told what comes after it."""
        if len(self.waiting) < 2 - self.shutting_down:
            return None
        self.ran.append(self.waiting.pop(0))
        return self.ran[-1]


def run(tests: Sequence[str], whose_turn: Sequence[int], dies_after: int | None = None) -> list[Process]:
    """The processes that have run these tests, by turns; one may be lost meanwhile."""
    options = {"tx": ["popen"] * PROCESSES, "maxschedchunk": 4}
    config = SimpleNamespace(getoption=options.get, getvalue=options.get)
    scheduler, processes = FewBrowsers(config), [Process() for _ in range(PROCESSES)]
    for process in processes:
        scheduler.add_node(process)
        scheduler.add_node_collection(process, tests)
    scheduler.schedule()
    turns = [*whose_turn, *range(PROCESSES + 1), *range(PROCESSES + 1)] * (len(tests) + 1)
    for number, turn in enumerate(turns):
        if number == dies_after:
            scheduler.remove_node(processes[0])
            processes.append(Process())
            scheduler.add_node(processes[-1])
            scheduler.add_node_collection(processes[-1], tests)
            scheduler.schedule()
        process = processes[turn % len(processes)]
        if process in scheduler.nodes and (ran := process.next()) is not None:
            scheduler.mark_test_complete(process, ran)
        if scheduler.tests_finished:
            for one in scheduler.nodes:
                one.shutdown()
    return processes


NAME = st.sampled_from(["tests/browser/a", "tests/bot/b"])
# Below two tests a process they are handed out in another way: as many runs are of few tests as of many.
NAMES = st.one_of(st.lists(NAME, max_size=2 * PROCESSES), st.lists(NAME, min_size=2 * PROCESSES, max_size=60))
TURNS = st.lists(st.integers(0, PROCESSES), max_size=60)


@given(NAMES, TURNS)
def test_each_test_is_run_once(names: list[str], whose_turn: list[int]) -> None:
    tests = [f"{name}.py::test_{number}" for number, name in enumerate(names)]
    ran = [test for process in run(tests, whose_turn) for test in process.ran]
    assert sorted(ran) == [*range(len(tests))]


@given(st.lists(NAME, min_size=2 * PROCESSES, max_size=60), TURNS)
def test_no_more_than_two_processes_drive_chromium(names: list[str], whose_turn: list[int]) -> None:
    tests = [f"{name}.py::test_{number}" for number, name in enumerate(names)]
    processes = run(tests, whose_turn)
    assert len([one for one in processes if any("browser" in tests[ran] for ran in one.ran)]) <= 2


@given(NAMES.filter(bool), st.lists(st.integers(1, PROCESSES - 1), max_size=60), st.integers(0, 60))
def test_where_a_process_is_lost_only_the_test_that_it_ran_is_lost(
    names: list[str], whose_turn: list[int], dies_after: int
) -> None:
    tests = [f"{name}.py::test_{number}" for number, name in enumerate(names)]
    ran = [test for process in run(tests, whose_turn, dies_after) for test in process.ran]
    assert len(ran) == len({*ran}) >= len(tests) - 1

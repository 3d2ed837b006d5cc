"""What `make bench` runs and makes of it."""

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks._all import PROGRAMS
from benchmarks._goals import LINES
from benchmarks._rows import Line, table

ROOT = Path(__file__).parents[1]


def test_each_benchmark_of_make_bench_is_a_program_whose_rows_come_to_lines() -> None:
    assert PROGRAMS.keys() == LINES.keys()
    assert [name for name in PROGRAMS if not (ROOT / "benchmarks" / f"{name}.py").is_file()] == []


@pytest.mark.parametrize(("ours", "reached"), [(4.9, True), (5, True), (5.1, False)])
def test_a_goal_is_reached_by_what_is_as_good_or_better(ours: float, reached: bool) -> None:
    line = Line("ack", "median ms", ours, "an app that does nothing", 0.7)
    assert line.at_most(5).reached is reached
    assert line.at_least(5).reached is (ours >= 5)


def test_acknowledging_is_held_against_an_app_that_does_nothing_in_the_same_run() -> None:
    def row(app: str, a_second: float) -> dict[str, object]:
        return {"transport": "http", "app": app, "at_once": 64, "median_ms": 1.0, "p99_ms": 2.0} | {
            "a_second": a_second
        }

    rows = [row("casefile", 500.0), row("nothing", 1_700.0), row("nothing, Bolt's default mode", 800.0)]
    against_nothing, against_default = LINES["ack"](rows)
    assert (against_nothing.ours, against_nothing.theirs, against_nothing.reached) == (500.0, 1_700.0, False)
    assert (against_default.theirs, against_default.reached) == (800.0, None)


def test_the_last_table_has_a_line_for_each_number_and_says_yes_and_no() -> None:
    line = Line("footprint", "resident, MiB", 108.0, "loading what is not ours", 86.6)
    told = table([asdict(line.at_most(110)), asdict(line.at_most(100)), asdict(line)])
    assert [text.rpartition("  ")[2] for text in told] == ["reached", "yes", "no", "86.6"]

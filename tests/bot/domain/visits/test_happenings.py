"""One row for what went wrong once, also where two tools tell of it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.model import ErrorEvent, Session
from bot.domain.visits.history import history
from tests.bot.domain.visits.sessions import NOON, SOURCES, error

FULLSTORY, RAYGUN, RYBBIT = SOURCES[:3]
TYPE_ERROR = "TypeError: Cannot read properties of undefined (reading 'total')"
VISIT = [
    Session(RYBBIT, "r", started_at=NOON, ended_at=NOON + timedelta(minutes=10)),
    Session(RAYGUN, "g", started_at=NOON, ended_at=NOON + timedelta(minutes=10)),
]
TITLES = ("TypeError: x", "Uncaught TypeError: x", "x", "RangeError: x", "Script error.")


@st.composite
def errors(draw: st.DrawFn) -> list[ErrorEvent]:
    one = st.builds(
        error,
        st.sampled_from(SOURCES),
        st.sampled_from(TITLES),
        st.none() | st.integers(-100, 700),
        session_id=st.sampled_from(("r", "g", None)),
    )
    return draw(st.lists(one, max_size=8))


@settings(deadline=None)
@given(errors(), st.randoms(use_true_random=False))
def test_every_error_is_in_one_row_whatever_the_order(found: list[ErrorEvent], order: Any) -> None:
    rows = history(VISIT, found).happenings
    assert Counter(one for row in rows for one in row.errors) == Counter(found)
    shuffled = list(found)
    order.shuffle(shuffled)
    assert history(VISIT, shuffled).happenings == rows


@settings(deadline=None)
@given(errors())
def test_a_row_tells_of_one_moment_and_no_tool_twice(found: list[ErrorEvent]) -> None:
    for row in history(VISIT, found).happenings:
        times = [one.occurred_at for one in row.errors if one.occurred_at]
        assert not times or max(times) - min(times) <= timedelta(seconds=10)
        assert len({one.source for one in row.errors}) == len(row.errors)


@pytest.mark.parametrize(
    ("one", "other", "rows"),
    [
        (error(RYBBIT, TYPE_ERROR, 60), error(FULLSTORY, TYPE_ERROR, 62), 1),
        (error(RYBBIT, TYPE_ERROR, 60), error(FULLSTORY, f"Uncaught {TYPE_ERROR}", 62), 1),
        (error(RYBBIT, TYPE_ERROR, 60), error(FULLSTORY, TYPE_ERROR.partition(": ")[2], 62), 1),
        (error(RYBBIT, TYPE_ERROR, 60), error(RAYGUN, TYPE_ERROR, None, session_id="g"), 1),
        (error(RYBBIT, TYPE_ERROR, 60), error(FULLSTORY, TYPE_ERROR, 240), 2),
        (error(RYBBIT, TYPE_ERROR, 60), error(RYBBIT, TYPE_ERROR, 61), 2),
        (error(RYBBIT, "TypeError: x", 60), error(FULLSTORY, "RangeError: x", 60), 2),
        # Neither of them was in a visit.
        (error(RYBBIT, TYPE_ERROR, 9000), error(FULLSTORY, TYPE_ERROR, 9000), 2),
    ],
)
def test_two_tools_tell_of_one_happening_where_they_say_the_same_within_seconds_of_one_visit(
    one: ErrorEvent, other: ErrorEvent, rows: int
) -> None:
    assert len(history(VISIT, [one, other]).happenings) == rows


def test_an_error_without_a_time_is_the_last_of_that_kind_in_its_visit() -> None:
    found = [error(RYBBIT, TYPE_ERROR, 60), error(RYBBIT, TYPE_ERROR, 400)]
    group = error(RAYGUN, TYPE_ERROR, None, session_id="g", url="https://app.raygun.com/1")
    newest, oldest = history(VISIT, [group, *found]).happenings
    assert newest.errors == (found[1], group)
    assert oldest.errors == (found[0],)


def test_what_was_only_counted_is_counted_too() -> None:
    counted = Session(RYBBIT, "c", started_at=NOON - timedelta(days=1), errors=3)
    assert history([*VISIT, counted], [error(RYBBIT, "x", 60)]).error_count == 4


def test_a_visit_has_as_many_errors_as_were_counted_where_one_of_them_alone_is_told_of() -> None:
    visit = Session(RYBBIT, "c", started_at=NOON, duration_seconds=300, errors=3)
    told = history([visit], [error(RYBBIT, "x", 60, session_id="c")])
    assert (told.error_count, told.errors_in(told.visits[0])) == (3, 3)

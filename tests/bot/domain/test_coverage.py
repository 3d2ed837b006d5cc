"""What is covered, and what is not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.coverage import Coverage, Span

START = datetime(2026, 11, 20, tzinfo=UTC)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def spans() -> st.SearchStrategy[list[Span]]:
    one = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(
        lambda pair: Span(minute(pair[0]), minute(pair[0] + pair[1]))
    )
    return st.lists(one, max_size=12)


def minutes_of(some: list[Span] | tuple[Span, ...]) -> set[int]:
    return {n for span in some for n in range(90) if span.start <= minute(n) < span.end}


@given(spans())
def test_exactly_what_was_added_is_covered_in_whatever_order(added: list[Span]) -> None:
    coverage = Coverage.of(added)
    assert coverage == Coverage.of(reversed(added))
    assert minutes_of(coverage.spans) == minutes_of(added)
    assert all(a.end < b.start for a, b in zip(coverage.spans, coverage.spans[1:], strict=False))


@given(spans(), st.integers(0, 60), st.integers(1, 30))
def test_gaps_and_coverage_make_up_a_span(added: list[Span], start: int, length: int) -> None:
    span = Span(minute(start), minute(start + length))
    coverage = Coverage.of(added)
    inside, outside = minutes_of(coverage.within(span).spans), minutes_of(coverage.gaps(span))
    assert inside | outside == minutes_of([span])
    assert not inside & outside
    assert coverage.covers(span) == (not outside)


def test_a_span_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Span(START, START)

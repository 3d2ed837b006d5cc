"""Time."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.operations.clock import anchored_clock, from_ms, milliseconds, to_ms
from bot.storage.store import Store


def test_an_anchored_clock_goes_on_by_what_has_passed() -> None:
    passed = [100.0]
    clock = anchored_clock(1_793_520_104_000, lambda: passed[0])
    before = clock()
    passed[0] += 61.5
    assert clock() - before == timedelta(seconds=61.5)
    assert before.isoformat() == "2026-11-01T08:01:44+00:00"


async def test_it_is_the_databases_time_to_begin_with(store: Store) -> None:
    clock = anchored_clock(await store.now_ms())
    assert abs(clock().timestamp() * 1000 - await store.now_ms()) < 60_000


def test_a_span_is_counted_in_whole_milliseconds() -> None:
    assert milliseconds(timedelta(days=400, microseconds=1_999)) == 400 * 86_400_000 + 1


@given(st.integers(-(10**12), 10**14), st.integers(0, 999))
def test_a_time_is_the_same_from_a_table_as_into_it(since_1970_ms: int, microseconds: int) -> None:
    moment = from_ms(since_1970_ms)
    assert round(moment.timestamp() * 1000) == since_1970_ms
    assert to_ms(moment + timedelta(microseconds=microseconds)) == since_1970_ms

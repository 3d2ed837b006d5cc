"""Time."""

from datetime import timedelta

from bot.clock import anchored_clock
from bot.pace import Pace
from bot.store import Store


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


async def test_turns_in_a_channel_are_a_second_apart_after_a_burst(store: Store) -> None:
    waits = [(await pace.turn("C1")).total_seconds() for pace in (Pace(store), Pace(store)) for _ in range(4)]
    assert waits[:4] == [0, 0, 0, 0]
    assert all(n - 0.9 < wait <= n for n, wait in enumerate(waits[4:], 1))
    assert (await Pace(store).turn("C2")).total_seconds() == 0

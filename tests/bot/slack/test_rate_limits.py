"""Turns in Slack, over all processes of one database."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.rate_limits import A_MINUTE, EDIT, POST, RateLimits, TooFar
from bot.storage.store import Store, open_store
from tests.conftest import MovableClock, prepared_sqlite
from tests.examples import examples

MINUTE = timedelta(minutes=1)


async def seconds(limits: RateLimits, method: str, channel: str | None = None) -> float:
    return (await limits.turn(method, channel)).total_seconds()


async def test_turns_in_a_channel_are_a_second_apart_after_a_burst(store: Store) -> None:
    began = await store.now_ms()
    waits = [
        await seconds(limits, POST, "C1")
        for limits in (RateLimits(store), RateLimits(store))
        for _ in range(4)
    ]
    gone_by = (await store.now_ms() - began) / 1000
    assert waits[:4] == [0, 0, 0, 0]
    assert all(n - gone_by <= wait <= n for n, wait in enumerate(waits[4:], 1))
    assert await seconds(RateLimits(store), POST, "C2") == 0


async def test_a_methods_tier_is_shared_by_all_processes(store: Store) -> None:
    processes, began = [RateLimits(store), RateLimits(store)], await store.now_ms()
    waits = [await seconds(processes[n % 2], EDIT) for n in range(A_MINUTE[EDIT] + 2)]
    assert waits[:50] == [0] * 50
    gone_by = (await store.now_ms() - began) / 1000
    assert all(60 - gone_by <= wait < 65 for wait in waits[50:])


async def test_who_can_do_without_leaves_some_of_a_minutes_calls_to_others(store: Store) -> None:
    limits = RateLimits(store)
    for _ in range(25):
        await limits.turn(EDIT, longest=timedelta(), spares=25)
    with pytest.raises(TooFar):
        await limits.turn(EDIT, longest=timedelta(), spares=25)
    assert [await seconds(limits, EDIT) for _ in range(25)] == [0] * 25


async def test_calls_that_were_promised_are_made_at_once_when_no_other_may_be(store: Store) -> None:
    promising, other = RateLimits(store), RateLimits(store)
    assert await promising.promise(EDIT, 2)
    for _ in range(A_MINUTE[EDIT] - 2):
        await other.turn(EDIT, longest=timedelta())
    with pytest.raises(TooFar):
        await other.turn(EDIT, longest=timedelta())
    assert [await promising.promised_turns(EDIT, 1) for _ in range(3)] == [1, 1, 0]


async def test_nothing_is_promised_where_fewer_calls_are_left_than_asked_for(store: Store) -> None:
    limits = RateLimits(store)
    for _ in range(A_MINUTE[EDIT] // 2 - 1):
        assert await limits.promise(EDIT, 2)
    assert not await limits.promise(EDIT, 2, spares=1)
    assert not await limits.promise(EDIT, 3)
    assert await limits.promise(EDIT, 2)
    assert not await limits.promise(EDIT, 1)


async def test_no_promise_holds_against_a_pause_that_slack_asks_for(store: Store) -> None:
    limits = RateLimits(store)
    assert await limits.promise(EDIT, 1)
    await limits.hold(EDIT, timedelta(seconds=30))
    assert not await limits.promised_turns(EDIT, 1)
    assert not await limits.promise(EDIT, 1)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@examples(15)
@given(gaps=st.lists(st.integers(0, 4_000), min_size=22, max_size=60))
async def test_no_minute_ever_holds_more_calls_of_a_method_than_its_tier_allows(gaps: list[int]) -> None:
    clock, method = MovableClock(), "usergroups.users.list"
    with folder() as place:
        async with open_store(prepared_sqlite(place / "limits.db"), simulated_time=clock) as store:
            limits, made = RateLimits(store), []
            for gap in gaps:
                clock.advance(milliseconds=gap)
                made.append(clock() + await limits.turn(method))
    assert all(sum(at <= one < at + MINUTE for one in made) <= A_MINUTE[method] for at in made)


async def test_a_turn_that_is_too_far_away_is_not_taken(store: Store) -> None:
    limits, began = RateLimits(store), await store.now_ms()
    # So many that the next turn is far away however slowly they are taken: about a second each.
    for _ in range(4 + 119):
        await limits.turn(POST, "C1")
    for _ in range(2):
        with pytest.raises(TooFar) as far:
            await limits.turn(POST, "C1", longest=timedelta())
        gone_by = timedelta(milliseconds=await store.now_ms() - began)
        assert timedelta(seconds=120) - gone_by <= far.value.wait <= timedelta(seconds=120)


@pytest.mark.parametrize("method", [EDIT, POST])
async def test_what_slack_wished_for_one_process_holds_for_all(store: Store, method: str) -> None:
    began = await store.now_ms()
    await RateLimits(store).hold(method, timedelta(seconds=120))
    await RateLimits(store).hold(method, timedelta(seconds=5))
    waits = [await seconds(RateLimits(store), method), await seconds(RateLimits(store), method, "C1")]
    gone_by = (await store.now_ms() - began) / 1000
    assert all(120 - gone_by <= wait <= 120 for wait in waits)


async def test_a_turn_far_ahead_as_after_a_step_of_the_databases_clock_is_not_waited_for(
    store: Store,
) -> None:
    await RateLimits(store).hold(EDIT, timedelta(days=1))
    assert await seconds(RateLimits(store), EDIT) <= 600


async def test_a_call_that_waits_for_its_turn_is_not_made_in_place_of_a_promised_one(store: Store) -> None:
    limits = RateLimits(store)
    for _ in range(A_MINUTE[EDIT]):
        assert await seconds(limits, EDIT) == 0
    assert await seconds(limits, EDIT) > 30
    assert not await limits.promised_turns(EDIT, 1)


@examples(8)
@given(steps=st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 2)), min_size=30, max_size=60))
async def test_no_minute_holds_more_than_its_tier_where_some_were_promised_before(
    steps: list[tuple[int, int]],
) -> None:
    clock, method = MovableClock(), "usergroups.users.list"
    with folder() as place:
        async with open_store(prepared_sqlite(place / "limits.db"), simulated_time=clock) as store:
            limits, made = RateLimits(store), []
            for gap, step in steps:
                clock.advance(milliseconds=gap)
                if step == 0:
                    await limits.promise(method, 4)
                elif step == 1 and await limits.promised_turns(method, 1):
                    made.append(clock())
                else:
                    with suppress(TooFar):
                        made.append(clock() + await limits.turn(method, longest=timedelta(seconds=3)))
    assert all(sum(at <= one < at + MINUTE for one in made) <= A_MINUTE[method] for at in made)

"""Turns in Slack, over all processes of one database."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pace import EDIT, IN_A_CHANNEL, POST, RATES, Pace, Rate, TooFar
from bot.store import Store

PER_MINUTE = {"chat.update": 50, "chat.unfurl": 50, "users.info": 100, "usergroups.users.list": 20}


async def seconds(pace: Pace, key: str, rate: Rate = IN_A_CHANNEL) -> float:
    return (await pace.turn({key: rate})).total_seconds()


async def test_turns_in_a_channel_are_a_second_apart_after_a_burst(store: Store) -> None:
    waits = [await seconds(pace, "C1") for pace in (Pace(store), Pace(store)) for _ in range(4)]
    assert waits[:4] == [0, 0, 0, 0]
    assert all(n - 0.9 < wait <= n for n, wait in enumerate(waits[4:], 1))
    assert await seconds(Pace(store), "C2") == 0


@pytest.mark.parametrize("method", PER_MINUTE)
@given(gaps=st.lists(st.integers(0, 5_000), min_size=1, max_size=200))
def test_no_minute_ever_holds_more_calls_of_a_method_than_its_tier_allows(
    method: str, gaps: list[int]
) -> None:
    rate, taken, now = RATES[method], 0, 0
    called = []
    for gap in gaps:
        now += gap
        free = max(taken, now)
        called.append(max(now, free - (rate.burst - 1) * rate.each_ms))
        taken = free + rate.each_ms
    called.sort()
    assert all(sum(at <= one < at + 60_000 for one in called) <= PER_MINUTE[method] for at in called)


async def test_a_turn_that_is_too_far_away_is_not_taken(store: Store) -> None:
    pace = Pace(store)
    for _ in range(IN_A_CHANNEL.burst):
        await pace.turn({"C1": IN_A_CHANNEL})
    for _ in range(2):
        with pytest.raises(TooFar) as far:
            await pace.turn({"C1": IN_A_CHANNEL, "C2": IN_A_CHANNEL}, longest=timedelta())
        assert timedelta() < far.value.wait <= timedelta(seconds=1)
    assert await seconds(pace, "C2") == 0


async def test_what_slack_wished_for_one_process_holds_for_all(store: Store) -> None:
    await Pace(store).hold(EDIT, RATES[EDIT], timedelta(seconds=20))
    assert 19 < await seconds(Pace(store), EDIT, RATES[EDIT]) <= 20
    await Pace(store).hold(POST, RATES[POST], timedelta(seconds=20))
    assert 19 < (await Pace(store).turn({"C1": IN_A_CHANNEL, POST: RATES[POST]})).total_seconds() <= 20


async def test_a_turn_far_ahead_as_after_a_step_of_the_databases_clock_is_not_waited_for(
    store: Store,
) -> None:
    await Pace(store).hold("C1", IN_A_CHANNEL, timedelta(days=1))
    assert await seconds(Pace(store), "C1") <= 600

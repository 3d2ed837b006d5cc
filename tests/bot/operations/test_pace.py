"""So many requests a minute for each person, whoever else asks."""

from datetime import timedelta

from bot.operations.fair_use import PersonalPace
from tests.conftest import MovableClock


def test_the_eleventh_request_of_a_minute_waits_until_the_first_is_a_minute_old() -> None:
    clock = MovableClock()
    pace = PersonalPace(10, clock)
    for number in range(10):
        assert pace.wait("ana", str(number)) is None
        clock.advance(seconds=1)
    assert pace.wait("ana", "10") == timedelta(seconds=50)
    assert pace.wait("tom", "10") is None
    clock.advance(seconds=50)
    assert pace.wait("ana", "10") is None
    assert pace.wait("ana", "11") == timedelta(seconds=1)


def test_a_request_that_is_delivered_again_counts_once() -> None:
    pace = PersonalPace(1, MovableClock())
    assert pace.wait("ana", "one") is None
    assert pace.wait("ana", "one") is None
    assert pace.wait("ana", "two") is not None

"""How calls are made to last, by the days before."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.coverage import Coverage, Span
from bot.sources.raygun.spending.forecast import Outlook, Pace, Purse, days_ahead, pace, spare
from bot.sources.raygun.spending.volume import Volume, learn_volume

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def every(gap: timedelta, hours: int = 10) -> tuple[datetime, ...]:
    """Lookups at a steady pace from 08:00 on, of the three days before."""
    starts = [NOW - DAY * back for back in (3, 2, 1)]
    return tuple(start + gap * n for start in starts for n in range(int(hours * HOUR / gap)))


def outlook(
    lookups: tuple[datetime, ...], left: int = 50, login: int = 1, read_to: datetime | None = None
) -> Outlook:
    returns = tuple(NOW + 12 * HOUR + n * MINUTE for n in range(50 - left))
    volume = Volume((250.0,) * 24, 430)
    return Outlook(NOW, Purse(left, 50, returns, login), read_to, days_ahead(lookups, NOW), volume.pages)


def test_a_desk_with_few_lookups_gets_an_index_that_is_hardly_older_than_a_burst() -> None:
    assert pace(outlook(every(2 * HOUR))).max_age == 5 * MINUTE


def test_a_busy_working_day_is_kept_within_half_an_hour() -> None:
    asked = pace(outlook(every(2 * MINUTE)))
    assert 18 * MINUTE <= asked.max_age <= 30 * MINUTE


def test_a_login_that_does_not_count_makes_the_index_younger() -> None:
    counted, free = pace(outlook(every(2 * MINUTE))), pace(outlook(every(2 * MINUTE), login=0))
    assert free.max_age < counted.max_age


def test_where_the_calls_cannot_last_the_index_grows_older_evenly() -> None:
    stretched = pace(outlook(every(2 * MINUTE, hours=24)))
    assert 30 * MINUTE < stretched.max_age <= 2 * HOUR
    assert not stretched.whole


def test_the_fewer_calls_are_left_the_longer_they_must_last() -> None:
    ages = [pace(outlook(every(2 * MINUTE), left)).max_age for left in (50, 42, 25, 10)]
    assert ages == sorted(ages)
    assert ages[-1] > 30 * MINUTE


def test_a_first_day_is_paced_by_what_is_left() -> None:
    ages = [pace(outlook((), left)).max_age for left in (50, 20, 10)]
    assert ages == [15 * MINUTE, 30 * MINUTE, 60 * MINUTE]


def test_what_a_quiet_day_leaves_is_spare_and_what_a_busy_one_needs_is_not() -> None:
    assert spare(outlook(every(2 * HOUR))) == 16
    assert spare(outlook(every(2 * MINUTE), left=40)) < 8
    assert spare(outlook(every(2 * MINUTE), left=0)) == 0


def test_of_a_first_day_half_the_calls_are_spare() -> None:
    assert [spare(outlook((), left)) for left in (50, 30, 25, 3)] == [25, 5, 0, 0]


def test_the_days_before_and_the_same_day_of_the_week_are_what_is_ahead() -> None:
    lookups = tuple(NOW - DAY * back + HOUR for back in (8, 7, 6, 5, 4, 3, 2, 1))
    assert days_ahead(lookups, NOW) == ((NOW + HOUR,),) * 4
    assert days_ahead(lookups[-1:], NOW) == ((NOW + HOUR,),)
    assert days_ahead((), NOW) == ()
    assert days_ahead((NOW - HOUR,), NOW) == ()


def test_pace_without_anything_read_reads_at_once() -> None:
    assert isinstance(pace(outlook(every(HOUR))), Pace)


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_volume_is_learnt_from_what_is_covered_alone(hour: int) -> None:
    start = NOW.replace(hour=hour)
    begun = {start: 90, start + HOUR: 5_000}
    volume = learn_volume(begun, Coverage((Span(start, start + HOUR / 2),)), 430)
    assert volume.between(start, start + HOUR) == pytest.approx(180)


def test_an_unknown_hour_is_taken_to_be_as_busy_as_the_busiest_known() -> None:
    volume = learn_volume({NOW: 90, NOW + HOUR: 40}, Coverage((Span(NOW, NOW + 2 * HOUR),)), 430)
    assert volume.between(NOW + 12 * HOUR, NOW + 13 * HOUR) == pytest.approx(90)


@pytest.mark.parametrize("rate", [1.0, 80.0, 900.0, 50_000.0])
def test_a_page_is_never_asked_to_reach_further_than_it_holds(rate: float) -> None:
    volume = Volume((rate,) * 24, 430)
    start = volume.reach(NOW, 430)
    assert NOW - start <= timedelta(days=2)
    assert volume.between(start, NOW) <= 430 or NOW - start <= 3 * MINUTE


def test_days_are_summed_over_midnight() -> None:
    volume = Volume((10.0, *(0.0,) * 22, 30.0), 430)
    midnight = NOW.replace(hour=0)
    assert volume.between(midnight - HOUR / 2, midnight + HOUR / 2) == pytest.approx(20)
    assert volume.between(midnight, midnight + 3 * DAY) == pytest.approx(120)
    assert volume.pages(midnight, midnight) == 1

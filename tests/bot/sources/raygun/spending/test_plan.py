"""What the next call is spent on, and that no plan ever spends what it must not."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.coverage import Coverage, Span
from bot.sources.protocol import Effort
from bot.sources.quota import Purpose, reserve
from bot.sources.raygun.spending.forecast import Purse, days_ahead
from bot.sources.raygun.spending.plan import (
    A_PAGE,
    AskPerson,
    NoCall,
    OpenSessions,
    ReadSpan,
    Situation,
    SoughtPerson,
    Step,
    Why,
    next_gap,
    next_gaps,
    next_step,
)
from bot.sources.raygun.spending.volume import Volume
from tests.examples import examples

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KNOWN = SoughtPerson(found=True)
STRANGER = SoughtPerson(found=False)
VOLUME = Volume((250.0,) * 24, A_PAGE)


def workdays(now: datetime, gap: timedelta = 5 * MINUTE) -> tuple[datetime, ...]:
    """Lookups from 08:00 to 18:00 of the last eight days."""
    midnight = now.replace(hour=0, minute=0)
    starts = [midnight - DAY * back + 8 * HOUR for back in range(8, -1, -1)]
    return tuple(at for start in starts for n in range(int(10 * HOUR / gap)) if (at := start + gap * n) < now)


def situation(
    *,
    age: timedelta | None = MINUTE,
    left: int = 50,
    key: bool = True,
    covers: timedelta = timedelta(days=8),
    person: SoughtPerson = KNOWN,
    effort: Effort = Effort.USUAL,
    days: int = 30,
    lookups: tuple[datetime, ...] = (),
    coverage: Coverage | None = None,
    volume: Volume = VOLUME,
) -> Situation:
    if coverage is None:
        coverage = Coverage() if age is None else Coverage((Span(NOW - age - covers, NOW - age),))
    spent = tuple(NOW + (n + 1) * 20 * MINUTE for n in range(50 - left))
    return Situation(
        now=NOW,
        effort=effort,
        since=NOW - timedelta(days=days),
        kept_since=NOW - timedelta(days=7),
        coverage=coverage.within(Span(NOW - timedelta(days=7), NOW)),
        purse=Purse(left, 50, spent, 1, NOW + 14 * MINUTE if key else None),
        days=days_ahead(lookups, NOW),
        volume=volume,
        person=person,
    )


def test_an_empty_index_is_begun_with_a_span_that_a_page_holds() -> None:
    step = next_step(situation(age=None, volume=Volume(None, A_PAGE)))
    assert step == ReadSpan(Span(NOW - 15 * MINUTE, NOW))


def test_an_index_that_is_behind_is_read_up_to_now_and_a_little_into_what_is_known() -> None:
    step = next_step(situation(age=45 * MINUTE))
    assert isinstance(step, ReadSpan)
    assert step.span.end == NOW
    assert NOW - 2 * HOUR - 45 * MINUTE <= step.span.start < NOW - 45 * MINUTE
    assert VOLUME.between(step.span.start, NOW) <= A_PAGE


def test_a_page_reaches_no_further_than_it_holds_however_long_nobody_asked() -> None:
    step = next_step(situation(age=14 * HOUR))
    assert isinstance(step, ReadSpan)
    assert VOLUME.between(step.span.start, NOW) <= A_PAGE


def test_a_young_index_is_enough_for_somebody_it_has() -> None:
    assert next_step(situation()) == NoCall(Why.ENOUGH)


def test_what_is_known_will_do_where_no_more_is_asked_for() -> None:
    assert next_step(situation(age=DAY, effort=Effort.KNOWN)) == NoCall(Why.ENOUGH)


def test_asking_anew_reads_an_index_that_is_two_minutes_old() -> None:
    assert isinstance(next_step(situation(age=2 * MINUTE, effort=Effort.FRESH)), ReadSpan)
    assert not isinstance(next_step(situation(age=2 * MINUTE)), ReadSpan)


def test_somebody_unknown_is_asked_for_alone_where_the_index_does_not_reach() -> None:
    assert next_step(situation(person=STRANGER)) == AskPerson(Span(NOW - timedelta(days=30), NOW))


def test_somebody_unknown_is_not_asked_for_where_the_index_covers_it_all() -> None:
    assert next_step(situation(person=STRANGER, days=5)) == NoCall(Why.ENOUGH)


def test_somebody_unknown_is_not_asked_for_twice() -> None:
    asked = Span(NOW - timedelta(days=30, hours=1), NOW - HOUR)
    assert next_step(situation(person=SoughtPerson(False, asked))) == NoCall(Why.ENOUGH)


def test_a_young_index_has_somebody_it_knows_asked_for_too() -> None:
    assert isinstance(next_step(situation(covers=HOUR)), AskPerson)


def test_the_errors_of_the_newest_session_come_last() -> None:
    assert next_step(situation(person=SoughtPerson(True, None, ("7",)))) == OpenSessions(("7",))
    assert isinstance(next_step(situation(person=SoughtPerson(False, None, ("7",)))), AskPerson)


@pytest.mark.parametrize("left", [25, 26, 30])
def test_on_the_first_day_half_of_the_calls_are_kept_for_the_index(left: int) -> None:
    assert next_step(situation(person=STRANGER, left=left)) == NoCall(Why.PACED)


def test_a_desk_that_needs_its_calls_keeps_them_for_the_index() -> None:
    busy = workdays(NOW)
    assert next_step(situation(person=STRANGER, left=6, lookups=busy)) == NoCall(Why.PACED)
    assert isinstance(next_step(situation(person=STRANGER, left=40, lookups=busy)), AskPerson)


def test_without_a_call_left_nothing_is_asked() -> None:
    assert next_step(situation(age=2 * HOUR, left=0)) == NoCall(Why.SPENT)
    # One is left, and the login would take it.
    assert next_step(situation(age=2 * HOUR, left=1, key=False)) == NoCall(Why.SPENT)


def test_gaps_are_filled_newest_first_and_only_under_a_living_key() -> None:
    known = Coverage((Span(NOW - 5 * HOUR, NOW - 4 * HOUR), Span(NOW - 2 * HOUR, NOW)))
    step = next_gap(situation(coverage=known))
    assert step == ReadSpan(Span(NOW - 2 * HOUR - 100 * MINUTE, NOW - 2 * HOUR))
    assert isinstance(next_gap(situation(coverage=known, key=False)), NoCall)
    assert isinstance(next_gap(situation(coverage=known, left=26)), NoCall)
    assert isinstance(next_gap(situation()), NoCall)


def test_behind_an_answer_two_gaps_are_read_and_on_the_first_day_one() -> None:
    known = Coverage((Span(NOW - 2 * HOUR, NOW),))
    quiet = situation(coverage=known, lookups=workdays(NOW, 2 * HOUR))
    first, second = next_gaps(quiet)
    assert first == next_gap(quiet)
    assert second.span.end == first.span.start
    assert len(next_gaps(situation(coverage=known))) == 1


def test_on_the_first_day_what_is_read_behind_answers_is_spread_over_hours() -> None:
    known = Coverage((Span(NOW - 2 * HOUR, NOW),))
    at = situation(coverage=known, left=44)
    just_now = tuple(NOW + DAY - n * MINUTE for n in range(6, 0, -1))
    assert next_gaps(at)
    assert not next_gaps(replace(at, purse=replace(at.purse, returns=just_now)))


def test_a_sessions_errors_are_worth_less_than_the_next_customers_sessions() -> None:
    knows_all = SoughtPerson(True, Span(NOW - timedelta(days=31), NOW), ("7",))
    assert next_step(situation(person=knows_all, left=50)) == OpenSessions(("7",))
    assert next_step(situation(person=knows_all, left=45)) == NoCall(Why.PACED)
    # Somebody unknown is asked for with fewer calls left than buy errors.
    assert isinstance(next_step(situation(person=STRANGER, left=45)), AskPerson)
    # Nor on a later day, of which it is known how many lookups it still brings.
    later = workdays(NOW)
    assert next_step(situation(person=knows_all, left=20, lookups=later)) == OpenSessions(("7",))
    assert next_step(situation(person=knows_all, left=12, lookups=later)) == NoCall(Why.PACED)
    assert isinstance(next_step(situation(person=STRANGER, left=12, lookups=later)), AskPerson)


def test_the_errors_of_two_sessions_are_asked_for_beside_each_other_where_calls_are_spare() -> None:
    knows_all = SoughtPerson(True, Span(NOW - timedelta(days=31), NOW), ("7", "6"))
    assert next_step(situation(person=knows_all, left=50)) == OpenSessions(("7", "6"))
    later = workdays(NOW)
    both, one = (
        max(
            left
            for left in range(51)
            if next_step(situation(person=knows_all, left=left, lookups=later)) == step
        )
        for step in (NoCall(Why.PACED), OpenSessions(("7",)))
    )
    # One call more is spare where two are opened.
    assert (both, one) == (both, both + 1)


def situations() -> st.SearchStrategy[Situation]:
    spans = st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(1, 2_000)).map(
            lambda pair: Span(NOW - pair[0] * MINUTE - pair[1] * MINUTE, NOW - pair[0] * MINUTE)
        ),
        max_size=5,
    )
    people = st.builds(
        SoughtPerson,
        st.booleans(),
        st.none() | st.integers(1, 5_000).map(lambda n: Span(NOW - timedelta(days=30), NOW - n * MINUTE)),
        st.sampled_from([(), ("7",), ("7", "6")]),
    )
    return st.builds(
        situation,
        left=st.integers(0, 50),
        key=st.booleans(),
        person=people,
        effort=st.sampled_from(Effort),
        days=st.integers(1, 90),
        lookups=st.sampled_from([(), workdays(NOW), workdays(NOW, 2 * HOUR), workdays(NOW - 10 * HOUR)]),
        coverage=spans.map(Coverage.of),
        volume=st.sampled_from([Volume(None, A_PAGE), VOLUME, Volume((9_000.0,) * 24, A_PAGE)]),
    )


def cost(step: Step, at: Situation) -> int:
    if isinstance(step, OpenSessions):
        return at.purse.cost(at.now, len(step.ids))
    return 0 if isinstance(step, NoCall) else at.purse.cost(at.now)


@examples(150)
@given(situations())
def test_no_step_costs_more_than_what_is_left(at: Situation) -> None:
    for step in (next_step(at), next_gap(at)):
        assert cost(step, at) <= at.purse.left
        if isinstance(step, ReadSpan | AskPerson):
            assert step.span.end <= NOW


@examples(60)
@given(situations(), st.sampled_from(Purpose), st.randoms(use_true_random=False))
def test_a_lookup_ends_and_leaves_the_reserve_whatever_its_calls_come_to(
    at: Situation, purpose: Purpose, chance: random.Random
) -> None:
    """Every call may fail, or bring nothing; a span that was read is covered, or is not."""
    kept = reserve(50, purpose)
    total = at.purse.left
    spendable = max(0, total - kept)
    for _ in range(60):
        at = replace(at, purse=replace(at.purse, left=spendable))
        step = next_step(at)
        if isinstance(step, NoCall):
            step = next_gap(at)
        if isinstance(step, NoCall):
            break
        spendable -= cost(step, at)
        at = replace(at, purse=replace(at.purse, key_until=NOW + 14 * MINUTE))
        if chance.random() < 0.5:
            match step:
                case ReadSpan(span):
                    at = replace(at, coverage=Coverage.of((*at.coverage.spans, span)))
                case AskPerson(span):
                    at = replace(at, person=replace(at.person, asked=span, found=chance.random() < 0.5))
                case OpenSessions(ids):
                    left = tuple(one for one in at.person.unopened if one not in ids)
                    at = replace(at, person=replace(at.person, unopened=left))
    else:
        pytest.fail("it never ended")
    assert spendable >= 0
    assert total < kept or spendable + kept >= kept

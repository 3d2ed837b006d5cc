"""What the sessions of a visit say of it together."""

from datetime import timedelta

from hypothesis import given

from bot.domain.model import Session
from bot.domain.visits.facts import visit_of
from bot.domain.visits.history import history
from bot.domain.visits.model import Device, PagesSeen, SaidBy, Whereabouts
from bot.domain.visits.moments import visit_at
from tests.bot.domain.visits.sessions import DEVICES, NOON, PEOPLE, SOURCES, sessions_of
from tests.examples import examples

FULLSTORY, RAYGUN, RYBBIT = SOURCES[:3]
MINUTE = timedelta(minutes=1)
WATCHED = Session(FULLSTORY, "1", "https://app.fullstory.com/1", started_at=NOON)
MEASURED = Session(
    RAYGUN,
    "2",
    started_at=NOON + timedelta(seconds=2),
    ended_at=NOON + 4 * MINUTE,
    duration_seconds=238,
    live=False,
    pages=3,
    device="Desktop",
    os="Windows 10",
    country="NZ",
)
COUNTED = Session(
    RYBBIT,
    "3",
    started_at=NOON + timedelta(seconds=1),
    ended_at=NOON + 5 * MINUTE,
    duration_seconds=299,
    pages=5,
    entry_page="/cart",
    exit_page="/pay",
    device="Desktop",
    browser="Chrome 142",
    os="Windows 11",
    city="Wellington",
    country="NZ",
    errors=1,
)


def test_each_value_is_of_the_source_that_knows_it_and_says_so() -> None:
    visit = visit_of([WATCHED, COUNTED, MEASURED])
    assert visit.started_at == SaidBy(NOON, (FULLSTORY,))
    assert visit.ended_at == SaidBy(NOON + 5 * MINUTE, (RYBBIT,))
    assert visit.duration_seconds == SaidBy(300, (RYBBIT,))
    assert visit.way == SaidBy(PagesSeen(5, "/cart", "/pay"), (RYBBIT,))
    assert visit.device == SaidBy(Device("Desktop", "Chrome 142", "Windows 11"), (RYBBIT, RAYGUN))
    assert visit.place == SaidBy(Whereabouts("Wellington", "NZ"), (RYBBIT,))
    assert visit.signs.errors == SaidBy(1, (RYBBIT,))
    assert visit.live == SaidBy(False, (RAYGUN,))


def test_of_a_visit_that_goes_on_no_end_is_told() -> None:
    visit = visit_of([Session(FULLSTORY, "1", started_at=NOON, live=True), COUNTED])
    assert visit.is_live
    assert visit.ended_at is None
    assert visit.duration_seconds == SaidBy(300, (RYBBIT,))


def test_what_one_tool_made_two_sessions_of_is_added_up() -> None:
    first = Session(RAYGUN, "1", started_at=NOON, ended_at=NOON + MINUTE, pages=2, errors=1)
    second = Session(RAYGUN, "2", started_at=NOON + 2 * MINUTE, ended_at=NOON + 3 * MINUTE, pages=3, errors=2)
    whole = Session(RYBBIT, "3", started_at=NOON, ended_at=NOON + 3 * MINUTE, pages=4, errors=1)
    visit = visit_of([first, whole, second])
    assert visit.way == SaidBy(PagesSeen(5), (RAYGUN,))
    assert visit.signs.errors == SaidBy(3, (RAYGUN,))


@examples(50)
@given(sessions_of(PEOPLE, DEVICES))
def test_a_visit_lasts_from_its_first_beginning_to_its_last_end(sessions: list[Session]) -> None:
    for visit in history(sessions).visits:
        starts = [s.started_at for s in visit.sessions if s.started_at]
        ends = [s.ended_at for s in visit.sessions if s.ended_at]
        assert (visit.started_at.value if visit.started_at else None) == min(starts, default=None)
        if not any(session.live for session in visit.sessions):
            assert (visit.ended_at.value if visit.ended_at else None) == max(ends, default=None)


def test_the_visit_at_a_moment_is_the_one_that_was_going_on_then_or_the_last_before() -> None:
    early = Session(RYBBIT, "1", started_at=NOON, ended_at=NOON + 5 * MINUTE)
    late = Session(RYBBIT, "2", started_at=NOON + 60 * MINUTE, ended_at=NOON + 70 * MINUTE)
    newer, older = history([early, late]).visits
    assert visit_at((newer, older), NOON + 3 * MINUTE) == (older, True)
    assert visit_at((newer, older), NOON + 30 * MINUTE) == (older, False)
    assert visit_at((newer, older), NOON + 65 * MINUTE) == (newer, True)
    assert visit_at((newer, older), NOON - MINUTE) is None

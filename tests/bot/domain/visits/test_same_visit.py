"""Which sessions are one visit."""

from collections import Counter
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.model import Session, SessionUser
from bot.domain.visits.history import history
from bot.domain.visits.same_visit import are_apart
from tests.bot.domain.visits.sessions import (
    DEVICES,
    JANE,
    NOON,
    PEOPLE,
    SOURCES,
    Identified,
    ids,
    named,
    sessions_of,
)

ANY = sessions_of(PEOPLE, DEVICES)
FULLSTORY, RAYGUN, RYBBIT = SOURCES[:3]


def groups(sessions: list[Session]) -> set[frozenset[Identified]]:
    return {ids(visit) for visit in history(sessions).visits}


def at(minutes: float, lasted: float | None = None, **fields: Any) -> Session:
    start = NOON + timedelta(minutes=minutes)
    end = None if lasted is None else start + timedelta(minutes=lasted)
    usual: dict[str, Any] = {"source": RYBBIT, "id": "1", "started_at": start, "ended_at": end}
    return Session(**(usual | fields))


@settings(deadline=None)
@given(ANY)
def test_every_session_and_every_link_is_in_exactly_one_visit(sessions: list[Session]) -> None:
    kept = [session for visit in history(sessions).visits for session in visit.sessions]
    assert Counter(map(named, kept)) == Counter(map(named, sessions))
    assert Counter(session.url for session in kept) == Counter(session.url for session in sessions)


def test_an_address_of_a_unicode_domain_is_one_persons_in_either_form() -> None:
    told = [SessionUser(email="jürgen@bücher.example"), SessionUser(email="jürgen@xn--bcher-kva.example")]
    seen = [
        at(0, 5, source=source, user=user) for source, user in zip((RYBBIT, FULLSTORY), told, strict=True)
    ]
    assert len(history(seen).visits) == 1


@settings(deadline=None)
@given(ANY)
def test_two_people_and_two_devices_are_never_of_one_visit(sessions: list[Session]) -> None:
    for visit in history(sessions).visits:
        uids = {s.user.uid for s in visit.sessions if s.user.uid and "@" not in s.user.uid}
        told = {
            s.user.email or s.user.uid for s in visit.sessions if s.user.email or "@" in (s.user.uid or "")
        }
        assert len(uids) <= 1
        assert len({address.lower() for address in told if address}) <= 1
        assert not any(are_apart(one, other) for one, other in combinations(visit.sessions, 2))


@settings(deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_the_order_in_which_sources_answer_makes_no_difference(sessions: list[Session], order: Any) -> None:
    shuffled = list(sessions)
    order.shuffle(shuffled)
    assert history(shuffled) == history(sessions)


@settings(deadline=None)
@given(ANY, st.data())
def test_a_visit_comes_apart_only_for_another_person_or_another_device(
    sessions: list[Session], data: st.DataObject
) -> None:
    heard = [session for session in sessions if data.draw(st.booleans())]
    later = groups(sessions)
    for visit in history(heard).visits:
        is_whole = any(ids(visit) <= group for group in later)
        rivals = [one for one in sessions if any(are_apart(one, own) for own in visit.sessions)]
        assert is_whole or rivals


@settings(deadline=None)
@given(sessions_of(JANE, ((None, None), ("Desktop", "Windows 11"))), st.data())
def test_what_was_read_as_one_visit_of_one_person_stays_one(
    sessions: list[Session], data: st.DataObject
) -> None:
    # One tool's sessions at one time are two devices.
    assume(not any(are_apart(one, other) for one, other in combinations(sessions, 2)))
    heard = [session for session in sessions if data.draw(st.booleans())]
    later = groups(sessions)
    assert all(any(group <= whole for whole in later) for group in groups(heard))


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        (at(0, 10), at(5, 10, source=RAYGUN), True),
        (at(0, 10), at(12, 10, source=RAYGUN), False),
        (at(0, 10), at(5, 10, id="2"), False),
        (at(0), at(1, source=FULLSTORY), True),
        (at(0), at(2, source=FULLSTORY), False),
        (at(0, live=True), at(40, source=FULLSTORY), True),
        (at(0, duration_seconds=600), at(8, source=FULLSTORY), True),
        (at(0, started_at=None), at(0, source=RAYGUN, started_at=None), False),
        (at(0, device="Desktop"), at(0, source=RAYGUN, device="Pixel 9", os="Android 16"), False),
        (at(0, device="Mobile"), at(0, source=RAYGUN, device="Pixel 9", os="Android 16"), True),
        (at(0, device="Pixel 9"), at(0, source=RAYGUN, device="Google Pixel 9"), True),
        (at(0, device="Pixel 9"), at(0, source=RAYGUN, device="iPhone 15"), False),
        (at(0, os="Windows 10"), at(0, source=RAYGUN, device="Desktop", os="Windows 11"), True),
        (at(0, os="Mac OS X 15"), at(0, source=RAYGUN, os="macOS"), True),
        (
            at(0, user=SessionUser(uid="u-1", email="Jane@Contoso.example")),
            at(0, source=RAYGUN, user=SessionUser(uid="jane@contoso.example")),
            True,
        ),
        (at(0, user=SessionUser(uid="u-1")), at(0, source=RAYGUN, user=SessionUser(uid="u-2")), False),
    ],
)
def test_two_sessions_are_one_visit_where_they_overlap_and_may_be_of_one_person_and_device(
    one: Session, other: Session, is_one: bool
) -> None:
    assert (len(history([one, other]).visits) == 1) is is_one


def test_what_one_tool_says_nothing_of_goes_to_the_device_that_it_began_nearest_to() -> None:
    desktop = at(0, 30, id="d", device="Desktop", os="Windows 11")
    phone = at(5, 30, id="p", device="Mobile", os="iOS 18")
    watched = [at(0.1, source=FULLSTORY, id="1"), at(5.1, source=FULLSTORY, id="2")]
    newer, older = history([desktop, *watched, phone]).visits
    assert [session.id for session in newer.sessions] == ["p", "2"]
    assert [session.id for session in older.sessions] == ["d", "1"]


def test_one_who_is_not_named_joins_no_two_people() -> None:
    one, other = SessionUser(uid="u-1"), SessionUser(uid="u-2")
    sessions = [at(0, 5, user=one), at(1, 5, source=FULLSTORY), at(2, 5, source=RAYGUN, user=other)]
    assert len(history(sessions).visits) == 2

"""Whom a record names is read from whatever was stored, and whose names those are."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.audit.mentions import mentions_in
from bot.audit.person import Named, person_of
from bot.domain.model import Subject, SubjectKind

JANE, MARY = "jane@contoso.example", "mary-jane@contoso.example"
BY_ADDRESS = Subject(SubjectKind.EMAIL, JANE, JANE)


def named(product: str | None = None, **user: str) -> Named:
    return Named(mentions_in(json.dumps({"id": f"of {user}", "user": user})), product)


def test_addresses_are_found_in_any_text_and_none_is_taken_for_a_longer_one() -> None:
    text = f'{{"entry": "/a?to=Jane%40contoso.example&x", "said": ["{MARY} wrote"]}}'
    assert mentions_in(text).addresses == {JANE, MARY}
    assert mentions_in(f"Nobody: {MARY}").addresses == {MARY}


def test_a_uid_is_one_where_the_record_says_so() -> None:
    record = {"uid": "7", "id": "8", "subject": {"kind": "uid", "value": "9"}, "count": "10"}
    assert mentions_in(json.dumps(record)).uids == {"7", "9"}


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_anything_can_be_read(text: str) -> None:
    mentions_in(text)


def test_a_uid_that_goes_with_the_address_alone_is_theirs_in_the_products_that_say_so() -> None:
    person = person_of(BY_ADDRESS, [named("www", email="Jane@contoso.example", uid="u-77")])
    assert person.uids == {"u-77"}
    assert person.spelled == {JANE, "Jane@contoso.example"}
    assert person.is_in(mentions_in('{"uid": "u-77"}'), "www")
    assert not person.is_in(mentions_in('{"uid": "u-77"}'), "shop")


def test_a_shared_uid_is_nobodys_name() -> None:
    everything = [named("www", email=JANE, uid="guest"), named("www", email=MARY, uid="guest")]
    person = person_of(BY_ADDRESS, everything)
    assert person.uids == frozenset()
    assert [person.is_in(one.mentions, one.product) for one in everything] == [True, False]


def test_by_a_uid_the_address_and_its_other_uids_are_found_too() -> None:
    everything = [named("www", email=JANE, uid="u-77"), named("shop", email=JANE, uid="4")]
    person = person_of(Subject(SubjectKind.UID, "u-77", "u-77"), everything)
    assert person.addresses == {JANE}
    assert person.uids == {"u-77", "4"}

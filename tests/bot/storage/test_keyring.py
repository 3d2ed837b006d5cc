"""Seals and hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.keyring import Keyring, Unsealable


@given(st.text())
def test_what_is_sealed_is_read_back_and_not_seen(text: str) -> None:
    ring = Keyring(("one",))
    sealed = ring.seal(text)
    assert ring.unseal(sealed) == text
    assert len(text) < 4 or text not in sealed


def test_a_retired_key_still_opens_and_the_first_one_seals() -> None:
    old = Keyring(("old",)).seal("x")
    assert Keyring(("new", "old")).unseal(old) == "x"
    with pytest.raises(Unsealable):
        Keyring(("old",)).unseal(Keyring(("new", "old")).seal("x"))


def test_what_somebody_changed_does_not_open() -> None:
    ring = Keyring(("one",))
    with pytest.raises(Unsealable):
        ring.unseal(ring.seal("x")[:-4] + "AAA=")


def test_hashes_depend_on_the_key_and_on_where_the_parts_end() -> None:
    one = Keyring(("one",))
    assert one.hash("a", "b") == one.hash("a", "b") != one.hash("ab", "")
    assert one.hash("a") != Keyring(("two",)).hash("a")

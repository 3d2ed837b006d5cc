"""Seals and hashes."""

import base64
import hashlib

import pytest
from cryptography.fernet import Fernet
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


def test_each_process_seals_by_a_key_of_its_own_salt_and_opens_the_others() -> None:
    one, other = Keyring(("one",)), Keyring(("one",))
    assert one.seal("x").split(".")[:2] != other.seal("x").split(".")[:2]
    assert other.unseal(one.seal("x")) == "x"


def test_what_was_sealed_before_seals_had_a_salt_still_opens() -> None:
    key = base64.urlsafe_b64encode(hashlib.sha256(b"casefile:seal:one").digest())
    assert Keyring(("one",)).unseal(Fernet(key).encrypt(b"x").decode()) == "x"
    audit = base64.urlsafe_b64encode(hashlib.sha256(b"casefile:seal audit:one").digest())
    assert Keyring(("one",)).apart("audit").decrypt(Fernet(audit).encrypt(b"x")) == b"x"


@pytest.mark.parametrize("broken", ["", "v2", "v2.", "v2.AAAA", "v2.A.A", "v2.é.x", "x.y.z"])
def test_what_is_no_seal_does_not_open(broken: str) -> None:
    with pytest.raises(Unsealable):
        Keyring(("one",)).unseal(broken)

"""JSON from outside: within bounds, and without what nothing can store."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.json_text import NotJson, read_json

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_whatever_is_read_can_be_written_as_utf8(value: Any) -> None:
    read = read_json(json.dumps(value).encode())
    json.dumps(read, ensure_ascii=False).encode()


def test_half_an_emoji_is_replaced_and_a_whole_one_stays() -> None:
    assert read_json(rb'{"\ud83d": ["a\ud83dz", "\ud83d\ude00", "\u00e9"]}') == {
        "\ufffd": ["a\ufffdz", "😀", "é"]
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'"\xff"',
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"[" + b"0," * 300_001 + b"0]",
        b"1" * 5_000,
    ],
    ids=["empty", "cut", "latin", "brackets", "deep list", "deep object", "many parts", "digits"],
)
def test_what_is_no_json_or_beyond_the_bounds_is_refused(content: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(content)


def test_a_wide_text_is_not_taken_for_a_deep_one() -> None:
    assert read_json(json.dumps([[[1]]] * 1_000).encode()) == [[[1]]] * 1_000

"""Reading vendors' JSON: whatever stands there, a field is a value or None."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.json_fields import to_count, to_id, to_moment, to_page, to_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "written",
    ["2026-11-03T08:14:09.000Z", "2026-11-03 08:14:09", "2026-11-03T09:14:09+01:00", 1793693649, "1793693649", 1793693649000],
)  # fmt: skip
def test_a_time_is_read_in_every_form_that_vendors_write(written: object) -> None:
    assert to_moment(written) == datetime(2026, 11, 3, 8, 14, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"), [(142, "142"), (18.6, "18.6"), ("\0\0", None), ("", None), (True, None)]
)
def test_texts_come_as_numbers_and_empty_ones_as_nuls(written: object, expected: str | None) -> None:
    assert to_text(written) == expected


@pytest.mark.parametrize(
    "written", ["1970-01-01 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31", "", 0, "soon"]
)
def test_what_stands_for_an_unknown_time_is_none(written: object) -> None:
    assert to_moment(written) is None


def test_an_identifier_beyond_a_floats_precision_keeps_every_digit() -> None:
    assert to_id(5120998877665544321) == "5120998877665544321"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://shop.example/reset?token=abc#x", "/reset"),
        ("/cart?x=1", "/cart"),
        ("https://shop.example", "/"),
        ("", None),
        ("http://[bad/x?token=1", "http://[bad/x"),
    ],
)
def test_a_page_loses_its_query_and_fragment(written: str, expected: str | None) -> None:
    assert to_page(written) == expected


@given(JSON)
def test_nothing_makes_reading_raise(value: object) -> None:
    for read in (to_text, to_id, to_count, to_moment, to_page):
        read(value)

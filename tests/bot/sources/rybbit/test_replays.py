"""The recording of a session, whatever a server says that it is."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.operations.json_text import NotJson, read_recording
from bot.sources.rybbit.replays import playable

PAGE = {"type": 2, "timestamp": 2_000, "data": {}}
NUMBERS = st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=3))
ROWS = st.one_of(NUMBERS, st.fixed_dictionaries({"type": NUMBERS, "timestamp": NUMBERS}))


def test_the_events_come_in_the_order_of_their_times() -> None:
    move: dict[str, Any] = {"type": 3, "timestamp": 3_000.5}
    assert playable([move, PAGE, {"type": 4, "timestamp": 1_000}]) == [
        {"type": 4, "timestamp": 1_000},
        PAGE,
        move,
    ]


def test_without_a_page_or_a_second_event_there_is_nothing_to_play() -> None:
    assert playable([]) is None
    assert playable([PAGE]) is None
    assert playable([{"type": 3, "timestamp": number} for number in range(9)]) is None


@given(st.lists(ROWS, max_size=20))
def test_what_is_no_event_is_left_out(rows: list[Any]) -> None:
    events = playable([PAGE, PAGE, *rows])
    assert events is not None
    assert all(isinstance(event, dict) for event in events)
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    # It can be written for a browser to read.
    assert json.loads(json.dumps(events, allow_nan=False))


@given(st.binary(max_size=200))
def test_what_is_no_json_is_refused_and_nothing_else_is_raised(content: bytes) -> None:
    with suppress(NotJson):
        read_recording(content)


@pytest.mark.parametrize("content", [b"[" + b"[]," * 800_000 + b"[]]", b"[" * 5_000 + b"]" * 5_000, b"\xff"])
def test_a_recording_that_is_too_much_to_read_is_refused(content: bytes) -> None:
    with pytest.raises(NotJson):
        read_recording(content)

"""Payloads that are not Slack's, or not whole: refused before anything reads them."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.database import StoreAway
from handlers.shapes import Unreadable, answer_error, bolt_request, checked, read_body
from tests.examples import examples

WORDS = """type command text event user id channel container message_ts actions action_id value view state
    values authorizations team enterprise response_urls function_data message response_url
    is_ext_shared_channel user_id channel_id event_id links url"""
NAMES = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["block_actions", "event_callback", "view_submission", "message", "U1", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
PRESS: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "container": {"message_ts": "1.2"},
    "actions": [{"action_id": "refresh", "value": "v"}],
}


@examples(150)
@given(VALUES)
def test_whatever_comes_is_read_or_refused(payload: Any) -> None:
    for body in (json.dumps(payload), urlencode({"payload": json.dumps(payload)})):
        with suppress(Unreadable):
            bolt_request(read_body(body), body)


def test_a_press_of_a_button_is_read() -> None:
    assert read_body(urlencode({"payload": json.dumps(PRESS)})) == PRESS


@pytest.mark.parametrize(
    "change",
    [
        {"user": {"id": ["U1"]}},
        {"user": None},
        {"actions": []},
        {"actions": [{"value": "v"}]},
        {"actions": [{"action_id": "refresh", "value": "v" * 2_001}]},
        {"container": {"message_ts": 1.2}},
        {"container": "C1"},
        {"authorizations": [1]},
        {"response_url": "https://x.example/\u202e"},
    ],
)
def test_a_press_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        checked(PRESS | change)


@pytest.mark.parametrize(
    "wrong",
    [
        {"external_ref": "x"},
        {"external_ref": {"id": 7}},
        {"entity_url": 7},
        {"app_unfurl_url": ["x"]},
        {"trigger_id": "\u202e"},
        {"link": []},
        {"is_unfurl_refresh": "yes"},
    ],
)
def test_a_click_on_a_card_of_another_shape_is_refused(wrong: dict[str, Any]) -> None:
    event = {"type": "entity_details_requested", "user": "U1", "trigger_id": "1.2"}
    checked({"type": "event_callback", "event": event})
    with pytest.raises(Unreadable):
        checked({"type": "event_callback", "event": event | wrong})


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "payload=%7B",
        "payload=1",
        "&".join("a=1" for _ in range(101)),
        "command=%2Fsessions&text=x",
        '{"type": "event_callback"}',
        '{"a":' * 70 + "1" + "}" * 70,
    ],
)
def test_what_is_no_payload_is_refused(body: str) -> None:
    with pytest.raises(Unreadable):
        read_body(body)


def test_half_an_emoji_in_a_message_is_replaced() -> None:
    body = r'{"type": "event_callback", "event": {"type": "message", "text": "a\ud83d"}}'
    assert read_body(body)["event"]["text"] == "a\ufffd"


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyError("message_ts"), 400), (StoreAway("no database"), 503), (RuntimeError("a fault of ours"), 500)],
)
async def test_what_a_handler_stumbles_over_is_told_apart(error: Exception, status: int) -> None:
    assert (await answer_error(error)).status == status

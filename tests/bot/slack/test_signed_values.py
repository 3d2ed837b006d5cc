"""Buttons' values are signed as they leave, and nothing that was altered is taken."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.signed_values import ButtonSeals, ForgedValue
from bot.storage.keyring import Keyring

OLD, NEW = "the older secret of these tests is long", "the newer secret of these tests is long"
SEALS = ButtonSeals(Keyring((NEW, OLD)))


def button(value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": "refresh", "value": value, "text": {"text": "Refresh"}}


def signed(value: str, seals: ButtonSeals = SEALS) -> str:
    [block] = seals.signed([{"type": "actions", "elements": [button(value)]}])
    told: str = block["elements"][0]["value"]
    return told


@given(st.text(max_size=300))
def test_what_was_signed_comes_back_as_it_was(value: str) -> None:
    assert SEALS.opened("refresh", signed(value)) == value


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_else_does(value: str, other: str) -> None:
    for forged in (value, f"{other}y{signed(value)}", signed(value) + "x", signed(value).replace("~", "", 1)):
        with pytest.raises(ForgedValue):
            SEALS.opened("refresh", forged)


def test_a_value_of_one_button_is_none_of_another() -> None:
    with pytest.raises(ForgedValue):
        SEALS.opened("remove", signed("x"))


def test_a_value_that_an_older_key_signed_is_taken_and_a_strangers_is_not() -> None:
    assert SEALS.opened("refresh", signed("x", ButtonSeals(Keyring((OLD,))))) == "x"
    with pytest.raises(ForgedValue):
        SEALS.opened("refresh", signed("x", ButtonSeals(Keyring(("a secret of somebody else, surely",)))))


def test_a_value_that_grows_too_long_for_slack_is_one_that_is_refused() -> None:
    told = signed("x" * 1_990)
    assert len(told) <= 2_000
    with pytest.raises(ForgedValue):
        SEALS.opened("refresh", told)


def test_a_menus_options_are_signed_and_stay_within_what_slack_takes() -> None:
    options = [{"value": value, "text": {"text": "x"}} for value in ("rest:1", "x" * 140)]
    [menu] = SEALS.signed([{"type": "overflow", "action_id": "rest", "options": options}])
    short, long = (option["value"] for option in menu["options"])
    assert SEALS.opened("rest", short) == "rest:1"
    assert len(long) <= 150
    with pytest.raises(ForgedValue):
        SEALS.opened("rest", long)


def test_buttons_are_found_wherever_slack_takes_them_and_nothing_else_is_changed() -> None:
    section: dict[str, Any] = {
        "type": "section",
        "accessory": button("a"),
        "text": {"type": "mrkdwn", "text": "value"},
    }
    choice = {"type": "static_select", "options": [{"value": "kept", "text": {"text": "x"}}]}
    arguments: dict[str, Any] = {
        "channel": "C1",
        "blocks": [section, {"type": "actions", "elements": [choice]}],
        "unfurls": {"https://x.example": {"blocks": [section]}},
        "metadata": {"event_payload": {"type": "button", "value": "kept"}},
    }
    told = SEALS.in_arguments(arguments)
    for block in (told["blocks"][0], told["unfurls"]["https://x.example"]["blocks"][0]):
        assert SEALS.opened("refresh", block["accessory"]["value"]) == "a"
    assert told["blocks"][1]["elements"] == [choice]
    assert (told["channel"], told["metadata"]) == (arguments["channel"], arguments["metadata"])
    assert section["accessory"]["value"] == "a"

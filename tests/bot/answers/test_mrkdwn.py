"""Foreign text in Slack's markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.mrkdwn import escaped

DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.sampled_from([*DIRECTIONS, "\U000e0041", "\x85", ":", "a", "<", "*"]), max_size=40))
def test_no_direction_mark_tag_or_emoji_stays_in_foreign_text(text: str) -> None:
    shown = escaped(text, 60)
    assert not re.search(f"[{DIRECTIONS}\x85\U000e0000-\U000e0fff]", shown)
    assert not re.search(r":[^\s:\u2060]+:", shown)


@pytest.mark.parametrize("text", [":tada:", "a:skull:b", ":a:b:"])
def test_an_emojis_name_is_shown_as_it_is(text: str) -> None:
    shown = escaped(text, 60)
    assert shown.replace("\u2060", "") == text
    assert not re.search(r":[^\s:\u2060]+:", shown)

"""Characters that nobody sees, wide ones, and Slack's escapes."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.characters import escaped_in_json, narrow, unescaped, without_invisible

INVISIBLE = [
    "\u00ad",  # soft hyphen
    "\u200b",  # zero width space
    "\u200c",  # joiners
    "\u200d",
    "\u200e",  # direction marks
    "\u200f",
    "\u061c",
    "\u202a",
    "\u202c",
    "\u2060",  # word joiner
    "\u2066",  # isolates
    "\u2069",
    "\ufeff",  # byte order mark
    "\ufe0f",  # variation selectors
    "\U000e0101",
    "\U000e0041",  # a tag
    "\u3164",  # a filler
]


@pytest.mark.parametrize("mark", INVISIBLE, ids=ascii)
def test_an_invisible_character_becomes_nothing(mark: str) -> None:
    assert without_invisible(f"{mark}ja{mark}{mark}ne{mark}") == "jane"


@pytest.mark.parametrize("word", ["نامه\u200cای", "क्\u200dष", "jané", "用户", "a b\tc\nd", "\x01"])
def test_what_is_seen_and_what_is_spelling_stays(word: str) -> None:
    assert without_invisible(word) == word


def test_a_stray_joiner_beside_arabic_letters_becomes_nothing() -> None:
    assert without_invisible("\u200cنامه\u200c \u200d") == "نامه "


def test_wide_and_small_forms_become_ascii() -> None:
    assert narrow("ｊａｎｅ＠ｃｏｎｔｏｓｏ．ｅｘａｍｐｌｅ：７７") == "jane@contoso.example:77"
    assert narrow("jane﹫contoso﹒example﹕") == "jane@contoso.example:"


def test_escapes_are_undone_once() -> None:
    assert unescaped("&lt;a&gt; &amp;lt; &copy=1") == "<a> &lt; &copy=1"


@given(st.text())
def test_cleaning_is_whole_at_once_and_narrowing_keeps_the_length(text: str) -> None:
    cleaned = without_invisible(text)
    assert without_invisible(cleaned) == cleaned
    assert len(narrow(text)) == len(text)


@given(st.lists(st.text(max_size=12), max_size=4))
def test_json_means_the_same_when_its_unseen_characters_are_escaped(parts: list[str]) -> None:
    parts = [*parts, ":tada:", "a\u202eb", "\U000e0041\u061c", "\\\\:x:"]
    text = escaped_in_json(json.dumps(parts, ensure_ascii=False), 2_000)
    assert json.loads(text) == parts
    assert not re.search("[\u202e\u061c\U000e0041]|:tada:", text)

"""
What is typed and pasted, made plain: without characters that nobody sees, without escapes and wide forms.

An address means the same without an invisible mark in it, or with a wide `＠`. A uid may not: it is never
changed inside, so only what cleans the ends is for uids; wide digits in a URL are none.
"""

import json
import re

# Unicode's Default_Ignorable_Code_Point but for the two joiners: soft hyphen, zero width, direction marks,
# isolates, fillers, variation selectors, tags; and the anchors of annotations.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# Between two letters of Arabic or an Indic script a joiner is spelling: two domains may differ by it alone.
_SPELT_WITH_JOINERS = "\u0590-\u1cff"
_STRAY_JOINER = re.compile(
    f"(?<![{_SPELT_WITH_JOINERS}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_SPELT_WITH_JOINERS}\u200c\u200d])"
)
# The wide forms of ASCII that keyboards of East Asia type, and the small forms of the signs of an address.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {
    ord("﹫"): ord("@"),
    ord("﹕"): ord(":"),
    ord("﹒"): ord("."),
}
# The three characters that Slack escapes; `&amp;` is undone last, so that nothing is undone twice.
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def without_invisible(text: str) -> str:
    """The text without its invisible characters; they become nothing, not a blank."""
    if text.isascii():
        return text
    return _STRAY_JOINER.sub("", _INVISIBLE.sub("", text))


def without_invisible_ends(text: str) -> str:
    """The text without its invisible characters at either end; those inside stay."""
    start, end = 0, len(text)
    while start < end and not without_invisible(text[start]):
        start += 1
    while start < end and not without_invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def narrow(text: str) -> str:
    """The text with wide and small forms (`＠`, `．`, `：`, `ｊａｎｅ`) as ASCII, at the same length."""
    return text if text.isascii() else text.translate(_NARROW)


def unescaped(text: str) -> str:
    """The text with Slack's escapes undone, once; links must have been taken apart before."""
    for escape, mark in _ESCAPES:
        text = text.replace(escape, mark)
    return text


# What a reader does not see, and the colons of an emoji's name such as `:tada:`.
_UNSEEN_OR_EMOJI = re.compile(f"[\\x7f-\\x9f\\u2028\\u2029]|{_INVISIBLE.pattern[:-1]}|:(?=[^\\s:]{{1,100}}:)")


def escaped_in_json(text: str, most: int) -> str:
    """
    JSON without objects that means the same, its unseen characters and emoji's names written as escapes.

    What is longer than `most` characters by that stays as it is.
    """
    escaped = _UNSEEN_OR_EMOJI.sub(lambda one: json.dumps(one[0])[1:-1].replace(":", "\\u003a"), text)
    return escaped if len(escaped) <= most else text

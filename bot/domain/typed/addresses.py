"""
Addresses in what a person typed: every word with an @ in it is an address, or is told to be none.

A ticket's reader takes what looks like an address out of any text; here the whole word must be one, for
somebody meant it: a part of it would be another customer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.addresses import LONGEST_SUBJECT, find_addresses, is_masked, read_address
from bot.domain.model import Subject

# Blanks, brackets, double quotes and separators end a word; single quotes may be part of a name.
_WORD = re.compile(r"[^\s<>()\[\]{},;|\\\"“”„«»、。「」『』【】《》〈〉]+")
_MARKS = "'’‘`*~:!?"
_SEEN = f".…{_MARKS}"
# An ellipsis right before or after an address, but for marks between them: it may be a part of another one.
_CUT_BEFORE = re.compile(r"(?:…|\.\.)[^\w\s(]{0,3}$")
_CUT_AFTER = re.compile(r"[^\w\s)'’\"”»]{0,3}?(?:…|\.\.)")
_NEAR = 6
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
# Before an address without a blank; any other word with a colon may be a part of what it names.
_EMOJI_OR_LABEL = re.compile(
    r"(?::[a-z0-9_+'-]{1,60}:)+|(?:e-?mail|mail|address|customer|contact|requester|from|to):", re.IGNORECASE
)
# An address by its form, as also files, versions and hosts have it.
_FORM = re.compile(r"[^@]+@[\w.-]{3,}")


class NotAnAddress(StrEnum):
    """Why a word with an @ in it is nobody's address."""

    NO_ADDRESS = "no address"
    MASKED = "masked"
    CUT = "cut off"
    TOO_LONG = "too long"
    NAME = "a name with an @ before it"


@dataclass(frozen=True, slots=True)
class Word:
    """
    A word with an @ in it, where it begins and ends in the text, and whom it names or why nobody.

    `is_noise` says that it looks like a file, a version or a host, as `icon@2x.png` does.
    """

    typed: str
    start: int
    end: int
    read: Subject | NotAnAddress
    is_noise: bool


def words_with_at(text: str) -> Iterator[Word]:
    """The words of a text that have an @ in them, URLs left out; `text` is free of invisible characters."""
    if "@" not in text:
        return
    for found in _WORD.finditer(text):
        if "@" in found[0] and not _URL.match(found[0]):
            yield _judged(found)


def _judged(found: re.Match[str]) -> Word:
    word = _bare(found[0].strip(_MARKS))
    is_noise = _FORM.match(word) is not None and not any(find_addresses(word))
    read = NotAnAddress.CUT if _is_cut(found) else _read(word)
    return Word(word, found.start(), found.end(), read, is_noise)


def _is_cut(found: re.Match[str]) -> bool:
    text, word = found.string, found[0]
    start = found.start() + len(word) - len(word.lstrip(_SEEN))
    end = found.start() + len(word.rstrip(_SEEN))
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    return bool(_CUT_BEFORE.search(before) or _CUT_AFTER.match(after))


def _bare(word: str) -> str:
    """The word without a label, an emoji or `mailto:` before it, and without marks around it."""
    if word.lower().startswith("mailto:"):
        word = word[len("mailto:") :].partition("?")[0]
    elif label := _EMOJI_OR_LABEL.match(word):
        word = word[label.end() :]
    word = word.rstrip(_SEEN).removesuffix("'s").removesuffix("’s").strip(_MARKS)
    # Slack's italics; alone, an underscore is the beginning of a name.
    return word[1:-1] if word.startswith("_") and word.endswith("_") else word


def _read(word: str) -> Subject | NotAnAddress:
    if len(word) > LONGEST_SUBJECT:
        return NotAnAddress.TOO_LONG
    if word.startswith("@"):
        return NotAnAddress.NAME
    if is_masked(word):
        return NotAnAddress.MASKED
    return read_address(word) or NotAnAddress.NO_ADDRESS

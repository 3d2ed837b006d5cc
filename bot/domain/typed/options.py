"""What may be typed after an address or uid: how many days back, and whether the vendors are asked anew."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_DAYS = 365
"""How far back a lookup goes at most, however it is asked for; `LOOKUP__DAYS` as well."""

_FRESH = "fresh"
_DAYS = re.compile(r"([0-9]+)d")
_DAYS_IN_WORDS = re.compile(r"(?<![\w.,-])([0-9]+)\s?d(?:ays?)?(?![\w-])", re.IGNORECASE)
_FRESH_IN_WORDS = re.compile(r"(?<![\w.-])fresh(?![\w-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Options:
    """How a lookup is to be made; `days` is None where that is left to the setting."""

    days: int | None = None
    fresh: bool = False


def is_option(word: str) -> bool:
    """Whether a lower-cased word is one of the options, though perhaps with too many days."""
    return word == _FRESH or _DAYS.fullmatch(word) is not None


def read_options(words: Sequence[str]) -> Options | str:
    """The options that lower-cased words are, or in a sentence why they are none."""
    if not all(map(is_option, words)):
        return "After the address or uid, only a number of days (7d) and “fresh” are understood."
    days = [_number(word.removesuffix("d")) for word in words if word != _FRESH]
    return _options(days, fresh=words.count(_FRESH))


def options_in_words(text: str) -> Options | str:
    """The options that stand anywhere in a sentence, or in a sentence why they cannot be meant."""
    days = [_number(digits) for digits in _DAYS_IN_WORDS.findall(text)]
    return _options(days, fresh=min(1, len(_FRESH_IN_WORDS.findall(text))))


def _options(days: Sequence[int], *, fresh: int) -> Options | str:
    if any(not 1 <= one <= MOST_DAYS for one in days):
        return f"Between 1 and {MOST_DAYS} days can be looked back, such as 7d."
    if len(days) > 1 or fresh > 1:
        return "A number of days (7d) and “fresh” are understood once each."
    return Options(days[0] if days else None, bool(fresh))


def _number(digits: str) -> int:
    """The number, or where it is too large to be one of days, one more than there may be."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= len(str(MOST_DAYS)) else MOST_DAYS + 1

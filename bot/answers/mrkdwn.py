"""
Text in Slack's markup.

Everything that a vendor or a customer wrote is escaped and cut, so that it cannot mention anybody, look like
a link or exceed a limit.
"""

import html
import re
from collections.abc import Callable
from datetime import datetime

# Control characters, line breaks, and characters that are invisible or change the direction of writing.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]+"
)
# What would start or end bold, italics, strike-through or code, or begin an emoji's name (`:tada:`).
_MARKS = re.compile(r"[*_~`]|:(?=[^\s:]{1,100}:)")
# A section holds 3,000 characters, and a link shares it with a line of text.
_LONGEST_LINK = 1_200
# U+2060 is invisible: around a mark of formatting, it makes Slack show the mark as it is.
_WORD_JOINER = "\u2060"
# Characters of the longest of Slack's entities, less its end: `&amp`.
_LONGEST_ENTITY = 4
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Younger than this many seconds is "just now".
_JUST_NOW = 10


def escaped(text: str, most: int) -> str:
    """
    Untrusted text as one line of at most `most` visible characters, ending in "…" where it is cut.

    Marks of formatting stay readable and format nothing. With what that takes it is at most twice as long.
    """
    return _cut(one_line(text), most, _shown)


def code(text: str, most: int) -> str:
    """Untrusted text, such as an address, as code: people can copy it exactly as it is."""
    return f"`{_cut(one_line(text).replace('`', chr(39)), most, _safe)}`"


def one_line(text: str) -> str:
    """Untrusted text as one line, without control characters and what nobody sees."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _cut(line: str, most: int, write: Callable[[str], str]) -> str:
    """A line as it is written, cut so that it is short in both: an ampersand is one character and five."""
    written = write(line) if len(line) <= most else write(f"{line[: most - 1].rstrip()}…")
    while len(written) > 2 * most:
        line = line[: min(len(line), most) * 3 // 4]
        written = write(f"{line.rstrip()}…")
    return written


def _shown(line: str) -> str:
    return _MARKS.sub(lambda mark: f"{_WORD_JOINER}{mark[0]}{_WORD_JOINER}", _safe(line))


def _safe(text: str) -> str:
    return html.escape(text, quote=False)


def cut_markup(text: str, most: int) -> str:
    """Text in Slack's markup, cut to a length: never within an entity, a link or a time."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    opened = kept.rfind("<")
    if opened > kept.rfind(">"):
        kept = kept[:opened]
    entity = kept.rfind("&", -_LONGEST_ENTITY)
    if entity >= 0 and ";" not in kept[entity:]:
        kept = kept[:entity]
    return f"{kept.rstrip()}…"


def link(url: str, label: str) -> str:
    """A link to a URL that `LinkRule` has allowed; the label alone where the URL is too long."""
    target = _safe(url)
    return f"<{target}|{label}>" if len(target) <= _LONGEST_LINK else label


def local_time(moment: datetime, form: str = "{date_short_pretty} {time}") -> str:
    """A time that Slack shows in the reader's own zone; its fallback is in UTC."""
    return f"<!date^{int(moment.timestamp())}^{form}|{moment:%Y-%m-%d %H:%M} UTC>"


def ago(seconds: float) -> str:
    """An age in its largest unit: `2 d ago`, `3 h ago`, `12 s ago`, `just now`."""
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now" if seconds < _JUST_NOW else f"{int(seconds)} s ago"


def lasting(seconds: int) -> str:
    """A duration in its two largest units: `4 min 5 s`, `2 h 3 min`, `2 h`, `12 s`."""
    if seconds >= _HOUR:
        large, small = f"{seconds // _HOUR} h", f"{seconds % _HOUR // _MINUTE} min"
    elif seconds >= _MINUTE:
        large, small = f"{seconds // _MINUTE} min", f"{seconds % _MINUTE} s"
    else:
        return f"{seconds} s"
    return large if small.startswith("0 ") else f"{large} {small}"


def ordinal(number: int) -> str:
    """A number as it counts: 1st, 2nd, 12th, 103rd."""
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    return f"{number}{('th', 'st', 'nd', 'rd')[last] if last < 4 else 'th'}"  # noqa: PLR2004


def counted(number: int, thing: str) -> str:
    """A number with its noun: `1 session`, `2 sessions`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"

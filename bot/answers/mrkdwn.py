"""
Text in Slack's markup.

Everything that a vendor or a customer wrote is escaped and cut, so that it cannot mention anybody, look like
a link or exceed a limit.
"""

import html
import re
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
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Younger than this many seconds is "just now".
_JUST_NOW = 10


def escaped(text: str, most: int) -> str:
    """
    Untrusted text as one line of at most `most` visible characters, ending in "…" where it is cut.

    Marks of formatting stay readable and format nothing.
    """
    line = " ".join(_CONTROL.sub(" ", text).split())
    cut = line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
    return _MARKS.sub(lambda mark: f"{_WORD_JOINER}{mark[0]}{_WORD_JOINER}", _safe(cut))


def code(text: str, most: int) -> str:
    """Untrusted text, such as an address, as code: people can copy it exactly as it is."""
    line = " ".join(_CONTROL.sub(" ", text).split()).replace("`", "'")
    return f"`{_safe(line if len(line) <= most else f'{line[: most - 1]}…')}`"


def _safe(text: str) -> str:
    return html.escape(text, quote=False)


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
    """A duration: `4 min 5 s`, `2 h 3 min`, `12 s`."""
    if seconds >= _HOUR:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    if seconds >= _MINUTE:
        return f"{seconds // _MINUTE} min {seconds % _MINUTE} s"
    return f"{seconds} s"


def counted(number: int, thing: str) -> str:
    """A number with its noun: `1 session`, `2 sessions`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"

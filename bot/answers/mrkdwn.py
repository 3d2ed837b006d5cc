"""
Text for Slack.

Everything a vendor or a customer wrote is escaped and cut, so that it can mention nobody, pose as no link
and break no limit.
"""

import html
import re
from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
# Characters that would start or end bold, italics, strike-through or code.
_MARKS = re.compile(r"[*_~`]")
# A section holds 3,000 characters, and a link shares it with a line of text.
_LONGEST_LINK = 1_200
_ZERO_WIDTH_JOINER = "\u2060"


def escaped(text: str, most: int) -> str:
    """
    Give untrusted text as one line of at most `most` visible characters, marked "…" where it is cut.

    Marks of formatting are kept readable and made powerless by an invisible word joiner.
    """
    line = " ".join(_CONTROL.sub(" ", text).split())
    cut = line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
    return _MARKS.sub(lambda mark: f"{_ZERO_WIDTH_JOINER}{mark[0]}{_ZERO_WIDTH_JOINER}", _safe(cut))


def code(text: str, most: int) -> str:
    """Give untrusted text, such as an address, as code: it can be copied exactly as it is."""
    line = " ".join(_CONTROL.sub(" ", text).split()).replace("`", "'")
    return f"`{_safe(line if len(line) <= most else f'{line[: most - 1]}…')}`"


def _safe(text: str) -> str:
    return html.escape(text, quote=False)


def link(url: str, label: str) -> str:
    """Give a link to a URL that `LinkRule` has allowed; the label alone where it is too long to fit."""
    target = _safe(url)
    return f"<{target}|{label}>" if len(target) <= _LONGEST_LINK else label


def local_time(moment: datetime, form: str = "{date_short_pretty} {time}") -> str:
    """Give a time as the reader's own clock has it; the fallback is in UTC."""
    return f"<!date^{int(moment.timestamp())}^{form}|{moment:%Y-%m-%d %H:%M} UTC>"


def ago(seconds: float) -> str:
    """Give an age in the largest unit that says something."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now" if seconds < 10 else f"{int(seconds)} s ago"  # noqa: PLR2004


def lasting(seconds: int) -> str:
    """Give a duration: `4 min 5 s`, `2 h 3 min`, `12 s`."""
    if seconds >= 3_600:  # noqa: PLR2004
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    if seconds >= 60:  # noqa: PLR2004
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds} s"


def counted(number: int, thing: str) -> str:
    """Give `1 session`, `2 sessions`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"

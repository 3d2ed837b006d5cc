"""
A pasted URL taken out of what surrounds it: Slack's brackets, a sentence's punctuation, invisible characters.

Only reading is lenient: Slack knows a URL by exactly what it wrote.
"""

import re

from bot.domain.characters import unescaped, without_invisible

# Marks that open before a URL, each with the one that closes behind it; those of formatting come in pairs.
_CLOSING = {
    "(": ")",
    "<": ">",
    "[": "]",
    "{": "}",
    "“": "”",
    "‘": "’",
    "„": "“",
    "«": "»",
    "「": "」",
    "（": "）",
}
_CLOSING |= {mark: mark for mark in "\"'`*_~"}
# What ends a sentence or a quote behind a URL, whatever stands before it.
_TRAILING = frozenset('.,;:!?>"”’»」）。、，')
# Brackets may be part of a URL, where the opening one is too.
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_DOTS = ("…", "..")
_AROUND_DOTS = "".join(_TRAILING - {"."}) + "".join(_BRACKETS) + "'`*_~"
DEFAULT_PORTS = {"http": 80, "https": 443}
_DEFAULT_PORT = re.compile(
    r"(https(?=://[^/?#]*:443)|http(?=://[^/?#]*:80))(://[^/?#:@]*):\d+(?=[/?#]|$)", re.ASCII
)


def unwrapped(text: str) -> str:
    """The URL without Slack's brackets and escapes, and without the marks that a sentence puts around it."""
    written, _ = _written(text)
    url = written.lstrip("".join(_CLOSING))
    marks = written[: len(written) - len(url)]
    if "<" in marks:
        url = url.partition(">")[0].partition("|")[0]
    # Each mark that opened before the URL closes behind it once; a second one belongs to the URL.
    closing = [_CLOSING[mark] for mark in marks]
    end = len(url)
    while end and (url[end - 1].isspace() or _is_behind(url[:end], closing)):
        end -= 1
    return url[:end]


def is_cut(text: str) -> bool:
    """Whether the URL ends in an ellipsis, so that an id at its end may be a part of another one."""
    url, behind = _written(text)
    return behind.startswith(_DOTS) or url.rstrip(_AROUND_DOTS).endswith(_DOTS)


def without_default_port(url: str) -> str:
    """The URL without the port that its scheme has anyway."""
    return _DEFAULT_PORT.sub(r"\1\2", url)


def _written(text: str) -> tuple[str, str]:
    """The URL of `<url|label>` or else the whole text, with escapes undone; and what follows the brackets."""
    text, behind = without_invisible(text).strip(), ""
    if text.startswith("<"):
        text, _, behind = text[1:].partition(">")
        text = text.partition("|")[0]
    return unescaped(text).strip(), behind


def _is_behind(url: str, closing: list[str]) -> bool:
    """Whether the last character belongs to the sentence around the URL; a mark that closes is used up."""
    last = url[-1]
    if last in _BRACKETS:
        return url.count(last) > url.count(_BRACKETS[last])
    if last in closing:
        closing.remove(last)
        return True
    return last in _TRAILING

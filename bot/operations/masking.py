"""What looks like an address, a token or a URL, made unreadable."""

import re

_MASKS = (
    (re.compile(r"[^\s<>\"'=:,;()\[\]]+@[^\s<>\"',;()\[\]]+"), "<address>"),
    (re.compile(r"\bx(?:ox[a-z]|app)-[\w-]+"), "<token>"),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 <token>"),
    (re.compile(r"(?i)((?:api_?key|token|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"), r"\1<token>"),
    (re.compile(r"https?://[^\s\"'<>]+"), "<url>"),
)


def mask(text: str) -> str:
    """The text with all of these masked."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text

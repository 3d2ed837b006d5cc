"""
Slack's control sequences: what is between angle brackets in message text.

Slack reads `<…>` first and unescapes `&lt;`, `&gt;` and `&amp;` afterwards, so an escaped `&lt;!channel&gt;`
is text only, and an unescaped one notifies everybody.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SEQUENCE = re.compile(r"<([^<>\n]+)>")
_DATE_ATTEMPT = re.compile(r"<!date[^<>]*>?", re.IGNORECASE)
_DATE = re.compile(r"<!date\^(-?\d{1,11})\^([^^|<>]+)(?:\^(https?://[^|<>\s]+))?\|([^<>]+)>")
_DATE_PART = re.compile(r"\{([a-z_]+)\}")
DATE_PARTS = frozenset(
    {"date", "date_num", "date_slash", "date_long", "date_long_full", "date_long_pretty", "date_pretty"}
    | {"date_short", "date_short_pretty", "time", "time_secs", "ago", "day_divider_pretty"}
)
_BROADCASTS = frozenset({"channel", "here", "everyone", "group"})
_NAMED = re.compile(r"(?<![\w@.])@(channel|here|everyone)\b")
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>|]+")


@dataclass(frozen=True, slots=True)
class Mention:
    """Who is notified by a text: `kind` is `broadcast`, `user` or `group`, `target` the word or the id."""

    kind: str
    target: str


def escape(text: str) -> str:
    """The text escaped, so that Slack shows it as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The text with Slack's three entities turned back into characters, once."""
    return re.sub(r"&(lt|gt|amp);", lambda m: {"lt": "<", "gt": ">", "amp": "&"}[m[1]], text)


def find_mentions(text: str, *, link_names: bool = False) -> Iterator[Mention]:
    """Every mention that Slack would make of this mrkdwn."""
    for sequence in _SEQUENCE.findall(text):
        body = sequence.split("|", 1)[0]
        if body.startswith("!subteam^"):
            yield Mention("group", body.removeprefix("!subteam^"))
        elif body.startswith("!") and body[1:] in _BROADCASTS:
            yield Mention("broadcast", body[1:])
        elif body.startswith("@"):
            yield Mention("user", body[1:])
    if link_names:
        for word in _NAMED.findall(_SEQUENCE.sub(" ", text)):
            yield Mention("broadcast", word)


def malformed_dates(text: str) -> list[str]:
    """Each `<!date…>` in the text that Slack would show as raw text or without a time."""
    return [attempt for attempt in _DATE_ATTEMPT.findall(text) if not _is_date(attempt)]


def _is_date(attempt: str) -> bool:
    match = _DATE.fullmatch(attempt)
    if not match:
        return False
    parts = _DATE_PART.findall(match[2])
    return bool(parts) and DATE_PARTS.issuperset(parts)


def as_sent(typed: str, names: dict[str, str]) -> str:
    """
    The text that a Slack client sends for what a person typed.

    `names` maps lower-cased display names to user ids. Addresses and links are wrapped as Slack wraps
    them: `<mailto:a@b.example|a@b.example>`, `<https://a.example>`.
    """
    text = _URL.sub(lambda m: f"<{m[0]}>", escape(typed))
    text = _EMAIL.sub(lambda m: f"<mailto:{m[0]}|{m[0]}>" if _stands_alone(text, m) else m[0], text)
    for name, user in names.items():
        text = re.sub(rf"(?<![\w<])@{re.escape(name)}\b", f"<@{user}>", text, flags=re.IGNORECASE)
    return re.sub(r"(?<![\w<])@(here|channel|everyone)\b", r"<!\1>", text)


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    # An address inside a link's query is part of the link.
    before = text[: match.start()]
    return before.rfind("<http") <= before.rfind(">")

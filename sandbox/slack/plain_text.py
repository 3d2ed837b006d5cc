"""A message as a person reads it, for tests and their failures."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox.slack.messages import Json, Message
from sandbox.slack.mrkdwn import Mention, find_mentions, unescape

_SEQUENCE = re.compile(r"<([^<>\n]+)>")
_FORMATS = {
    "date_num": "%Y-%m-%d",
    "date_slash": "%m/%d/%Y",
    "time": "%H:%M",
    "time_secs": "%H:%M:%S",
    "ago": "%Y-%m-%d %H:%M",
}
_LONG_DATE = "%b %d, %Y"


def plain_text(message: Message) -> str:
    """The readable text: links as `label (url)`, dates in UTC, one line for each piece of text."""
    if not message.blocks:
        return read_mrkdwn(message.text)
    return "\n".join(line for block in message.blocks for line in _lines(block))


def mentions(message: Message) -> frozenset[Mention]:
    """Who is notified by this message: by its text, all mrkdwn in its blocks, and rich text."""
    link_names = message.content.link_names
    found = set(find_mentions(message.text, link_names=link_names))
    for part in (message.blocks, message.content.attachments, message.unfurls, message.entities):
        for node in walk(part):
            found |= _mentions_of(node, link_names=link_names)
    return frozenset(found)


def broadcasts(message: Message) -> frozenset[str]:
    """Which of `channel`, `here` and `everyone` this message notifies."""
    return frozenset(m.target for m in mentions(message) if m.kind == "broadcast")


def walk(value: Any) -> Iterator[Json]:
    """Every object inside a piece of JSON, outermost first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)


def read_mrkdwn(text: str) -> str:
    """Mrkdwn as it reads, with control sequences spelt out."""
    return unescape(_SEQUENCE.sub(lambda match: _spell_out(match[1]), text))


def _spell_out(sequence: str) -> str:
    body, _, label = sequence.partition("|")
    if body.startswith("!date^"):
        return _date(body, label)
    if body.startswith("!subteam^"):
        return label or f"@{body.removeprefix('!subteam^')}"
    if body.startswith("!"):
        return f"@{body[1:]}"
    if body.startswith(("@", "#")):
        return f"{body[0]}{label or body[1:]}"
    bare = body.removeprefix("mailto:")
    return f"{label} ({body})" if label and label not in (body, bare) else bare


def _date(body: str, fallback: str) -> str:
    _, seconds, form, *_ = [*body.split("^"), "", ""]
    if not seconds.lstrip("-").isdigit():
        return fallback
    moment = datetime.fromtimestamp(int(seconds), UTC)
    return re.sub(r"\{([a-z_]+)\}", lambda m: moment.strftime(_FORMATS.get(m[1], _LONG_DATE)), form)


def _lines(block: Json) -> Iterator[str]:
    kind = block.get("type")
    if kind == "divider":
        yield "---"
    elif kind == "actions":
        yield " ".join(_read(element) for element in block.get("elements", ()))
    elif kind == "context":
        yield " ".join(filter(None, (_read(element) for element in block.get("elements", ()))))
    elif kind == "rich_text":
        yield _rich(block)
    else:
        parts = [block.get("text"), block.get("label"), *block.get("fields", ()), block.get("accessory")]
        yield from filter(None, (_read(part) for part in parts if part))


def _read(element: Any) -> str:
    if isinstance(element, str):
        return element
    kind = element.get("type")
    if kind == "mrkdwn":
        return read_mrkdwn(str(element.get("text", "")))
    if kind == "plain_text":
        return str(element.get("text", ""))
    if kind == "button":
        label = _read(element.get("text", ""))
        return f"[{label}]({element['url']})" if element.get("url") else f"[{label}]"
    if kind == "overflow":
        return "[" + " | ".join(_read(option.get("text", "")) for option in element.get("options", ())) + "]"
    return ""


def _rich(node: Json) -> str:
    kind = node.get("type")
    if kind == "link":
        label = node.get("text")
        return f"{label} ({node['url']})" if label else str(node.get("url", ""))
    if kind in {"user", "usergroup", "channel", "broadcast"}:
        targets = (node.get(key) for key in ("user_id", "usergroup_id", "range", "channel_id"))
        return f"@{next(filter(None, targets), '')}"
    if "elements" in node:
        between = "\n" if kind in {"rich_text", "rich_text_list"} else ""
        return between.join(_rich(child) for child in node["elements"])
    return str(node.get("text", ""))


def _mentions_of(node: Json, *, link_names: bool) -> set[Mention]:
    kind = node.get("type")
    if kind == "broadcast":
        return {Mention("broadcast", str(node.get("range")))}
    if kind == "user" and "user_id" in node:
        return {Mention("user", str(node["user_id"]))}
    if kind == "usergroup":
        return {Mention("group", str(node.get("usergroup_id")))}
    if kind == "plain_text":
        return set()
    # Attachments and unfurl cards hold their mrkdwn in bare strings.
    texts = [node.get(key) for key in ("text", "pretext", "value", "fallback")]
    return {m for t in texts if isinstance(t, str) for m in find_mentions(t, link_names=link_names)}

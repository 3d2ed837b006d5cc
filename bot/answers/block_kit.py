"""
Small builders of Block Kit, for any text: the JSON that Slack takes.

An answer is not made of slack_sdk's models: each of them looks through all of its own attributes for checks
whenever it is written. Slack's limits are kept here and by whoever writes the texts; tests hold them.
"""

from collections.abc import Sequence
from typing import Any

from bot.answers.mrkdwn import cut_markup
from bot.domain.characters import without_invisible
from bot.domain.message import Message

Part = dict[str, Any]
"""A block, or a part of one, as Slack takes it."""

# Characters of a section's text (`slack.md`, "Block Kit limits").
_SECTION = 3_000
# Elements of a context block, and characters of each.
_ELEMENTS, _ELEMENT = 10, 2_000
# Characters of a button's text, and of what a confirmation asks.
_BUTTON, _CONFIRM = 75, 300


def note(text: str) -> Message:
    """A message of one paragraph in our own words."""
    return Message(text, [section(text)])


def section(text: str, beside: Part | None = None, block_id: str | None = None) -> Part:
    """
    A section; its text is verbatim, so that Slack turns nothing in vendors' text into links.

    A text that is too long, whatever made it so, is cut: a message of which Slack refuses a block is none.
    """
    return _without_nothing(
        {"type": "section", "text": _markdown(text, _SECTION), "accessory": beside, "block_id": block_id}
    )


def packed(lines: Sequence[str]) -> list[Part]:
    """Lines in as few sections as they fit into; no line is split between two."""
    sections = [cut_markup(lines[0], _SECTION)]
    for long in lines[1:]:
        line = cut_markup(long, _SECTION)
        if len(sections[-1]) + 1 + len(line) <= _SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return [section(text) for text in sections]


def context(lines: Sequence[str]) -> Part:
    """Small print; ten lines at most."""
    return {"type": "context", "elements": [_markdown(line, _ELEMENT) for line in lines]}


def contexts(lines: Sequence[str]) -> list[Part]:
    """Small print of any number of lines, in as few blocks as they fit into."""
    return [context(lines[start : start + _ELEMENTS]) for start in range(0, len(lines), _ELEMENTS)]


def header(text: str) -> Part:
    """A headline in our own words."""
    return {"type": "header", "text": _plain(text)}


def divider() -> Part:
    """A line between blocks."""
    return {"type": "divider"}


def actions(elements: Sequence[Part]) -> Part:
    """Buttons and menus beside each other; 25 at most."""
    return {"type": "actions", "elements": [*elements]}


def button(
    text: str | Part,
    action_id: str,
    value: str | None = None,
    *,
    url: str | None = None,
    style: str | None = None,
    confirm: Part | None = None,
) -> Part:
    """A button with our own words on it, or with others' as `button_text` has them."""
    return _without_nothing(
        {
            "type": "button",
            "text": _plain(text),
            "action_id": action_id,
            "value": value,
            "url": url,
            "style": style,
            "confirm": confirm,
        }
    )


def menu(action_id: str, options: Sequence[Part]) -> Part:
    """A menu behind three dots, of two to five options."""
    return {"type": "overflow", "action_id": action_id, "options": [*options]}


def option(text: str | Part, value: str, url: str | None = None) -> Part:
    """An option of a menu, which may open a URL."""
    return _without_nothing({"text": _plain(text), "value": value, "url": url})


def button_text(text: str) -> Part:
    """What stands on a button, which shows others' text as it is, without what cannot be seen."""
    text = without_invisible(text)
    cut = text if len(text) <= _BUTTON else f"{text[: _BUTTON - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def confirmation(title: str, text: str, confirm: str, deny: str) -> Part:
    """What a button asks before it does anything."""
    return {
        "title": _plain(title),
        "text": _markdown(text, _CONFIRM),
        "confirm": _plain(confirm),
        "deny": _plain(deny),
    }


def _plain(text: str | Part) -> Part:
    return {"type": "plain_text", "text": text, "emoji": True} if isinstance(text, str) else text


def _markdown(text: str, most: int) -> Part:
    return {"type": "mrkdwn", "text": cut_markup(text, most), "verbatim": True}


def _without_nothing(part: Part) -> Part:
    return {name: value for name, value in part.items() if value is not None}

"""Small builders of Block Kit, for any text."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ConfirmObject,
    ContextBlock,
    InteractiveElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.answers.mrkdwn import cut_markup
from bot.domain.characters import without_invisible
from bot.domain.message import Message

# Characters of a section's text (`slack.md`, "Block Kit limits").
_SECTION = 3_000
# Elements of a context block, and characters of each.
_ELEMENTS, _ELEMENT = 10, 2_000
# Characters of a button's text, and of what a confirmation asks.
_BUTTON, _CONFIRM = 75, 300


def note(text: str) -> Message:
    """A message of one paragraph in our own words."""
    return Message(text, dicts([section(text)]))


def section(text: str, beside: InteractiveElement | None = None, block_id: str | None = None) -> SectionBlock:
    """
    A section; its text is verbatim, so that Slack turns nothing in vendors' text into links.

    A text that is too long, whatever made it so, is cut: a message of which Slack refuses a block is none.
    """
    return SectionBlock(text=_markdown(text, _SECTION), accessory=beside, block_id=block_id)


def packed(lines: Sequence[str]) -> list[Block]:
    """Lines in as few sections as they fit into; no line is split between two."""
    sections = [cut_markup(lines[0], _SECTION)]
    for long in lines[1:]:
        line = cut_markup(long, _SECTION)
        if len(sections[-1]) + 1 + len(line) <= _SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return [section(text) for text in sections]


def context(lines: Sequence[str]) -> ContextBlock:
    """Small print; ten lines at most."""
    return ContextBlock(elements=[_markdown(line, _ELEMENT) for line in lines])


def contexts(lines: Sequence[str]) -> list[Block]:
    """Small print of any number of lines, in as few blocks as they fit into."""
    return [context(lines[start : start + _ELEMENTS]) for start in range(0, len(lines), _ELEMENTS)]


def button_text(text: str) -> PlainTextObject:
    """What stands on a button, which shows others' text as it is, without what cannot be seen."""
    text = without_invisible(text)
    return PlainTextObject(text=text if len(text) <= _BUTTON else f"{text[: _BUTTON - 1]}…", emoji=False)


def confirmation(title: str, text: str, confirm: str, deny: str) -> ConfirmObject:
    """What a button asks before it does anything."""
    return ConfirmObject(title=title, text=_markdown(text, _CONFIRM), confirm=confirm, deny=deny)


def _markdown(text: str, most: int) -> MarkdownTextObject:
    return MarkdownTextObject(text=cut_markup(text, most), verbatim=True)


def dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """Blocks as JSON, checked by slack_sdk's models."""
    return [block.to_dict() for block in blocks]

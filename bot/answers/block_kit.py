"""Small builders of Block Kit, for any text."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement, ContextBlock, MarkdownTextObject, SectionBlock

from bot.domain.message import Message

# Characters of a section's text (`slack.md`, "Block Kit limits").
_SECTION = 3_000


def note(text: str) -> Message:
    """A message of one paragraph in our own words."""
    return Message(text, dicts([section(text)]))


def section(text: str, beside: ButtonElement | None = None) -> SectionBlock:
    """A section; its text is verbatim, so that Slack turns nothing in vendors' text into links."""
    return SectionBlock(text=MarkdownTextObject(text=text, verbatim=True), accessory=beside)


def packed(lines: Sequence[str]) -> list[Block]:
    """Lines in as few sections as they fit into; no line is split between two."""
    sections = [lines[0]]
    for line in lines[1:]:
        if len(sections[-1]) + 1 + len(line) <= _SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return [section(text) for text in sections]


def context(lines: list[str]) -> ContextBlock:
    """Small print; ten lines at most."""
    return ContextBlock(elements=[MarkdownTextObject(text=line, verbatim=True) for line in lines])


def dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """Blocks as JSON, checked by slack_sdk's models."""
    return [block.to_dict() for block in blocks]

"""Small builders of Block Kit; what they show is somebody else's concern."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import Block, ButtonElement, ContextBlock, MarkdownTextObject, SectionBlock

from bot.domain.message import Message

# Limits of Block Kit: `slack.md`, "Block Kit limits".
_SECTION = 3_000


def note(text: str) -> Message:
    """Give a message that is one paragraph of our own words."""
    return Message(text, dicts([section(text)]))


def section(text: str, beside: ButtonElement | None = None) -> SectionBlock:
    """Give a section; verbatim, for Slack must not turn names in vendors' text into links."""
    return SectionBlock(text=MarkdownTextObject(text=text, verbatim=True), accessory=beside)


def packed(lines: Sequence[str]) -> list[Block]:
    """Give lines in as few sections as hold them; no line is cut in its middle."""
    sections = [lines[0]]
    for line in lines[1:]:
        if len(sections[-1]) + 1 + len(line) <= _SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return [section(text) for text in sections]


def context(lines: list[str]) -> ContextBlock:
    """Give small print; ten lines at most."""
    return ContextBlock(elements=[MarkdownTextObject(text=line, verbatim=True) for line in lines])


def dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """Give blocks as JSON, checked by Slack's own models."""
    return [block.to_dict() for block in blocks]

"""Desks that link no ticket, recognised by their messages' shape: Papercups, Workflow Builder's forms."""

from collections.abc import Mapping
from typing import Any

from bot.tickets.profiles.profile import Author, Profile

_PAPERCUPS = ("browser:", "os:", "timezone:")


def _is_papercups(message: Mapping[str, Any]) -> bool:
    """Whether one section has Papercups' fields about the visitor."""
    blocks = message.get("blocks")
    for block in blocks[:20] if isinstance(blocks, list) else ():
        fields = block.get("fields") if isinstance(block, dict) else None
        texts = [
            str(field.get("text"))[:40].strip("* \n").lower()
            for field in (fields[:10] if isinstance(fields, list) else ())
            if isinstance(field, dict)
        ]
        if all(any(text.startswith(label) for text in texts) for label in _PAPERCUPS):
            return True
    return False


def _is_workflow(message: Mapping[str, Any]) -> bool:
    return isinstance(message.get("workflow_id"), str)


# The visitor's first words stand above the fields.
PAPERCUPS = Profile(
    "papercups",
    shape=_is_papercups,
    body=Author.CUSTOMER,
    first_section=Author.CUSTOMER,
    later_sections=Author.CUSTOMER,
)
WORKFLOW = Profile("workflow", shape=_is_workflow)

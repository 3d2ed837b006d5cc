"""What one message in Slack consists of."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """What one Slack message consists of; `text` is what notifications and screen readers get."""

    text: str
    blocks: list[dict[str, Any]]

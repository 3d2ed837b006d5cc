"""Who is told of what the app does to messages."""

from typing import Protocol

from sandbox.slack.messages import Message


class Listener(Protocol):
    """Who is told of what the app does to messages: Slack tells the app of its own acts too."""

    def posted(self, message: Message) -> None:
        """Hear of a new message."""

    def edited(self, message: Message, before: Message) -> None:
        """Hear of a message that says something else now."""

    def removed(self, message: Message) -> None:
        """Hear of a message that is gone."""

"""A listener for what the app does to messages."""

from typing import Protocol

from sandbox.slack.messages import Message


class Listener(Protocol):
    """Called for what the app does to messages: Slack sends it events for its own acts too."""

    def posted(self, message: Message) -> None:
        """A new message."""

    def edited(self, message: Message, before: Message) -> None:
        """A message whose content has changed."""

    def removed(self, message: Message) -> None:
        """A message that was removed."""

"""Who asks, and where in Slack the answer goes."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Asker:
    """
    Who asks, and where they hear of it.

    `thread_ts` is the thread they asked in, None for the channel itself. `response_url` is a secret: every
    request is sealed.
    """

    user: str
    channel: str
    team: str
    thread_ts: str | None = None
    response_url: str | None = None

    @property
    def is_direct(self) -> bool:
        """Whether they wrote to the bot itself, or to somebody else, in a direct message."""
        return self.channel.startswith("D")


@dataclass(frozen=True, slots=True)
class Shown:
    """The message that a button was pressed on; the parent is the message at the head of its thread."""

    message_ts: str
    parent_ts: str | None
    ephemeral: bool


class AnswerForm(StrEnum):
    """How an answer stands in Slack."""

    # A parent in the channel and one reply in its thread: the command's.
    PAIR = "pair"
    # One message: in a thread or a direct message, to somebody who asked there.
    ANSWER = "answer"
    # One message below a ticket, unasked.
    TICKET = "ticket"

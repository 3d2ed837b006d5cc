"""Who asks, and where in Slack the answer goes."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Asker:
    """
    Who asks, and where the answer goes.

    `thread_ts` is the thread they asked in, None for the channel itself. `response_url` is a secret, which is
    why jobs are sealed.
    """

    user: str
    channel: str
    team: str
    thread_ts: str | None = None
    response_url: str | None = None

    @property
    def is_direct(self) -> bool:
        """Whether they asked in a direct message, to the bot or to somebody else."""
        return self.channel.startswith("D")


@dataclass(frozen=True, slots=True)
class Shown:
    """The message with the button that was pressed; the parent is the first message of its thread."""

    message_ts: str
    parent_ts: str | None
    ephemeral: bool


class AnswerForm(StrEnum):
    """Which messages an answer consists of."""

    # A parent in the channel and one reply in its thread: the command's.
    PAIR = "pair"
    # One message: in a thread or a direct message, to somebody who asked there.
    ANSWER = "answer"
    # One message in a ticket's thread, which nobody asked for.
    TICKET = "ticket"
    # One message in a ticket's thread, about whomever a person chose there in place of an offer.
    OFFERED = "offered"

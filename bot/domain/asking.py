"""Who asks, and where in Slack the answer goes."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """By which way in somebody asked; the names are in the database, and in what `casefile audit` prints."""

    UNKNOWN = "unknown"
    COMMAND = "command"
    MENTION = "mention"
    DIRECT_MESSAGE = "direct_message"
    SHORTCUT = "shortcut"
    MODAL = "modal"
    # The button that opens the modal: nobody is looked up by it yet.
    OPEN_MODAL = "open_modal"
    REFRESH = "refresh"
    SHOW_MORE = "show_more"
    # The buttons "30 more days", and the one with another spelling of the address.
    LOOK_FURTHER = "look_further"
    TRY_OTHER = "try_other"
    # The button below a card.
    MORE = "more"
    # A button with a name on it, in an offer or a choice.
    LOOK_UP = "look_up"
    SESSION_ERRORS = "session_errors"
    SESSION_SUMMARY = "session_summary"
    # "Is it just them?", below an answer or in the terminal.
    OTHERS = "others"
    REMOVE = "remove"
    SHOW_ME = "show_me"
    SHARE = "share"
    CARD = "card"
    COMPOSER = "composer"
    # A card's side pane, whoever opens it.
    PANE = "pane"
    # "Play the replay" in a side pane.
    REPLAY = "replay"
    HOME = "home"
    TICKET = "ticket"
    # What a watched thread is told; and the buttons that begin and end that.
    NEWS = "news"
    WATCH = "watch"
    STOP_WATCHING = "stop_watching"
    # A note in the help desk; nobody presses for one that is written by itself.
    DESK_NOTE = "desk_note"
    # The buttons that say that tickets in this channel get no reply, and that they get one again.
    MUTE = "mute"
    UNMUTE = "unmute"
    TERMINAL = "terminal"
    # A program's question, by the Model Context Protocol.
    MCP = "mcp"
    # A step of a workflow of Slack's.
    WORKFLOW = "workflow"
    # A customer card in Plain.
    PLAIN = "plain"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Asker:
    """
    Who asks, by which way in, and where the answer goes.

    `thread_ts` is the thread they asked in, None for the channel itself. `response_url` is a secret, which is
    why jobs are sealed. `is_foreign` and `is_shared` are what Slack says with the request itself: that the
    asker is of another company, that the channel is shared with one. `in_thread`: they look at that thread,
    for they have written or pressed a button in it.
    """

    user: str
    channel: str
    team: str
    thread_ts: str | None = None
    response_url: str | None = None
    way: Way = Way.UNKNOWN
    is_foreign: bool = False
    is_shared: bool = False
    in_thread: bool = False

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
    # On somebody's Home tab, where no message is.
    HOME = "home"

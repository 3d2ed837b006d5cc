"""The panel that the page shows beside the messages; whoever starts the workspace passes it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sandbox.slack.messages import Message


@dataclass(frozen=True, slots=True)
class TryThis:
    """A customer to look up or a URL to paste, and what that shows."""

    subject: str
    about: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut of the app, with its name in the manifest."""

    callback_id: str
    name: str


class VendorSwitch(Protocol):
    """A vendor on the page: its faults, and how many calls it has had."""

    @property
    def name(self) -> str:
        """The vendor's name."""

    @property
    def options(self) -> Sequence[str]:
        """The states that it can be put in; the first one is no fault."""

    @property
    def current(self) -> str:
        """The state that it is in."""

    @property
    def usage(self) -> str:
        """How many calls it has had and may have, in words."""

    def set(self, option: str) -> None:
        """Put it in one of its states."""


class PostableTicket(Protocol):
    """A help desk's notification that the page can post."""

    @property
    def name(self) -> str:
        """Its id among all others."""

    @property
    def title(self) -> str:
        """Where it comes from; those with one title are shown together."""

    @property
    def about(self) -> str:
        """What it shows, in words."""

    async def post(self) -> "Message":
        """Post it as a new ticket; returns the message."""


class PushableEvent(Protocol):
    """A webhook event that the page can make a vendor send."""

    @property
    def name(self) -> str:
        """Its id among all others."""

    @property
    def about(self) -> str:
        """What the event is about, in words."""

    async def push(self) -> str:
        """Send it; returns the outcome in words."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The panel beside the messages."""

    customers: Sequence[TryThis] = ()
    addresses: Sequence[TryThis] = ()
    vendors: Sequence[VendorSwitch] = ()
    shortcuts: Sequence[Shortcut] = ()
    tickets: Sequence[PostableTicket] = ()
    pushes: Sequence[PushableEvent] = ()

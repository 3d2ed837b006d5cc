"""What the page shows beside the messages; handed in by whoever starts the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sandbox.slack.messages import Message


@dataclass(frozen=True, slots=True)
class TryThis:
    """A customer to look up, or an address to paste, and what that shows."""

    subject: str
    about: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A message shortcut of the app, as its manifest names it."""

    callback_id: str
    name: str


class VendorSwitch(Protocol):
    """A vendor as the page shows it: what may go wrong with it, and how many calls it has had."""

    @property
    def name(self) -> str:
        """Give what the vendor is called."""

    @property
    def options(self) -> Sequence[str]:
        """Give the states that it can be put in; the first one is that all is well."""

    @property
    def current(self) -> str:
        """Give the state that it is in."""

    @property
    def usage(self) -> str:
        """Give how many calls it has had and may have, in words."""

    def set(self, option: str) -> None:
        """Put it in one of its states."""


class PostableTicket(Protocol):
    """A help desk's notification that the page can post."""

    @property
    def name(self) -> str:
        """Give what tells it apart from all others."""

    @property
    def title(self) -> str:
        """Give where it comes from; those of one title stand together."""

    @property
    def about(self) -> str:
        """Say what it shows."""

    async def post(self) -> "Message":
        """Post it as a new ticket."""


class PushableEvent(Protocol):
    """Something that a vendor tells by itself, and that the page can let it tell."""

    @property
    def name(self) -> str:
        """Give what tells it apart from all others."""

    @property
    def about(self) -> str:
        """Say what it tells."""

    async def push(self) -> str:
        """Tell it, and give what came of that, in words."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands beside the messages."""

    customers: Sequence[TryThis] = ()
    addresses: Sequence[TryThis] = ()
    vendors: Sequence[VendorSwitch] = ()
    shortcuts: Sequence[Shortcut] = ()
    tickets: Sequence[PostableTicket] = ()
    pushes: Sequence[PushableEvent] = ()

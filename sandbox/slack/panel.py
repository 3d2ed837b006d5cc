"""The drawers that the page shows beside the messages; whoever starts the workspace passes them in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class CommandHint:
    """A command of the app, and what the manifest says that it is for."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class Meter:
    """
    What one account may still be asked, and how many answers needed no call of it.

    `left` of `limit` calls in `span` (such as `24 h`); a limit of None is not known. `used` are the calls of
    the last 24 hours.
    """

    name: str
    left: int | None
    limit: int | None
    span: str
    used: int
    saved: int


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
    def desk(self) -> str:
        """Where it comes from; those of one desk are shown together."""

    @property
    def title(self) -> str:
        """What it is, in a few words."""

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


async def _no_meters() -> Sequence[Meter]:
    return ()


@dataclass(frozen=True, slots=True)
class Controls:
    """
    What the page can do with the bot itself, by name (`reset`, `kill`, `start`), and its meters.

    A workspace without a bot of its own has none.
    """

    acts: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    meters: Callable[[], Awaitable[Sequence[Meter]]] = _no_meters


@dataclass(frozen=True, slots=True)
class Panel:
    """The drawers beside the messages; `vendors` says which ones there are now."""

    customers: Sequence[TryThis] = ()
    addresses: Sequence[TryThis] = ()
    vendors: Callable[[], Sequence[VendorSwitch]] = tuple
    shortcuts: Sequence[Shortcut] = ()
    commands: Sequence[CommandHint] = ()
    tickets: Sequence[PostableTicket] = ()
    pushes: Sequence[PushableEvent] = ()
    controls: Controls = field(default_factory=Controls)

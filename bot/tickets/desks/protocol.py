"""What every help desk does: say whose ticket it is, and keep a note on it that the customer never sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.model import TicketReference
from bot.sources.http import Calls, VendorHttp


@dataclass(frozen=True, slots=True)
class Requester:
    """Who wrote in, as the desk knows them; `uid` is the product's own id, where the desk was given it."""

    email: str | None
    uid: str | None = None
    name: str | None = None


class Desk(Protocol):
    """One account at one help desk."""

    @property
    def name(self) -> str:
        """The system and the account's label, such as `zendesk/main`: its name in the ledger."""

    @property
    def title(self) -> str:
        """The desk's name as people know it."""

    @property
    def http(self) -> VendorHttp:
        """Its way to the desk, through which all its calls are made."""

    def may_keep(self, ticket: TicketReference) -> bool:
        """Whether the ticket may be this account's, by its URL alone."""

    async def requester(self, ticket: TicketReference, calls: Calls) -> Requester | None:
        """
        Who wrote in; None where this account has no such ticket, or it names nobody.

        Raises:
            CallFailed: when the desk cannot be asked or understood.

        """

    async def notes(self, ticket: TicketReference, calls: Calls) -> Sequence[str] | None:
        """
        The internal notes on a ticket, in HTML or as text; None where this account has no such ticket.

        Raises:
            CallFailed: when the desk cannot be asked or understood.

        """

    async def write_note(self, ticket: TicketReference, html: str, calls: Calls) -> None:
        """
        Add an internal note, which the customer never sees.

        Raises:
            CallFailed: when it was not written, or perhaps not.

        """

    async def check(self, calls: Calls) -> str:
        """
        Make one cheap call that proves address and key; returns what it proved, in words.

        Where notes are switched on, one for that too.

        Raises:
            CallFailed: when the desk cannot be asked or understood.

        """

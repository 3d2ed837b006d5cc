"""Messages read as tickets, with what has to be fetched for that: mail, and a help desk's requester."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.domain.addresses import read_address
from bot.domain.model import Subject, SubjectKind, TicketReference
from bot.sources.quota import Purpose
from bot.tickets.decide import Action, TicketReading, read_for_person, read_ticket
from bot.tickets.desks.ask import Desks
from bot.tickets.desks.protocol import Requester
from bot.tickets.requester import may_be_requester
from bot.tickets.rules import TicketRules

FetchFiles = Callable[[Sequence[str]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class TicketReader:
    """The reader with its rules, and the help desks that know who wrote in."""

    rules: TicketRules
    desks: Desks

    async def read_ticket(self, envelope: dict[str, Any], fetch: FetchFiles) -> TicketReading:
        """Read an event whose files have to be fetched first."""
        unread = read_ticket(envelope, self.rules).unread_files
        return read_ticket(envelope, self.rules, await fetch(unread))

    async def read_for_person(self, message: dict[str, Any], fetch: FetchFiles) -> TicketReading:
        """Read a message that somebody points at; a help desk may know who its ticket's requester is."""
        reading = await self.read_candidates(message, fetch)
        if reading.subjects:
            return reading
        return await self.with_requester(reading, Purpose.PERSON)

    async def read_candidates(self, message: dict[str, Any], fetch: FetchFiles) -> TicketReading:
        """Read a message for whom a person may choose from; no help desk is asked."""
        reading = read_for_person(message, self.rules)
        if reading.unread_files:
            reading = read_for_person(message, self.rules, await fetch(reading.unread_files))
        return reading

    async def with_requester(self, reading: TicketReading, purpose: Purpose) -> TicketReading:
        """Ask the ticket's help desk for its requester, where the message does not name one."""
        if reading.subjects or reading.ticket is None:
            return reading
        requester = await self.desks.ask(reading.ticket, purpose)
        if not isinstance(requester, Requester):
            return reading
        subject = self._subject(requester, reading.ticket)
        if subject is None:
            return reading
        reason = "Its help desk says who the requester is."
        if subject.kind is SubjectKind.UID:
            return replace(reading, action=Action.REPLY, reason=reason, uids=(subject,))
        return replace(reading, action=Action.REPLY, reason=reason, requester=(subject,))

    def _subject(self, requester: Requester, ticket: TicketReference) -> Subject | None:
        """Whom to look up; what may never be looked up from a ticket may not be by this way either."""
        address = read_address(requester.email) if requester.email else None
        if address is not None:
            return address if may_be_requester(address, self.rules, ticket) else None
        uid = requester.uid
        return Subject(SubjectKind.UID, uid, uid) if uid else None


def ticket_moment(ts: str) -> datetime | None:
    """When a message was posted, by its Slack timestamp; None where that cannot be read."""
    seconds = ts.partition(".")[0]
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() and len(seconds) <= 10 else None  # noqa: PLR2004

"""What a message calls for as the JSON of `casefile read-ticket --json` (`design.md`, Commands)."""

from typing import Any

from bot.domain.addresses import shown_address
from bot.domain.model import TicketReference
from bot.tickets.decide import TicketReading


def ticket_json(reading: TicketReading) -> dict[str, Any]:
    """A reading as the promised object."""
    return {
        "action": reading.action.value,
        "requester": [shown_address(address) for address in reading.requester],
        "uids": [uid.value for uid in reading.uids],
        "mentioned": [shown_address(address) for address in reading.mentioned],
        "ticket": _reference(reading.ticket),
        "reason": reading.reason,
    }


def _reference(ticket: TicketReference | None) -> dict[str, str] | None:
    return None if ticket is None else {"system": ticket.system, "id": ticket.id, "url": ticket.url}

"""Ticket notifications as apps post them, for tests: invented values in real shapes."""

from typing import Any

from bot.domain.addresses import shown_address
from bot.tickets.decide import TicketReading, read_ticket
from bot.tickets.rules import TicketRules, Us

TICKET = "<https://acme.zendesk.com/agent/tickets/48213|#48213>"
RULES = TicketRules(
    us=Us("B0SESSIONBT", "U0SESSIONBT", "A0SESSION01"),
    internal_domains=("acme.example",),
    ignored_addresses=("support@desk.example",),
)


def message(text: str = "", **more: Any) -> dict[str, Any]:
    """An app's message, the first of a thread."""
    posted = {"type": "message", "subtype": "bot_message", "bot_id": "B0WEBHOOK01", "username": "Desk"}
    return posted | {"channel": "C0SUPPORT01", "ts": "1795200000.000100", "text": text} | more


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def fields(*texts: str) -> dict[str, Any]:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in texts]}


def rich(*elements: tuple[str, str]) -> dict[str, Any]:
    """A rich text block of pieces: `("text", …)` or `("link", URL)`."""
    pieces = [
        {"type": "link", "url": value, "text": value.removeprefix("mailto:")}
        if kind == "link"
        else {"type": "text", "text": value}
        for kind, value in elements
    ]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": pieces}]}


def read(posted: Any, rules: TicketRules = RULES, files: Any = None) -> TicketReading:
    return read_ticket(posted, rules, files)


def addresses(subjects: Any) -> list[str]:
    return [shown_address(subject) for subject in subjects]


def asked(posted: Any, rules: TicketRules = RULES) -> list[str]:
    """The addresses that would be looked up; none where the message would not be answered."""
    reading = read(posted, rules)
    return addresses(reading.requester) if reading.action == "reply" else []

"""The configured rules of tickets (`TICKETS__…`), for the reader."""

from bot.settings.model import TicketSettings
from bot.tickets.passages import Us
from bot.tickets.requester import TicketRules


def ticket_rules(settings: TicketSettings, us: Us) -> TicketRules:
    """Give the settings as the reader takes them, with who we are."""
    return TicketRules(
        us,
        settings.channels,
        settings.apps,
        settings.internal_domains,
        settings.ignored_addresses,
        settings.uid_patterns,
    )

"""The configured rules of tickets (`TICKETS__…`), and which bot we are, as the reader takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # The reader works without settings, and without what they load.
    from bot.settings.behaviour import TicketSettings


@dataclass(frozen=True, slots=True)
class Us:
    """Which bot we are; an empty id is not compared."""

    bot: str = ""
    user: str = ""
    app: str = ""

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Whether a message or an attachment is ours."""
        ids = (("bot_id", self.bot), ("user", self.user), ("app_id", self.app))
        return any(value and message.get(name) == value for name, value in ids)


@dataclass(frozen=True, slots=True)
class TicketRules:
    """What is configured, and who we are; `apps` are ids of apps and bots, or names of apps."""

    us: Us = field(default_factory=Us)
    channels: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    internal_domains: tuple[str, ...] = ()
    ignored_addresses: tuple[str, ...] = ()
    uid_patterns: tuple[str, ...] = ()
    requester_labels: tuple[str, ...] = ()


def ticket_rules(settings: "TicketSettings", us: Us) -> TicketRules:
    """The settings as the reader takes them, with who we are."""
    return TicketRules(
        us,
        settings.channels,
        settings.apps,
        settings.internal_domains,
        settings.ignored_addresses,
        settings.uid_patterns,
        settings.requester_labels,
    )

"""What answering takes: everything that the answers to people and to tickets share."""

from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.jobs.admission import Reception
from bot.jobs.inbox import Jobs
from bot.lookup.fan_out import Lookup
from bot.operations.clock import Clock
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.slack.poster import Poster
from bot.storage.keyring import Keyring
from bot.tickets.book import TicketBook
from bot.tickets.with_requester import TicketDesk


@dataclass(frozen=True, slots=True)
class Means:
    """
    Who may ask, who finds people, who posts, and what is remembered.

    `clock` is the process's time; `keyring` names subjects in the log; `slack` reads messages and files;
    `desk` reads messages as tickets, and `book` knows what was done about each.
    """

    access: Access
    reception: Reception
    lookup: Lookup
    poster: Poster
    jobs: Jobs
    clock: Clock
    keyring: Keyring
    metrics: Metrics
    settings: Settings
    slack: AsyncWebClient
    desk: TicketDesk
    book: TicketBook

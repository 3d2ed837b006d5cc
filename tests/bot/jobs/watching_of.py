"""What has threads watched, in one process of a workspace."""

from datetime import timedelta

from bot.jobs.tickets.watching import Watching
from bot.lookup.fan_out import Lookup
from bot.settings.model import Settings
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.tickets.watches import WatchBook
from tests.bot.in_slack import InSlack, Process


def watching_of(at: InSlack, by: Process, lookup: Lookup, settings: Settings) -> Watching:
    """The watched threads as one process knows them."""
    pushed = PushedErrors(at.store, at.keyring, timedelta(days=7))
    return Watching(at.store, WatchBook(at.store, at.keyring), by.inbox, pushed, lookup, settings)

"""The parts of what finds people."""

from dataclasses import dataclass

from bot.audit.erasures import Erasures
from bot.lookup.fan_out import Lookup
from bot.lookup.known_links import KnownLinks
from bot.lookup.others import Others
from bot.lookup.pages.asked import Pages
from bot.lookup.pages.named import NamedPages
from bot.operations.clock import Clock
from bot.operations.metrics import Metrics
from bot.operations.tasks import Tasks
from bot.settings.model import Settings
from bot.sources.protocol import Source
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.tickets.desks.ask import Desks


@dataclass(frozen=True, slots=True)
class Engine:
    """What finds people, without Slack."""

    settings: Settings
    store: Store
    keyring: Keyring
    clock: Clock
    tasks: Tasks
    ledger: Ledger
    memory: Memory
    sources: tuple[Source, ...]
    desks: Desks
    pushed: PushedErrors
    pages: Pages
    known_links: KnownLinks
    named_pages: NamedPages
    leases: Leases
    lookup: Lookup
    others: Others
    metrics: Metrics
    erasures: Erasures

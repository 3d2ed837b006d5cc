"""Opens what finds people: the sources, what is remembered, and the database below them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from bot.audit.erasures import Erasures
from bot.engine.parts import Engine
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.ask_source import AskSource
from bot.lookup.fan_out import Lookup
from bot.lookup.identities import Identities
from bot.lookup.known_links import KnownLinks
from bot.lookup.others import Others
from bot.lookup.pages.asked import Pages
from bot.lookup.pages.named import NamedPages
from bot.lookup.shared_uids import SharedUids
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock, anchored_clock, system_clock
from bot.operations.metrics import make_metrics
from bot.operations.tasks import Tasks, logging_crashes
from bot.settings.errors import SettingsError
from bot.settings.model import Settings
from bot.sources.http import trusted_certificates
from bot.sources.opening import open_sources
from bot.sources.protocol import Source
from bot.sources.quota import FairShare
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.registry import VENDORS, VendorEntry, known_pages
from bot.sources.wiring import Wiring
from bot.storage.database import StoreAway
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.memory import Memory
from bot.storage.store import open_store
from bot.tickets.desks.ask import Desks
from bot.tickets.desks.registry import open_desks

_LAST_CALLS_SECONDS = 1.0


@asynccontextmanager
async def open_engine(
    settings: Settings, clock: Clock = system_clock, vendors: Sequence[VendorEntry] = VENDORS
) -> AsyncIterator[Engine]:
    """
    Open the database and the sources; without another clock, the time is the database's.

    Raises:
        SettingsError: when SECRET_KEY is missing, or SHARED_UIDS names an account that is not there.

    """
    settings.require("SECRET_KEY")
    async with AsyncExitStack() as stack:
        # Read while the database is being opened, as that waits for the disk.
        certificates = asyncio.create_task(asyncio.to_thread(trusted_certificates))
        keyring = Keyring(settings.secret_keys)
        store = await stack.enter_async_context(open_store(settings.database_url))
        if clock is system_clock:
            clock = anchored_clock(await store.now_ms())
        tasks = Tasks(logging_crashes(StoreAway))
        share = FairShare(settings.access.per_person_quota_share, partial(keyring.hash, "asker"))
        ledger = Ledger(store, share)
        index_days = timedelta(days=settings.retention.index_days)
        answers_kept = timedelta(hours=settings.retention.cache_hours)
        index = SessionIndex(store, keyring, index_days, answers_kept)
        wiring = Wiring(ledger, Memory(store, keyring, clock), clock, index, tasks, await certificates)
        sources = await stack.enter_async_context(open_sources(settings, wiring, vendors))
        # A call that is cut off is spent all the same.
        stack.push_async_callback(tasks.drain, _LAST_CALLS_SECONDS)
        flights = Flights(tasks)
        desks = Desks(
            await stack.enter_async_context(open_desks(settings, wiring)), wiring.memory, flights, clock
        )
        metrics = make_metrics()
        cache = AnswerCache(store, keyring, clock, answers_kept)
        deadline = timedelta(seconds=settings.lookup.deadline_seconds)
        pushed = PushedErrors(store, keyring, index_days, clock)
        known_links = KnownLinks(store, keyring, index, index_days)
        leases = Leases(store, keyring)
        ask_source = AskSource(cache, flights, keyring, clock, deadline, pushed, known_links, leases)
        identities = Identities(store, keyring, index_days, _shared_uids(settings, sources))
        lookup = Lookup(sources, ask_source, identities, clock, tasks, metrics)
        pages = Pages(flights, keyring, clock)
        named_pages = NamedPages(sources, ask_source, pages, known_links, clock, known_pages(settings))
        erasures = Erasures(store, (cache.drop, pages.drop, pushed.drop, wiring.memory.drop))
        yield Engine(
            settings,
            store,
            keyring,
            clock,
            tasks,
            ledger,
            wiring.memory,
            sources,
            desks,
            pushed,
            pages,
            known_links,
            named_pages,
            leases,
            lookup,
            Others(sources, flights, keyring, wiring.memory),
            metrics,
            erasures,
        )


def _shared_uids(settings: Settings, sources: Sequence[Source]) -> SharedUids:
    """
    Which accounts share uids.

    Raises:
        SettingsError: when one is named that is not configured.

    """
    named = {account for accounts in settings.shared_uids for account in accounts}
    if unknown := sorted(named - {str(source.name) for source in sources}):
        raise SettingsError(f"SHARED_UIDS: no account {unknown[0]} is configured")
    return SharedUids.of(settings.shared_uids)

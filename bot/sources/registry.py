"""Every vendor in one table, and how a configured account becomes a source."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.casefile import SourceName, Vendor
from bot.clock import Clock
from bot.quota import Account, Ledger
from bot.session_index import SessionIndex
from bot.settings import FullStoryAccount, RaygunAccount, RaygunV3Account, RybbitAccount, Settings
from bot.sources import raygun, raygun_v3_api
from bot.sources.fullstory import FullStory
from bot.sources.http import VendorHttp, open_client
from bot.sources.memory import Memory
from bot.sources.raygun import Raygun
from bot.sources.raygun_api import RaygunApi
from bot.sources.raygun_v3 import RaygunV3
from bot.sources.rybbit import Rybbit
from bot.sources.rybbit_server import RybbitServer
from bot.sources.source import Source
from bot.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Wiring:
    """What every source is given."""

    ledger: Ledger
    memory: Memory
    clock: Clock
    index: SessionIndex
    tasks: Tasks


@dataclass(frozen=True, slots=True)
class VendorEntry:
    """A vendor: its configured accounts, how long it may take to answer, and what makes a source of one."""

    vendor: Vendor
    accounts: Callable[[Settings], Mapping[str, Any]]
    read_seconds: float
    build: Callable[[SourceName, Any, Any, Wiring], Source]


def _fullstory(name: SourceName, account: FullStoryAccount, client: Any, wiring: Wiring) -> Source:
    http = VendorHttp(
        client, wiring.ledger, Account(str(name)), wiring.clock, FullStory.title, account.base_url
    )
    return FullStory(name, http, account)


def _raygun(
    name: SourceName, apis: tuple[RaygunAccount | None, RaygunV3Account | None], client: Any, wiring: Wiring
) -> Source:
    """Make one source of one label's APIs: the newer with the legacy one behind it, or the one there is."""
    account, newer = apis
    legacy = _raygun_legacy(name, account, client, wiring) if account else None
    if newer is None:
        if legacy is None:
            raise ValueError("an account without any API")
        return legacy
    ledger_account = Account(f"raygun_v3/{name.account}", raygun_v3_api.WINDOWS)
    http = VendorHttp(client, wiring.ledger, ledger_account, wiring.clock, RaygunV3.title, newer.base_url)
    api = raygun_v3_api.RaygunV3Api(name, http, newer, wiring.memory)
    return RaygunV3(name, http, api, wiring.index, wiring.tasks, legacy)


def _raygun_legacy(name: SourceName, account: RaygunAccount, client: Any, wiring: Wiring) -> Raygun:
    http = VendorHttp(
        client,
        wiring.ledger,
        Account(str(name), raygun.windows(account)),
        wiring.clock,
        Raygun.title,
        account.base_url,
        raygun.rest_after_429,
    )
    api = RaygunApi(name, http, account, wiring.memory)
    return Raygun(name, http, account, api, wiring.index, wiring.tasks)


def _raygun_accounts(settings: Settings) -> Mapping[str, Any]:
    labels = {*settings.raygun, *settings.raygun_v3}
    return {label: (settings.raygun.get(label), settings.raygun_v3.get(label)) for label in labels}


def _rybbit(name: SourceName, account: RybbitAccount, client: Any, wiring: Wiring) -> Source:
    http = VendorHttp(client, wiring.ledger, Account(str(name)), wiring.clock, Rybbit.title, account.base_url)
    server = RybbitServer(http, account, wiring.memory)
    return Rybbit(name, http, account, wiring.memory, server)


# Raygun says itself that a call may take 30 seconds, and a dropped call is a wasted one.
VENDORS = (
    VendorEntry("fullstory", lambda s: s.fullstory, 15, _fullstory),
    VendorEntry("raygun", _raygun_accounts, 35, _raygun),
    VendorEntry("rybbit", lambda s: s.rybbit, 15, _rybbit),
)


@asynccontextmanager
async def open_sources(settings: Settings, wiring: Wiring) -> AsyncIterator[tuple[Source, ...]]:
    """Open every configured account, each with its own connections, and close them at the end."""
    async with AsyncExitStack() as stack:
        sources = []
        for entry in VENDORS:
            for label, account in sorted(entry.accounts(settings).items()):
                client = await stack.enter_async_context(open_client(entry.read_seconds))
                sources.append(entry.build(SourceName(entry.vendor, label), account, client, wiring))
        yield tuple(sources)

"""All vendors in one table, and the sources of all configured accounts."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.domain.model import SourceName, Vendor
from bot.settings.model import Settings
from bot.sources.fullstory import source as fullstory
from bot.sources.http import open_client
from bot.sources.protocol import Source
from bot.sources.raygun import build as raygun
from bot.sources.rybbit import source as rybbit
from bot.sources.uxcam import source as uxcam
from bot.sources.wiring import Wiring


@dataclass(frozen=True, slots=True)
class VendorEntry:
    """A vendor: its configured accounts by label, seconds it may take to answer, and what makes a source."""

    vendor: Vendor
    accounts: Callable[[Settings], Mapping[str, Any]]
    read_seconds: float
    build: Callable[[SourceName, Any, Any, Wiring], Source]


def _raygun_accounts(settings: Settings) -> Mapping[str, Any]:
    labels = {*settings.raygun, *settings.raygun_v3}
    return {label: (settings.raygun.get(label), settings.raygun_v3.get(label)) for label in labels}


# Seconds to answer: Raygun documents that a call may take 30, and one that is broken off is still counted.
VENDORS = (
    VendorEntry("fullstory", lambda s: s.fullstory, 15, fullstory.build),
    VendorEntry("raygun", _raygun_accounts, 35, raygun.build),
    VendorEntry("rybbit", lambda s: s.rybbit, 15, rybbit.build),
    VendorEntry("uxcam", lambda s: s.uxcam, 15, uxcam.build),
)


@asynccontextmanager
async def open_sources(
    settings: Settings, wiring: Wiring, vendors: Sequence[VendorEntry] = VENDORS
) -> AsyncIterator[tuple[Source, ...]]:
    """The source of every configured account, each with its own connections, which are closed at the end."""
    async with AsyncExitStack() as stack:
        sources = []
        for entry in vendors:
            for label, account in sorted(entry.accounts(settings).items()):
                client = await stack.enter_async_context(open_client(entry.read_seconds, wiring.trusted))
                sources.append(entry.build(SourceName(entry.vendor, label), account, client, wiring))
        yield tuple(sources)

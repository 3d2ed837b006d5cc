"""The sources of all configured accounts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bot.domain.model import SourceName
from bot.settings.model import Settings
from bot.sources.http import open_client
from bot.sources.protocol import Source
from bot.sources.registry import VENDORS, VendorEntry
from bot.sources.wiring import Wiring


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

"""Every help desk in one table, and how a configured account becomes a desk."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bot.settings.accounts import IntercomAccount, ZendeskAccount
from bot.settings.model import Settings
from bot.sources.http import VendorHttp, open_client
from bot.sources.wiring import Wiring
from bot.tickets.desks import intercom, zendesk
from bot.tickets.desks.intercom import Intercom
from bot.tickets.desks.protocol import Desk
from bot.tickets.desks.zendesk import Zendesk
from bot.tickets.desks.zendesk_key import READS, READS_AND_WRITES, ZendeskKey

_READ_SECONDS = 10


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """A help desk: its system's name, its configured accounts, and what makes a desk of one."""

    system: str
    accounts: Callable[[Settings], Mapping[str, Any]]
    build: Callable[[str, Any, Any, Wiring, bool], Desk]


def _zendesk(name: str, settings: ZendeskAccount, client: Any, wiring: Wiring, takes_notes: bool) -> Desk:
    base_url = zendesk.base_url(settings)
    account = zendesk.account(name)
    http = VendorHttp(client, wiring.ledger, account, wiring.clock, Zendesk.title, base_url)
    scope = READS_AND_WRITES if takes_notes else READS
    return Zendesk(name, http, settings, ZendeskKey(name, settings, wiring.memory, scope), takes_notes)


def _intercom(name: str, settings: IntercomAccount, client: Any, wiring: Wiring, takes_notes: bool) -> Desk:
    account = intercom.account(name)
    http = VendorHttp(
        client,
        wiring.ledger,
        account,
        wiring.clock,
        Intercom.title,
        settings.base_url,
        intercom.rest_after_429,
    )
    return Intercom(name, http, settings, wiring.memory, takes_notes)


DESKS = (
    DeskEntry("zendesk", lambda s: s.zendesk, _zendesk),
    DeskEntry("intercom", lambda s: s.intercom, _intercom),
)


@asynccontextmanager
async def open_desks(settings: Settings, wiring: Wiring) -> AsyncIterator[tuple[Desk, ...]]:
    """Open every configured account, each with its own connections, and close them at the end."""
    async with AsyncExitStack() as stack:
        desks = []
        for entry in DESKS:
            for label, account in sorted(entry.accounts(settings).items()):
                client = await stack.enter_async_context(open_client(_READ_SECONDS, wiring.trusted))
                name, takes_notes = f"{entry.system}/{label}", settings.helpdesk.notes
                desks.append(entry.build(name, account, client, wiring, takes_notes))
        yield tuple(desks)

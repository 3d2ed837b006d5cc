"""Help desks in front of canned answers, and in front of the stand-ins over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.domain.model import TicketReference
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock, system_clock
from bot.operations.tasks import Tasks
from bot.settings.accounts import IntercomAccount, ZendeskAccount
from bot.sources.http import VendorHttp
from bot.sources.quota.ledger import Ledger
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import open_store
from bot.tickets.desks import intercom, zendesk
from bot.tickets.desks.ask import Desks
from bot.tickets.desks.intercom import Intercom
from bot.tickets.desks.protocol import Desk
from bot.tickets.desks.zendesk import Zendesk
from bot.tickets.desks.zendesk_key import ZendeskKey
from tests.bot.sources.canned import Canned, answering

ZENDESK_TICKET = TicketReference("zendesk", "48213", "https://acme.zendesk.com/agent/tickets/48213")
CONVERSATION = TicketReference(
    "intercom", "2154", "https://app.intercom.com/a/inbox/abc123/inbox/conversation/2154"
)


class Counter:
    """A service counter: desks, what they remember, and nobody's network."""

    def __init__(self, ledger: Ledger, memory: Memory, tasks: Tasks, clock: Clock) -> None:
        self.ledger, self.memory, self._tasks, self._clock = ledger, memory, tasks, clock

    def _http(self, vendor: Canned, account: Any, base_url: str) -> VendorHttp:
        client = httpx2.AsyncClient(transport=answering(vendor))
        return VendorHttp(client, self.ledger, account, self._clock, "Desk", base_url)

    def zendesk(self, vendor: Canned, label: str = "main", subdomain: str = "acme", **key: str) -> Zendesk:
        key = key or {"email": "robot@acme.example", "api_token": "t-secret"}
        settings = ZendeskAccount.model_validate({"subdomain": subdomain} | key)
        name = f"zendesk/{label}"
        http = self._http(vendor, zendesk.account(name), zendesk.base_url(settings))
        return Zendesk(name, http, settings, ZendeskKey(name, settings, self.memory))

    def intercom(self, vendor: Canned) -> Intercom:
        settings = IntercomAccount(token="t-secret")
        http = self._http(vendor, intercom.account("intercom/main"), settings.base_url)
        return Intercom("intercom/main", http, settings, self.memory)

    def desks(self, *desks: Desk) -> Desks:
        return Desks(desks, self.memory, Flights(self._tasks), self._clock)


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    async with open_store(f"sqlite:///{tmp_path / 'desk.db'}") as store:
        tasks = Tasks(lambda _crash, _task: None)
        memory = Memory(store, Keyring(("a secret",)), system_clock)
        yield Counter(Ledger(store), memory, tasks, system_clock)
        await tasks.drain(1)

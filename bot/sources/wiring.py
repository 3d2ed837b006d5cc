"""What every source is made with."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx2

from bot.operations.clock import Clock
from bot.operations.tasks import Tasks
from bot.sources.http import VendorHttp
from bot.sources.quota import Account, Window
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.storage.memory import Memory


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all sources share: ledger, memory, clock, index, background tasks, trusted certificates."""

    ledger: Ledger
    memory: Memory
    clock: Clock
    index: SessionIndex
    tasks: Tasks
    trusted: ssl.SSLContext

    def http(
        self,
        client: httpx2.AsyncClient,
        title: str,
        base_url: str,
        account: str,
        windows: tuple[Window, ...] = (),
        rest_after_429: Callable[[datetime], timedelta] | None = None,
    ) -> VendorHttp:
        """
        What an account's calls are made with.

        Args:
            client: the account's connections.
            title: the vendor's name as people know it.
            base_url: of the vendor's API.
            account: its name in the ledger, such as `rybbit/www`.
            windows: how many calls it allows in which time; none where that is not known.
            rest_after_429: how long no call is made after a 429 that does not say so itself.

        """
        http = VendorHttp(client, self.ledger, Account(account, windows), self.clock, title, base_url)
        return replace(http, rest_after_429=rest_after_429) if rest_after_429 else http

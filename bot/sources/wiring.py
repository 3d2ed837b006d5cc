"""What every source is handed when it is made."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx

from bot.operations.clock import Clock
from bot.operations.tasks import Tasks
from bot.sources.http import VendorHttp
from bot.sources.quota import Account, Ledger, Window
from bot.sources.raygun.index import SessionIndex
from bot.storage.memory import Memory


@dataclass(frozen=True, slots=True)
class Wiring:
    """
    The ledger, what is remembered, the time, the index of sessions, what runs behind answers.

    `trusted` is whose certificates are taken.
    """

    ledger: Ledger
    memory: Memory
    clock: Clock
    index: SessionIndex
    tasks: Tasks
    trusted: ssl.SSLContext

    def http(
        self,
        client: httpx.AsyncClient,
        title: str,
        base_url: str,
        account: str,
        windows: tuple[Window, ...] = (),
        rest_after_429: Callable[[datetime], timedelta] | None = None,
    ) -> VendorHttp:
        """
        Give an account's way to its vendor.

        Args:
            client: the vendor's connections.
            title: the vendor's name as people know it.
            base_url: where it is.
            account: its name in the ledger, such as `rybbit/www`.
            windows: how many calls it allows in which time; none where that is not known.
            rest_after_429: how long to stay away where it refuses and does not say.

        """
        http = VendorHttp(client, self.ledger, Account(account, windows), self.clock, title, base_url)
        return replace(http, rest_after_429=rest_after_429) if rest_after_429 else http

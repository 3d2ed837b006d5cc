"""Sources in front of canned answers: what a vendor would send is given, request by request."""

import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from bot.domain.answer import Answer
from bot.domain.model import SourceName, Subject, SubjectKind
from bot.operations.clock import Clock
from bot.operations.tasks import Tasks
from bot.settings.accounts import (
    FullStoryAccount,
    PostHogAccount,
    RaygunAccount,
    RybbitAccount,
    SentryAccount,
    UXCamAccount,
)
from bot.sources.fullstory.api import FullStoryApi
from bot.sources.fullstory.source import FullStory
from bot.sources.http import Calls, VendorHttp
from bot.sources.protocol import Question, Source
from bot.sources.quota import Account, Purpose
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun import legacy as raygun
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.legacy import Raygun
from bot.sources.raygun.legacy_api import RaygunApi
from bot.sources.registry import VENDORS
from bot.sources.rybbit.server import RybbitServer
from bot.sources.rybbit.source import Rybbit
from bot.sources.uxcam.api import WINDOWS, UXCamApi
from bot.sources.uxcam.source import UXCam
from bot.sources.wiring import Wiring
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store, open_store
from tests.conftest import prepared_sqlite

RECORDED = Path(__file__).parents[2] / "recorded"
Respond = Callable[[httpx2.Request], httpx2.Response]


def answer(body: Any, status: int = 200, **headers: str) -> httpx2.Response:
    """A vendor's JSON answer."""
    return httpx2.Response(status, content=json.dumps(body).encode(), headers=headers)


class _Chunks(httpx2.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def answering(respond: Respond) -> httpx2.MockTransport:
    """A transport that answers by a function, with bodies that are read as from a network, each once."""

    def answer_in_chunks(request: httpx2.Request) -> httpx2.Response:
        made = respond(request)
        return httpx2.Response(made.status_code, headers=made.headers, stream=_Chunks(made.content))

    return httpx2.MockTransport(answer_in_chunks)


@dataclass
class Canned:
    """One vendor that answers by a function, and the requests that it got."""

    respond: Respond
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.respond(request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]


@dataclass(frozen=True)
class Bench:
    """What sources need, with a database that is deleted afterwards."""

    ledger: Ledger
    memory: Memory
    clock: Clock
    index: SessionIndex
    tasks: Tasks
    store: Store
    keyring: Keyring

    def http(self, vendor: Respond, account: Account, base_url: str) -> VendorHttp:
        client = httpx2.AsyncClient(transport=answering(vendor))
        return VendorHttp(client, self.ledger, account, self.clock, "Vendor", base_url)

    def fullstory(self, vendor: Respond, **settings: Any) -> FullStory:
        account = FullStoryAccount(**{"api_key": "bmExLmtleQ=="} | settings)
        name = SourceName("fullstory", "main")
        http = self.http(vendor, Account(str(name)), account.base_url)
        api = FullStoryApi(str(name), account, self.memory)
        return FullStory(name, http, account, self.memory, api)

    def raygun(
        self, vendor: Respond | None = None, client: httpx2.AsyncClient | None = None, **settings: Any
    ) -> Raygun:
        """Raygun with canned answers or, with a client, with that client's server."""
        values = {"api_key": "a", "client_id": "c", "client_secret": "s"} | settings
        account = RaygunAccount(**values)
        name = SourceName("raygun", "shop")
        ledger_account = Account(str(name), raygun.windows(account))
        client = client or httpx2.AsyncClient(transport=answering(vendor or _nobody))
        http = VendorHttp(
            client, self.ledger, ledger_account, self.clock, "Raygun", account.base_url, raygun.rest_after_429
        )
        api = RaygunApi(name, http, account, self.memory)
        return Raygun(name, http, account, api, self.index, self.tasks)

    def rybbit(self, vendor: Respond, label: str = "www", **settings: Any) -> Rybbit:
        values = {"api_key": "k", "site": "1", "base_url": "https://rybbit.contoso.example"} | settings
        account = RybbitAccount(**values)
        name = SourceName("rybbit", label)
        http = self.http(vendor, Account(str(name)), account.base_url)
        return Rybbit(name, http, account, self.memory, RybbitServer(http, account, self.memory))

    def uxcam(self, vendor: Respond, label: str = "app", **settings: Any) -> UXCam:
        values = {"api_key": "k-e-y", "app_id": "65a0000000000000000000aa"} | settings
        account, name = UXCamAccount(**values), SourceName("uxcam", label)
        http = self.http(vendor, Account(str(name), WINDOWS), account.base_url)
        return UXCam(name, http, account, UXCamApi(str(name), account, self.memory))

    def sentry(self, vendor: Respond, **settings: Any) -> Source:
        return self.made("sentry", vendor, SentryAccount(token="t-o-k-e-n", organization="acme", **settings))

    def posthog(self, vendor: Respond, **settings: Any) -> Source:
        return self.made("posthog", vendor, PostHogAccount(api_key="k-e-y", project="12345", **settings))

    def made(self, vendor: str, respond: Respond, account: Any) -> Source:
        """A vendor's source as the registry makes it, with canned answers."""
        entry = next(entry for entry in VENDORS if entry.vendor == vendor)
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        wiring = Wiring(self.ledger, self.memory, self.clock, self.index, self.tasks, trusted)
        client = httpx2.AsyncClient(transport=answering(respond))
        return entry.build(SourceName(entry.vendor, "main"), account, client, wiring)


def _nobody(_request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(500)


@asynccontextmanager
async def bench(folder: Path, clock: Clock) -> AsyncIterator[Bench]:
    """What sources need, opened for the block."""
    async with open_store(prepared_sqlite(folder / "bench.db"), clock) as store:
        keyring = Keyring(("secret",))
        index = SessionIndex(store, keyring, timedelta(days=7), timedelta(days=1))
        crashes: list[BaseException] = []
        tasks = Tasks(lambda crash, _name: crashes.append(crash))
        yield Bench(Ledger(store), Memory(store, keyring, clock), clock, index, tasks, store, keyring)
        await tasks.settle()
        assert crashes == []


async def calls_of(source: Source) -> Calls:
    return source.http.asking(Purpose.PERSON, await source.account())


async def find(source: Source, subject: str, days: int = 30) -> Answer:
    """Ask a source about an address or uid."""
    kind = SubjectKind.EMAIL if "@" in subject else SubjectKind.UID
    value = subject.lower() if kind is SubjectKind.EMAIL else subject
    return await source.find(Question(Subject(kind, value, subject), days), await calls_of(source))

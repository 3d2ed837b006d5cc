"""What finds people, over invented sources that know a few of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import Failure, Reason, Session, SourceName, Subject, SubjectKind
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.ask_source import AskSource
from bot.lookup.fan_out import Lookup
from bot.lookup.identities import Identities
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock
from bot.operations.metrics import Metrics
from bot.operations.tasks import Tasks
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.store import Store
from tests.bot.sources.canned import answering

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
LI = Subject(SubjectKind.EMAIL, "li.wei@fabrikam.example", "li.wei@fabrikam.example")
BROKEN = Failure(Reason.VENDOR_ERROR, "has trouble of its own")
WEEK = timedelta(days=7)
FRESHNESS = Freshness(timedelta(minutes=2), timedelta(seconds=30))


@dataclass
class Knows:
    """A source that knows some people's sessions and pages, fails if told to, and answers when it is let."""

    name: SourceName
    http: VendorHttp
    title: str = "Invented"
    freshness: Freshness = FRESHNESS
    people: dict[str, tuple[Session, ...]] = field(default_factory=dict)
    # By the vendor's own id of a person.
    pages: dict[str, Subject] = field(default_factory=dict)
    account_id: str = ""
    failure: Failure | None = None
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def account(self) -> Account:
        return self.http.account

    async def cost(self, _subject: Subject) -> int:
        return 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        await self._answer(question.subject.value, calls)
        return Answer(self.people.get(question.subject.value, ()))

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        await self._answer(session_id, calls)
        every = (session for sessions in self.people.values() for session in sessions)
        return next((session for session in every if session.id == session_id), None)

    async def check(self, _calls: Calls) -> str:
        return "well"

    async def is_ours(self, link: Link, _calls: Calls) -> bool:
        return link.account_id == self.account_id

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        await self._answer(str(link.user_id), calls)
        return self.pages.get(str(link.user_id))

    async def _answer(self, about: str, calls: Calls) -> None:
        self.asked.append(about)
        calls.made += 1
        await self.may_answer.wait()
        if self.failure:
            raise CallFailed(self.failure.reason, self.failure.message)


@dataclass(frozen=True, slots=True)
class Finding:
    """A lookup over invented sources, and what is beside it."""

    lookup: Lookup
    sources: tuple[Knows, ...]
    known_links: KnownLinks
    leases: Leases
    flights: Flights
    tasks: Tasks


@asynccontextmanager
async def finding(
    store: Store,
    keyring: Keyring,
    clock: Clock,
    metrics: Metrics,
    names: Sequence[SourceName],
    kind: type[Knows] = Knows,
) -> AsyncIterator[Finding]:
    """Open a lookup over a source of a kind for each name; at the end nothing of it may have crashed."""
    crashes: list[BaseException] = []
    tasks = Tasks(lambda crash, _task: crashes.append(crash))
    flights, ledger, leases = Flights(tasks), Ledger(store), Leases(store, keyring)
    transport = answering(lambda _request: httpx2.Response(404))
    async with httpx2.AsyncClient(transport=transport) as client:
        sources = []
        for name in names:
            source = kind(name, VendorHttp(client, ledger, Account(str(name)), clock, "Invented", ""))
            source.may_answer.set()
            sources.append(source)
        known_links = KnownLinks(store, keyring, SessionIndex(store, keyring, WEEK, WEEK), WEEK)
        ask_source = AskSource(
            AnswerCache(store, keyring, clock, timedelta(days=1)),
            flights,
            keyring,
            clock,
            timedelta(seconds=30),
            PushedErrors(store, keyring, WEEK),
            known_links,
            leases,
        )
        lookup = Lookup(tuple(sources), ask_source, Identities(store, keyring, WEEK), clock, tasks, metrics)
        yield Finding(lookup, tuple(sources), known_links, leases, flights, tasks)
        for source in sources:
            source.may_answer.set()
        await tasks.settle()
        assert crashes == []

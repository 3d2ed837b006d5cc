"""The bots that `raygun_day.py` compares: each answers lookups by the sandbox's Raygun on a virtual clock."""

import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import httpx2

from bot.domain.model import Subject, SubjectKind
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.ask_source import AskSource
from bot.lookup.fan_out import Lookup
from bot.lookup.identities import Identities
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations.metrics import make_metrics
from bot.operations.tasks import Tasks
from bot.settings.model import load_settings
from bot.sources.http import trusted_certificates
from bot.sources.opening import open_sources
from bot.sources.protocol import Question
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.raygun.spending import plan
from bot.sources.raygun.spending.forecast import Outlook, Pace
from bot.sources.wiring import Wiring
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.memory import Memory
from bot.storage.store import open_store
from sandbox.vendors.raygun import Raygun

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
HALF_HOUR = timedelta(minutes=30)


@dataclass
class VirtualClock:
    """A clock that is put forward by hand."""

    now: datetime

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@dataclass(frozen=True)
class Asked:
    """One lookup: when, and by which uid."""

    at: datetime
    uid: str


@dataclass(frozen=True)
class Told:
    """What a bot answered: how old its data is at most, None for no answer, and the sessions' numbers."""

    age: timedelta | None
    sessions: frozenset[int] = frozenset()


class Bot(Protocol):
    """Something that answers lookups."""

    async def answer(self, asked: Asked) -> Told:
        """Answer one, at the clock's now."""


@dataclass
class Simple:
    """
    A bot without an index: login when the key is old, a list by user, the newest session's own page.

    `keeps` is for how long it gives a user's last answer again.
    """

    raygun: Raygun
    clock: VirtualClock
    client: httpx2.AsyncClient
    keeps: timedelta
    key: str = ""
    key_until: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    known: dict[str, tuple[datetime, frozenset[int]]] = field(default_factory=dict)

    async def answer(self, asked: Asked) -> Told:
        """Answer from the cache, or else ask; a refusal is no answer."""
        if asked.uid in self.known and asked.at - self.known[asked.uid][0] <= self.keeps:
            at, sessions = self.known[asked.uid]
            return Told(asked.at - at, sessions)
        sessions_found = await self._ask(asked)
        if sessions_found is None:
            return Told(None)
        if self.keeps:
            self.known[asked.uid] = asked.at, sessions_found
        return Told(timedelta(), sessions_found)

    async def _ask(self, asked: Asked) -> frozenset[int] | None:
        if self.clock() >= self.key_until and not await self._log_in():
            return None
        span = {"dateFrom": _iso(asked.at - WEEK), "dateTo": _iso(asked.at), "limit": "500"}
        listed = await self._get("sessions", span | {"userIdentifier": asked.uid})
        if listed is None:
            return None
        rows = sorted(listed["sessions"], key=lambda row: str(row["sessionStart"]))
        if rows:
            await self._get("session", {"id": str(rows[-1]["id"])})
        return frozenset(int(row["id"]) for row in rows)

    async def _log_in(self) -> bool:
        environment = self.raygun
        reply = await self.client.get(
            "/api/v1/pulse/authenticate",
            headers={"X-ApiKey": environment.api_key},
            auth=(environment.client_id, environment.client_secret),
        )
        if reply.status_code != 202:
            return False
        self.key, self.key_until = reply.json()["sessionKey"], self.clock() + timedelta(minutes=14)
        return True

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        headers = {"X-SessionKey": self.key}
        reply = await self.client.get(f"/api/v1/pulse/{path}", params=query, headers=headers)
        return reply.json() if reply.status_code == 200 else None


@dataclass
class Casefile:
    """The program itself, with Raygun as its only source."""

    lookup: Lookup
    tasks: Tasks

    async def answer(self, asked: Asked) -> Told:
        """Look the uid up, and let what goes on behind the answer end."""
        subject = Subject(SubjectKind.UID, asked.uid, asked.uid)
        async for case_file in self.lookup.follow(Question(subject, 30)):
            told = case_file
        await self.tasks.settle()
        finding = told.findings[0]
        numbers = frozenset(int(session.id) for session in finding.sessions)
        return Told(asked.at - finding.as_of if finding.as_of else None, numbers)


@asynccontextmanager
async def casefile(raygun: Raygun, clock: VirtualClock) -> AsyncIterator[Bot]:
    """Open the program's parts on the virtual clock, with an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'day.db'}"
        counts = {"RAYGUN__SHOP__LOGIN_COUNTS": str(raygun.login_counts)}
        settings = load_settings(raygun.environment() | counts)
        keyring = Keyring(("of the simulation",))
        async with open_store(url, clock) as store:
            tasks = Tasks(_report)
            index = SessionIndex(store, keyring, WEEK, DAY)
            wiring = Wiring(
                Ledger(store), Memory(store, keyring, clock), clock, index, tasks, trusted_certificates()
            )
            async with open_sources(settings, wiring) as sources:
                ask_source = AskSource(
                    AnswerCache(store, keyring, clock, DAY),
                    Flights(tasks),
                    keyring,
                    clock,
                    timedelta(seconds=60),
                    PushedErrors(store, keyring, WEEK),
                    KnownLinks(store, keyring, index, WEEK),
                    Leases(store, keyring),
                )
                identities = Identities(store, keyring, WEEK)
                yield Casefile(Lookup(sources, ask_source, identities, clock, tasks, make_metrics()), tasks)


def pace_by_what_is_left(outlook: Outlook) -> Pace:
    """Half an hour, and longer when the calls left suffice for fewer than two readings: two hours at most."""
    purse = outlook.purse
    two_readings = 2 * (purse.login + 1)
    return Pace(HALF_HOUR * min(4.0, max(1.0, two_readings / max(1, purse.left))), True)


def spare_of_what_is_left(outlook: Outlook) -> int:
    """Keep three readings of what is left, and five of that with what comes back in two hours."""
    purse, reading = outlook.purse, outlook.purse.login + 1
    soon = purse.left + sum(back <= outlook.now + 4 * HALF_HOUR for back in purse.returns)
    return min(16, max(0, min(purse.left - 3 * reading, soon - 5 * reading)))


@asynccontextmanager
async def without_forecast(raygun: Raygun, clock: VirtualClock) -> AsyncIterator[Bot]:
    """Open the program with the simple rule in the forecast's place."""
    rule = patch.multiple(plan, pace=pace_by_what_is_left, spare=spare_of_what_is_left)
    async with casefile(raygun, clock) as bot:
        with rule:
            yield bot


@asynccontextmanager
async def simple(raygun: Raygun, clock: VirtualClock, keeps: timedelta) -> AsyncIterator[Bot]:
    """Open a bot without an index."""
    async with httpx2.AsyncClient(base_url=raygun.origin) as client:
        yield Simple(raygun, clock, client, keeps)


POLICIES: dict[str, Callable[[Raygun, VirtualClock], Any]] = {
    "casefile": casefile,
    "without_forecast": without_forecast,
    "per_user_cache": lambda raygun, clock: simple(raygun, clock, HALF_HOUR),
    "naive": lambda raygun, clock: simple(raygun, clock, timedelta()),
}
# What remembers more than half an hour, and is at work on all of the days before.
REMEMBERING = {"casefile", "without_forecast"}


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _report(crash: BaseException, task: str) -> None:
    print(f"{task} crashed: {crash!r}", file=sys.stderr)

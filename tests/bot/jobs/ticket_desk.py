"""A workspace in which a help desk's tickets come in, and a help desk that knows who wrote in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.domain.asking import Asker
from bot.domain.model import Session, SourceName, Subject, TicketReference
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import REMOVE as REMOVE_KIND
from bot.jobs.payloads import TICKET, RemovePayload, TicketPayload
from bot.jobs.tickets import TicketJobs
from bot.jobs.tickets.digest import DigestJobs
from bot.jobs.tickets.digest_book import DigestBook
from bot.jobs.tickets.notes import DeskNoteJobs
from bot.operations.clock import system_clock
from bot.operations.metrics import Metrics, make_metrics
from bot.settings.model import Settings, load_settings
from bot.slack.access import Access
from bot.sources.http import Calls, VendorHttp
from bot.sources.quota import Account
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.tickets.book import TicketBook
from bot.tickets.decide import Action, TicketReading
from bot.tickets.desks.ask import Desks
from bot.tickets.desks.protocol import Requester
from bot.tickets.rules import TicketRules, Us, ticket_rules
from bot.tickets.switches import Switches
from bot.tickets.with_requester import TicketReader
from sandbox.slack import Message
from sandbox.slack.people import TEAM
from tests.bot.in_slack import InSlack, Process, in_slack
from tests.bot.jobs.known_people import Finding, Knows, finding
from tests.bot.jobs.watching_of import watching_of

WWW = SourceName("rybbit", "www")


@dataclass
class HelpDesk:
    """A help desk that knows who wrote in."""

    http: VendorHttp
    name: str = "zendesk/main"
    title: str = "Zendesk"
    requesters: dict[str, Requester] = field(default_factory=dict)
    noted: dict[str, list[str]] = field(default_factory=dict)

    def may_keep(self, _ticket: TicketReference) -> bool:
        return True

    async def requester(self, ticket: TicketReference, _calls: Calls) -> Requester | None:
        return self.requesters.get(ticket.id)

    async def notes(self, ticket: TicketReference, _calls: Calls) -> list[str]:
        return self.noted.setdefault(ticket.id, [])

    async def write_note(self, ticket: TicketReference, html: str, _calls: Calls) -> None:
        self.noted.setdefault(ticket.id, []).append(html)

    async def check(self, _calls: Calls) -> str:
        return "well"


@dataclass
class Desk:
    """A workspace in which tickets come in, and people whom two invented sources know."""

    at: InSlack
    found: Finding
    metrics: Metrics
    requesters: dict[str, Requester] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    help_desk: HelpDesk | None = None

    @property
    def rybbit(self) -> Knows:
        return self.found.sources[0]

    @property
    def fullstory(self) -> Knows:
        return self.found.sources[1]

    def knows(self, *people: Subject) -> None:
        """Let Rybbit have a session of each."""
        for person in people:
            session = Session(WWW, f"of {person.value}", started_at=system_clock() - timedelta(hours=1))
            self.rybbit.people[person.value] = (session,)

    def jobs(self, process: Process | None = None) -> TicketJobs:
        """What answers tickets in one process."""
        at, by = self.at, process or self.at.process
        settings = load_settings(self.settings)
        memory = Memory(at.store, at.keyring, system_clock)
        access = Access(by.client, settings.access, memory)
        admission = Admission(access, by.poster, by.posts, self.metrics, by.trail(at, self.metrics))
        reader = TicketReader(self._rules(settings), self.desks(memory))
        book = TicketBook(at.store, at.keyring)
        lookup = self.found.lookup
        switches = Switches(at.store, settings.tickets, system_clock)
        parts = (admission, access, lookup, by.poster, by.posts, reader, book, by.client)
        watching, notes = watching_of(at, by, lookup, settings), self.notes(process)
        more = (switches, at.keyring.seal, watching, notes, self.digest(by))
        return TicketJobs(*parts, settings, self.metrics, *more)

    def digest(self, process: Process | None = None) -> DigestJobs:
        """What lists tickets in one process."""
        at, by = self.at, process or self.at.process
        settings = load_settings(self.settings)
        access = Access(by.client, settings.access, Memory(at.store, at.keyring, system_clock))
        switches = Switches(at.store, settings.tickets, system_clock)
        parts = (at.store, DigestBook(at.store, at.keyring), by.inbox, access, switches, by.poster)
        return DigestJobs(*parts, settings, self.metrics, "https://contoso.slack.example/", 0.0)

    def notes(self, process: Process | None = None) -> DeskNoteJobs:
        """What writes notes into the help desk in one process."""
        at, by = self.at, process or self.at.process
        settings = load_settings(self.settings)
        memory = Memory(at.store, at.keyring, system_clock)
        access = Access(by.client, settings.access, memory)
        admission = Admission(access, by.poster, by.posts, self.metrics, by.trail(at, self.metrics))
        reader = TicketReader(self._rules(settings), self.desks(memory))
        parts = (admission, by.inbox, self.found.lookup, Leases(at.store, at.keyring), by.poster, reader)
        book = TicketBook(at.store, at.keyring)
        return DeskNoteJobs(*parts, by.client, book, at.keyring, settings, self.metrics, 0.01)

    def desks(self, memory: Memory) -> Desks:
        """The help desk, whose calls are counted."""
        http = replace(self.rybbit.http, account=Account("zendesk/main"))
        self.help_desk = self.help_desk or HelpDesk(http, requesters=self.requesters)
        return Desks([self.help_desk], memory, self.found.flights, system_clock)

    def _rules(self, settings: Settings) -> TicketRules:
        people = self.at.slack.people
        return ticket_rules(settings.tickets, Us(people.bot_id, people.bot))

    async def ticket(self, text: str = "a ticket", channel: str | None = None) -> Message:
        """A help desk's message."""
        return await self.at.slack.post_as_app(channel or self.at.slack.places.support, text)

    async def accept(self, root: Message, *requester: Subject, **more: Any) -> Job:
        """The job of a message that names these as the requesters."""
        action = Action.REPLY if requester else Action.OFFER
        about: dict[str, Any] = {"requester": requester, "channel": root.channel, "root_ts": root.ts}
        reading = TicketReading(**{"action": action, "reason": "…"} | about | more)
        return await self.at.accept(TICKET.name, TICKET.write(TicketPayload(reading, TEAM)))

    async def answer(self, root: Message, *requester: Subject, **more: Any) -> list[Message]:
        """Our messages below a ticket when it has been dealt with."""
        job = await self.accept(root, *requester, **more)
        await self.jobs().answer(job)
        await self.at.inbox.finish(job)
        return self.below(root)

    def below(self, root: Message) -> list[Message]:
        return self.at.below(root.ts, root.channel)

    async def remove(self, message: Message, user: str, *, attempts: int = 1) -> None:
        """Press Remove on an answer."""
        asker = Asker(user, message.channel, TEAM, message.thread_ts)
        job = await self.at.accept(REMOVE_KIND.name, REMOVE_KIND.write(RemovePayload(asker, message.ts)))
        await self.jobs().remove(replace(job, attempts=attempts))

    @property
    def outcomes(self) -> dict[str, float]:
        samples = next(iter(self.metrics.tickets.collect())).samples
        return {s.labels["outcome"]: s.value for s in samples if s.name.endswith("_total") and s.value}

    @property
    def asked(self) -> list[str]:
        """Whom the sources were asked about."""
        return [*self.rybbit.asked, *self.fullstory.asked]


@asynccontextmanager
async def open_desk(
    store: Store,
    keyring: Keyring,
    second: SourceName,
    *,
    settings: dict[str, str] | None = None,
    **slack: Any,
) -> AsyncIterator[Desk]:
    """A desk for the block, over Rybbit and a second source; further arguments are the workspace's."""
    metrics = make_metrics()
    async with (
        in_slack(store, keyring, **slack) as at,
        finding(store, keyring, system_clock, metrics, (WWW, second)) as found,
    ):
        yield Desk(at, found, metrics, settings=settings or {})

"""Watched threads in a workspace: Raygun pushes, tickets come in, processes die and others go on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update

from bot.domain.asking import Asker
from bot.domain.model import SourceName, Subject
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import WATCH, WATCH_LOOK, WATCH_NEWS, WATCH_TELL, WatchPayload
from bot.jobs.results import Answered
from bot.jobs.slack_results import answering_in_slack
from bot.jobs.tickets.news import WatchJobs
from bot.operations.clock import system_clock
from bot.operations.metrics import make_metrics
from bot.settings.model import load_settings
from bot.slack.access import Access
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.raygun.webhook_events import ErrorNews, read_event
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import jobs, turns
from bot.tickets.switches import Switches
from sandbox.slack import Message
from sandbox.slack.people import TEAM
from tests.bot.in_slack import InSlack, Process, in_slack
from tests.bot.jobs.known_people import finding
from tests.bot.jobs.ticket_desk import Desk
from tests.bot.jobs.watching_of import watching_of

WWW, SHOP = SourceName("rybbit", "www"), SourceName("raygun", "shop")


@dataclass
class Newsroom:
    """Raygun's webhooks and watched threads beside a desk's tickets; `pushes` counts the webhooks."""

    desk: Desk
    pushes: int = field(default=0)

    @property
    def at(self) -> InSlack:
        return self.desk.at

    def jobs(self, process: Process | None = None) -> WatchJobs:
        """What tells threads in one process."""
        at, by, lookup = self.at, process or self.at.process, self.desk.found.lookup
        settings = load_settings(self.desk.settings)
        access = Access(by.client, settings.access, Memory(at.store, at.keyring, system_clock))
        metrics = self.desk.metrics
        admission = Admission(access, by.poster, by.posts, metrics, by.trail(at, metrics))
        watching = watching_of(at, by, lookup, settings)
        parts = (watching, admission, access, lookup, by.poster, Ledger(at.store))
        switches = Switches(at.store, settings.tickets, system_clock)
        return WatchJobs(*parts, settings, metrics, switches)

    async def push(self, kind: str, error: int = 1, hit: Subject | None = None, **fields: Any) -> bool:
        """A webhook about one of the shop's errors; whether it was new."""
        self.pushes += 1
        at = f"2026-11-20T10:{self.pushes // 60:02}:{self.pushes % 60:02}Z"
        url = f"https://app.raygun.com/crashreporting/19abc7x/errors/{error}"
        body: dict[str, Any] = {"url": url, "message": f"Error number {error}", "activityDate": at}
        if hit:
            body |= {"lastOccurredOn": at, "instance": {"affectedUser": {"Identifier": hit.value}}}
        return await self.deliver({"eventType": kind, "error": body | fields})

    async def deliver(self, body: dict[str, Any]) -> bool:
        """A webhook's body, as it came; whether it was new."""
        at, event = self.at, read_event(body)
        assert event is not None
        watching = self.jobs().watching

        async def on_news(connection: Connection, news: ErrorNews) -> None:
            await watching.on_news(connection, news)

        pushed = PushedErrors(at.store, at.keyring, timedelta(days=7))
        return await pushed.take(SHOP, event, body, on_news)

    async def ticket_of(self, customer: Subject, error: int = 1, channel: str | None = None) -> Message:
        """A ticket of somebody whom an error hit, answered in its thread."""
        await self.push("NewErrorOccurred", error, customer)
        self.desk.knows(customer)
        root = await self.desk.ticket(channel=channel)
        await self.let_post_at_once()
        await self.desk.answer(root, customer)
        return root

    async def work(self, process: Process | None = None) -> None:
        """Do what is owed to watched threads, until nothing is."""
        by = process or self.at.process
        ours = self.jobs(by)
        handlers = {
            WATCH_NEWS.name: ours.spread,
            WATCH_TELL.name: ours.tell,
            WATCH_LOOK.name: ours.look,
        }
        while found := await by.inbox.take_over(100):
            for job in found:
                await self.let_post_at_once()
                assert await answering_in_slack(handlers[job.kind])(job) == Answered()
                await by.inbox.finish(job)

    async def press(self, root: Message, *subjects: Subject, on: bool | None, user: str | None = None) -> Job:
        """Press Watch or Stop watching in a thread, or ask which of the two holds."""
        at = self.at
        asker = Asker(user or at.slack.people.agent, root.channel, TEAM, root.ts)
        payload = WatchPayload(asker, is_on=on, subjects=subjects, days=30)
        job = await at.accept(WATCH.name, WATCH.write(payload))
        await self.jobs().press(job)
        await at.inbox.finish(job)
        return job

    async def mute(self, channel: str, *, on: bool = True) -> None:
        """Have tickets in a channel get no reply, or one again."""
        switches = Switches(self.at.store, load_settings(self.desk.settings).tickets, system_clock)
        await switches.mute(channel, is_on=on)

    async def let_post_at_once(self) -> None:
        """How fast may be posted in one channel is not what this is about."""
        async with self.at.store.write() as connection:
            await connection.execute(delete(turns))

    async def let_leases_end(self) -> None:
        """As if the processes that have jobs were gone."""
        async with self.at.store.write() as connection:
            await connection.execute(update(jobs).values(leased_until_ms=0))

    def told(self, root: Message) -> list[str]:
        """What a ticket's thread was told below its answer."""
        return [message.text for message in self.desk.below(root)[1:]]


@asynccontextmanager
async def open_newsroom(store: Store, keyring: Keyring) -> AsyncIterator[Newsroom]:
    """A newsroom for the block, over Rybbit and the shop's Raygun."""
    metrics = make_metrics()
    async with (
        in_slack(store, keyring, limits={}) as at,
        finding(store, keyring, system_clock, metrics, (WWW, SHOP)) as found,
    ):
        yield Newsroom(Desk(at, found, metrics))

"""A workspace in which addresses are pasted, and one invented source whose pages some of them are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.audit.trail import AuditTrail
from bot.domain.model import Session, SessionUser, SourceName
from bot.jobs.inbox import Job
from bot.jobs.pages.known import PageCards
from bot.jobs.pages.unfurls import UnfurlJobs
from bot.jobs.payloads import UNFURL, UnfurlPayload
from bot.lookup.pages.asked import Pages
from bot.lookup.pages.named import NamedPages
from bot.operations.clock import system_clock
from bot.operations.metrics import Metrics, make_metrics
from bot.settings.model import Settings, load_settings
from bot.slack.access import Access
from bot.sources.registry import known_pages
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from sandbox.slack.events import expect_unfurl
from sandbox.slack.people import TEAM
from tests.bot.answers.case_files import check_message
from tests.bot.in_slack import InSlack, Process, in_slack
from tests.bot.jobs.known_people import JANE, Finding, Knows, finding

APP = SourceName("uxcam", "app")
OUR_APP, OTHER_APP, PERSON = "a" * 24, "b" * 24, "c" * 24
PAGES = f"https://app.uxcam.com/app/{OUR_APP}"
JANE_DOE = SessionUser("u-77", JANE.value, "Jane Doe")
PERSON_URL = f"{PAGES}/users/{PERSON}"
UNKNOWN = f"{PAGES}/sessions/{'f' * 24}"


def session_url(number: int) -> str:
    return f"{PAGES}/sessions/{number:024x}"


def session(number: int, user: SessionUser = JANE_DOE) -> Session:
    started = system_clock() - timedelta(hours=number)
    return Session(APP, f"{number:024x}", session_url(number), started_at=started, user=user)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process's answers are made with."""

    by: Process
    settings: Settings
    access: Access
    pages: PageCards
    trail: AuditTrail


@dataclass
class Desk:
    """A workspace in which addresses are pasted, and a source whose pages some of them are."""

    at: InSlack
    found: Finding
    metrics: Metrics
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def uxcam(self) -> Knows:
        return self.found.sources[0]

    def parts(self, process: Process | None = None) -> "Parts":
        """What one process answers pasted addresses, and opened panes, with."""
        by, settings = process or self.at.process, load_settings(self.settings)
        memory = Memory(self.at.store, self.at.keyring, system_clock)
        access = Access(by.client, settings.access, memory)
        found = self.found
        named = NamedPages(
            found.sources,
            found.lookup.ask_source,
            Pages(found.flights, self.at.keyring, system_clock),
            found.known_links,
            system_clock,
            known_pages(settings),
        )
        pages = PageCards(named, system_clock, self.at.keyring, settings.lookup)
        return Parts(by, settings, access, pages, by.trail(self.at, self.metrics))

    def jobs(self, process: Process | None = None) -> UnfurlJobs:
        """What answers pasted addresses in one process."""
        parts = self.parts(process)
        return UnfurlJobs(
            parts.access,
            parts.pages,
            self.found.leases,
            parts.by.client,
            parts.settings,
            self.metrics,
            parts.trail,
        )

    async def paste(
        self, *urls: str, channel: str | None = None, user: str | None = None, **more: Any
    ) -> Job:
        """The job of a message with these addresses."""
        slack = self.at.slack
        author = user or slack.people.agent
        message = await slack.post_as_user(channel or slack.places.support, author, "look")
        payload = UnfurlPayload(author, TEAM, message.channel, message.ts, message.ts, "here", urls)
        payload = replace(payload, **more)
        event = {
            "channel": payload.channel,
            "message_ts": payload.message_ts,
            "unfurl_id": payload.unfurl_id,
            "source": payload.source,
            "links": [{"url": url} for url in urls],
        }
        expect_unfurl(slack.state, event)
        return await self.at.accept(UNFURL.name, UNFURL.write(payload))

    async def cards(self, *urls: str, **more: Any) -> dict[str, Any]:
        """The cards below a message that was pasted and dealt with."""
        job = await self.paste(*urls, **more)
        await self.jobs().answer(job)
        return self.below(job)

    def below(self, job: Job) -> dict[str, Any]:
        payload = UNFURL.read(job.payload)
        message = self.at.slack.state.find(payload.channel, payload.message_ts)
        cards = message.unfurls if message else self.at.slack.state.previews.get(payload.unfurl_id or "", {})
        for card in cards.values():
            check_message(card["blocks"])
        return cards

    @property
    def outcomes(self) -> dict[str, float]:
        samples = next(iter(self.metrics.unfurls.collect())).samples
        return {s.labels["outcome"]: s.value for s in samples if s.name.endswith("_total")}


@asynccontextmanager
async def open_desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    """Such a workspace, where the source knows two sessions of Jane's."""
    metrics = make_metrics()
    async with (
        in_slack(store, keyring) as at,
        finding(store, keyring, system_clock, metrics, (APP,)) as found,
    ):
        [uxcam] = found.sources
        uxcam.account_id = OUR_APP
        uxcam.people = {JANE.value: (session(1), session(2)), "u-77": (session(1), session(2))}
        uxcam.pages = {PERSON: JANE}
        yield Desk(at, found, metrics)

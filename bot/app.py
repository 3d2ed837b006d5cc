"""The one place that builds and wires everything; nothing else makes a client, a clock or a database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import __version__
from bot.jobs.admission import Reception
from bot.jobs.inbox import LEASE, Jobs
from bot.jobs.means import Means
from bot.jobs.people import Answering
from bot.jobs.session_errors import SessionErrorsAnswers
from bot.jobs.tickets import TicketAnswers
from bot.jobs.unfurls import Unfurling
from bot.jobs.worker import Worker
from bot.lookup.answer_cache import Cache
from bot.lookup.ask_source import Inquiry
from bot.lookup.fan_out import Lookup
from bot.lookup.identities import Identities
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations import crashes
from bot.operations.clock import Clock, anchored_clock, system_clock
from bot.operations.metrics import Metrics, make_metrics
from bot.operations.tasks import Tasks
from bot.settings.model import Settings, SettingsError
from bot.slack.access import Access
from bot.slack.client import SlackAway, SlackClient, open_slack_session
from bot.slack.poster import Poster
from bot.slack.rate_limits import Pace
from bot.sources.http import trusted_certificates
from bot.sources.protocol import Source
from bot.sources.quota import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.registry import VENDORS, VendorEntry, open_sources
from bot.sources.wiring import Wiring
from bot.storage.database import StoreAway
from bot.storage.keyring import Keyring
from bot.storage.leases import Claims
from bot.storage.memory import Memory
from bot.storage.store import Store, open_store
from bot.tickets.book import TicketBook
from bot.tickets.desks.ask import Desks
from bot.tickets.desks.registry import open_desks
from bot.tickets.passages import Us
from bot.tickets.rules import ticket_rules
from bot.tickets.with_requester import TicketDesk

_SLACK_TRIES = 5
_AFTER_CRASH_SECONDS = 1.0
_LAST_CALLS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """
    The times that shape reliability.

    How long a job is leased, how often abandoned ones are looked for, how long Slack is let settle before a
    lost post is looked for, and how long what runs may go on after SIGTERM: with the requests that are
    finished first and what is closed after it, 25 s (Heroku kills after 30).
    """

    lease: timedelta = LEASE
    sweep_seconds: float = 5.0
    settling_seconds: float = 2.0
    drain_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Engine:
    """What finds people, without Slack."""

    settings: Settings
    store: Store
    keyring: Keyring
    clock: Clock
    tasks: Tasks
    ledger: Ledger
    memory: Memory
    sources: tuple[Source, ...]
    desks: Desks
    pushed: PushedErrors
    known_links: KnownLinks
    claims: Claims
    lookup: Lookup
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in Slack, from `auth.test`."""

    team: str
    enterprise: str | None
    user: str
    bot: str
    app: str


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything that answers in Slack."""

    engine: Engine
    slack: AsyncWebClient
    session: aiohttp.ClientSession
    identity: Identity
    means: Means
    worker: Worker


@asynccontextmanager
async def open_engine(
    settings: Settings, clock: Clock = system_clock, vendors: Sequence[VendorEntry] = VENDORS
) -> AsyncIterator[Engine]:
    """
    Open the database and the sources; without another clock, the time is the database's.

    Raises:
        SettingsError: when SECRET_KEY is missing.

    """
    settings.require("SECRET_KEY")
    async with AsyncExitStack() as stack:
        keyring = Keyring(settings.secret_keys)
        store = await stack.enter_async_context(open_store(settings.database_url))
        if clock is system_clock:
            clock = anchored_clock(await store.now_ms())
        tasks = Tasks(_report_crash)
        ledger = Ledger(store)
        index_days = timedelta(days=settings.retention.index_days)
        answers_kept = timedelta(hours=settings.retention.cache_hours)
        index = SessionIndex(store, keyring, index_days, answers_kept)
        wiring = Wiring(ledger, Memory(store, keyring), clock, index, tasks, trusted_certificates())
        sources = await stack.enter_async_context(open_sources(settings, wiring, vendors))
        # A call that is cut off is spent all the same.
        stack.push_async_callback(tasks.drain, _LAST_CALLS_SECONDS)
        flights = Flights(tasks)
        desks = Desks(
            await stack.enter_async_context(open_desks(settings, wiring)), wiring.memory, flights, clock
        )
        metrics = make_metrics()
        cache = Cache(store, keyring, clock, answers_kept)
        deadline = timedelta(seconds=settings.lookup.deadline_seconds)
        pushed = PushedErrors(store, keyring, index_days)
        known_links = KnownLinks(store, keyring, index, index_days)
        claims = Claims(store, keyring)
        inquiry = Inquiry(cache, flights, keyring, clock, deadline, pushed, known_links, claims)
        lookup = Lookup(sources, inquiry, Identities(store, keyring, index_days), clock, tasks, metrics)
        yield Engine(
            settings,
            store,
            keyring,
            clock,
            tasks,
            ledger,
            wiring.memory,
            sources,
            desks,
            pushed,
            known_links,
            claims,
            lookup,
            metrics,
        )


@asynccontextmanager
async def open_bot(
    settings: Settings,
    clock: Clock = system_clock,
    timing: Timing | None = None,
    crashes_to: str = crashes.ENDPOINT,
) -> AsyncIterator[Bot]:
    """
    Open everything, find out who we are in Slack, and go on with what was left unfinished.

    At the end, what runs is given time to finish; the rest stays a job. Crashes are reported meanwhile, where
    that is configured, to `crashes_to`.

    Raises:
        SettingsError: when a needed variable is missing, or Slack does not know the token.

    """
    settings.require("SECRET_KEY", "SLACK_BOT_TOKEN")
    timing = timing or Timing()
    for caution in settings.cautions:
        structlog.get_logger("start").warning("start.caution", caution=caution)
    async with AsyncExitStack() as stack:
        key = settings.raygun_crash_api_key
        await stack.enter_async_context(
            crashes.crash_reports(
                key.get_secret_value() if key else None, __version__, settings.secrets, crashes_to
            )
        )
        engine = await stack.enter_async_context(open_engine(settings, clock))
        session = await stack.enter_async_context(open_slack_session())
        token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
        pace = Pace(engine.store)
        slack = SlackClient(token, settings.slack_api_url, session, pace)
        identity = await _identify(slack)
        jobs = Jobs(engine.store, engine.keyring, timedelta(days=settings.retention.job_days), timing.lease)
        poster = Poster(slack, session, jobs, pace, timing.settling_seconds)
        means = _gather(engine, slack, identity, jobs, poster)
        worker = _make_worker(means, engine, timing.sweep_seconds)
        sweeping = asyncio.create_task(_keep_going(worker.sweep_for_ever))
        renewing = asyncio.create_task(_keep_going(worker.renew_for_ever))
        try:
            yield Bot(engine, slack, session, identity, means, worker)
        finally:
            # Nothing new is taken over, and what runs stays ours while it is let finish.
            await _stop(sweeping)
            await engine.tasks.drain(timing.drain_seconds)
            await _stop(renewing)


def _gather(engine: Engine, slack: AsyncWebClient, identity: Identity, jobs: Jobs, poster: Poster) -> Means:
    """Make what answering takes."""
    settings = engine.settings
    access = Access(slack, settings.access, engine.clock, engine.memory)
    us = Us(identity.bot, identity.user, identity.app)
    return Means(
        access=access,
        reception=Reception(access, poster, jobs, engine.metrics),
        lookup=engine.lookup,
        poster=poster,
        jobs=jobs,
        clock=engine.clock,
        keyring=engine.keyring,
        metrics=engine.metrics,
        settings=settings,
        slack=slack,
        desk=TicketDesk(ticket_rules(settings.tickets, us), engine.desks),
        book=TicketBook(engine.store, engine.keyring, timedelta(days=settings.retention.job_days)),
    )


def _make_worker(means: Means, engine: Engine, sweep_seconds: float) -> Worker:
    """Make the worker, with what answers each kind of job."""
    answering, tickets = Answering(means), TicketAnswers(means)
    handlers = {
        "lookup": answering.look_up,
        "debug": answering.debug,
        "note": answering.tell,
        "pointed": answering.read_for,
        "ticket": tickets.answer,
        "remove": tickets.remove,
        "errors": SessionErrorsAnswers(means).answer,
        "unfurl": Unfurling(means, engine.lookup.inquiry, engine.known_links, engine.claims).answer,
    }
    return Worker(means.jobs, engine.tasks, handlers, answering.give_up, sweep_seconds)


async def _keep_going(loop: Callable[[], Awaitable[None]]) -> None:
    """Run a loop for ever: an error in it (the database away, say) is logged, and it begins again."""
    while True:
        try:
            await loop()
        except Exception as error:  # noqa: BLE001 - whatever happened, the loop must not end
            _report_crash(error, getattr(loop, "__name__", "loop"))
            await asyncio.sleep(_AFTER_CRASH_SECONDS)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _identify(slack: AsyncWebClient) -> Identity:
    """Ask Slack who we are; where Slack cannot be reached, a few times with growing waits."""
    for attempt in range(1, _SLACK_TRIES + 1):
        try:
            answer = await slack.auth_test()
        except SlackApiError as error:
            code = error.response.get("error")
            raise SettingsError(f"SLACK_BOT_TOKEN: Slack does not take it ({code})") from None
        except SlackAway as away:
            if attempt == _SLACK_TRIES:
                raise SettingsError(f"SLACK_API_URL: Slack cannot be reached there ({away})") from None
            await asyncio.sleep(attempt)
        else:
            return Identity(
                str(answer["team_id"]),
                answer.get("enterprise_id"),
                str(answer["user_id"]),
                str(answer.get("bot_id") or ""),
                # Newer answers have it; without it our messages are known by bot and user.
                str(answer.get("app_id") or ""),
            )
    raise AssertionError("the loop returns or raises")


def _report_crash(crash: BaseException, task: str) -> None:
    log = structlog.get_logger("tasks")
    if isinstance(crash, StoreAway):
        # Many stumble over it at once, and none of them is at fault.
        log.warning("task.database_away", task=task, why=str(crash))
    else:
        log.error("task.crashed", task=task, exc_info=crash)

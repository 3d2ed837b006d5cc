"""Builds and wires the bot around the engine: its parts are handed their clients, clock and database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot import __version__
from bot.audit.erasures import announce
from bot.audit.own import own_lookups
from bot.audit.trail import AuditTrail
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.jobs import payloads as kinds
from bot.jobs.admission import Admission
from bot.jobs.giving_up import GivingUp, party_of
from bot.jobs.home.lookups import HomeJobs
from bot.jobs.home.tab import HomeTab
from bot.jobs.inbox import Inbox
from bot.jobs.pages.known import PageCards
from bot.jobs.pages.pane import PaneJobs
from bot.jobs.pages.unfurls import UnfurlJobs
from bot.jobs.people import PeopleJobs
from bot.jobs.pressed.others import OthersJobs
from bot.jobs.pressed.session_errors import SessionErrorsJobs
from bot.jobs.pressed.workflow_step import StepJobs, step_jobs
from bot.jobs.slack_results import answering_in_slack, telling_in_slack
from bot.jobs.tickets import TicketJobs
from bot.jobs.tickets.digest import DigestJobs, digest_jobs
from bot.jobs.tickets.muting import MuteJobs
from bot.jobs.tickets.news import LASTING, WatchJobs, watch_jobs
from bot.jobs.tickets.notes import DeskNoteJobs, desk_note_jobs
from bot.jobs.tickets.watching import Watching
from bot.jobs.worker import Handler, Worker
from bot.mcp.personal_tokens import PersonalTokens
from bot.operations import crashes
from bot.operations.clock import Clock, system_clock
from bot.operations.fair_use import PersonalPace
from bot.operations.log import log_cautions
from bot.operations.tasks import kept_going, logging_crashes
from bot.operations.timing import Timing
from bot.replay.addresses import replay_addresses
from bot.settings.model import Settings
from bot.slack.access import GROUPS_CAUTION, Access
from bot.slack.app_names import caution_about_names
from bot.slack.client import SlackClient, open_slack_session
from bot.slack.identity import identify
from bot.slack.poster import Poster
from bot.slack.posts import Posts
from bot.slack.rate_limits import RateLimits
from bot.slack.signed_values import ButtonSeals
from bot.storage.database import StoreAway
from bot.storage.retention import Kept, Retention
from bot.tickets.book import TicketBook
from bot.tickets.rules import Us, ticket_rules
from bot.tickets.switches import Switches
from bot.tickets.watches import WatchBook
from bot.tickets.with_requester import TicketReader
from handlers.inbound import Inbound


@dataclass(frozen=True, slots=True)
class Bot:
    """Everything that answers in Slack."""

    engine: Engine
    slack: AsyncWebClient
    poster: Poster
    inbox: Inbox
    worker: Worker
    inbound: Inbound
    watching: Watching


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
    log_cautions(settings.cautions)
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
        limits = RateLimits(engine.store)
        seals = ButtonSeals(engine.keyring)
        slack = SlackClient(token, settings.slack_api_url, session, limits, seals)
        identity = await identify(slack)
        if settings.access.user_groups and identity.lacks("usergroups:read"):
            log_cautions([GROUPS_CAUTION])
        inbox = Inbox(engine.store, engine.keyring, timing.lease)
        posts = Posts(engine.store, inbox)
        poster = Poster(slack, session, posts, limits, seals, timing.settling_seconds)
        access = Access(slack, settings.access, engine.memory)
        trail = trail_of(engine, inbox)
        admission = Admission(access, poster, posts, engine.metrics, trail)
        us = Us(identity.bot, identity.user, identity.app)
        reader = TicketReader(ticket_rules(settings.tickets, us), engine.desks)
        switches = Switches(engine.store, settings.tickets, engine.clock)
        own = partial(own_lookups, engine.store, engine.keyring)
        tokens = PersonalTokens(engine.memory, engine.keyring) if settings.mcp_tokens else None
        home = HomeTab(
            slack, access, engine.sources, engine.desks, own, switches, settings, engine.clock, tokens
        )
        watching = Watching(
            engine.store,
            WatchBook(engine.store, engine.keyring),
            inbox,
            engine.pushed,
            engine.lookup,
            settings,
        )
        news = watch_jobs(engine, watching, admission, access, poster, switches)
        notes = desk_note_jobs(engine, admission, inbox, poster, reader, slack, timing.settling_seconds)
        digest = digest_jobs(engine, inbox, access, switches, poster, identity.url)
        steps = step_jobs(engine, access, slack, trail)
        answers = _handlers(
            engine, slack, access, admission, poster, posts, reader, home, news, notes, digest, steps
        )
        give_up = telling_in_slack(GivingUp(admission, engine.metrics, steps.give_up).tell)
        worker = Worker(
            inbox,
            engine.tasks,
            answers,
            give_up,
            kinds.UNASKED,
            timing.sweep_seconds,
            party_of,
            settings.access.at_once,
            LASTING,
        )
        naming = engine.tasks.spawn(
            caution_about_names(slack, settings.tickets.apps), "find out which apps are meant"
        )
        inbound = Inbound(
            settings,
            identity,
            inbox,
            worker,
            access,
            admission,
            reader,
            slack,
            session,
            engine.keyring,
            engine.metrics,
            engine.tasks,
            home,
            partial(announce, engine.store),
            PersonalPace(settings.access.per_person_minute, engine.clock),
        )
        # At the end, nothing new is taken over, and what runs stays ours while it is let finish.
        log_crash = logging_crashes(StoreAway)
        await stack.enter_async_context(kept_going(worker.renew_for_ever, log_crash))
        stack.push_async_callback(trail.pay_if_possible)
        stack.push_async_callback(engine.tasks.drain, timing.drain_seconds)
        await stack.enter_async_context(kept_going(trail.pay_for_ever, log_crash))
        await stack.enter_async_context(kept_going(_retention(engine).sweep_for_ever, log_crash))
        await stack.enter_async_context(kept_going(engine.erasures.listen_for_ever, log_crash))
        await stack.enter_async_context(kept_going(worker.sweep_for_ever, log_crash))
        await stack.enter_async_context(kept_going(news.look_for_ever, log_crash))
        # Nobody waits for it at the end.
        stack.callback(naming.cancel)
        yield Bot(engine, slack, poster, inbox, worker, inbound, watching)


def trail_of(engine: Engine, inbox: Inbox) -> AuditTrail:
    """What writes the audit trail, at the ends of an inbox's jobs."""
    names = engine.settings.audit.subjects == "sealed"
    return AuditTrail(engine.store, engine.keyring, engine.metrics, inbox, names_subjects=names)


def _retention(engine: Engine) -> Retention:
    """What deletes what is too old."""
    retention = engine.settings.retention
    kept = Kept(
        answers=timedelta(hours=retention.cache_hours),
        index=timedelta(days=retention.index_days),
        jobs=timedelta(days=retention.job_days),
        audit=timedelta(days=retention.audit_days),
    )
    return Retention(engine.store, kept, engine.ledger.windows, engine.clock)


def _handlers(
    engine: Engine,
    slack: AsyncWebClient,
    access: Access,
    admission: Admission,
    poster: Poster,
    posts: Posts,
    reader: TicketReader,
    home: HomeTab,
    news: WatchJobs,
    notes: DeskNoteJobs,
    digest: DigestJobs,
    steps: StepJobs,
) -> dict[str, Handler]:
    """What answers each kind of job."""
    settings, lookup, metrics = engine.settings, engine.lookup, engine.metrics
    book = TicketBook(engine.store, engine.keyring)
    people = PeopleJobs(
        admission,
        lookup,
        poster,
        posts,
        reader,
        book,
        slack,
        settings,
        engine.keyring,
        metrics,
        news.watching,
        notes,
    )
    tickets = TicketJobs(
        admission,
        access,
        lookup,
        poster,
        posts,
        reader,
        book,
        slack,
        settings,
        metrics,
        home.switches,
        engine.keyring.seal,
        news.watching,
        notes,
        digest,
    )
    replays = replay_addresses(settings, engine.keyring, engine.clock, engine.sources)
    pages = PageCards(engine.named_pages, engine.clock, engine.keyring, settings.lookup, replays)
    unfurls = UnfurlJobs(access, pages, engine.leases, slack, settings, metrics, admission.trail)
    panes = PaneJobs(access, pages, slack, metrics, admission.trail)
    errors = SessionErrorsJobs(
        admission,
        engine.sources,
        engine.pages,
        engine.known_links,
        poster,
        is_private=engine.settings.visibility != "thread",
    )
    others = OthersJobs(
        admission,
        lookup,
        engine.others,
        poster,
        home,
        engine.clock,
        shown=settings.lookup.shown,
        is_private=engine.settings.visibility != "thread",
    )
    on_home = HomeJobs(home, access, lookup, admission.trail, settings, metrics)
    answers = {
        kinds.LOOKUP.name: people.look_up,
        kinds.DEBUG.name: people.debug,
        kinds.NOTE.name: people.tell,
        kinds.POINTED.name: people.read_for,
        kinds.TICKET.name: tickets.answer,
        kinds.REMOVE.name: tickets.remove,
        kinds.SESSION_ERRORS.name: errors.answer,
        kinds.OTHERS.name: others.answer,
        kinds.UNFURL.name: unfurls.answer,
        kinds.PANE.name: panes.answer,
        kinds.HOME_LOOKUP.name: on_home.answer,
        kinds.WATCH_NEWS.name: news.spread,
        kinds.WATCH_TELL.name: news.tell,
        kinds.WATCH_LOOK.name: news.look,
        kinds.WATCH.name: news.press,
        kinds.DESK_NOTE.name: notes.write_asked,
        kinds.DESK_NOTE_UNASKED.name: notes.write_unasked,
        kinds.DIGEST.name: digest.tell,
        kinds.STEP.name: steps.answer,
        kinds.MUTE.name: MuteJobs(admission, home.switches, settings.slack_command).switch,
    }
    return {kind: answering_in_slack(answer) for kind, answer in answers.items()}

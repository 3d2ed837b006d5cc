"""What answers in Slack, in the sandbox's workspace over real sockets; nothing here finds people."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from sqlalchemy import update

from bot.audit.trail import AuditTrail
from bot.domain.asking import Asker
from bot.jobs.inbox import Inbox, Job
from bot.operations.clock import Clock, system_clock
from bot.operations.metrics import Metrics
from bot.slack.client import SlackClient, open_slack_session
from bot.slack.poster import Poster
from bot.slack.posts import Posts
from bot.slack.rate_limits import RateLimits
from bot.slack.signed_values import ButtonSeals
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import jobs
from sandbox.slack import ApiCall, Message, SlackWorkspace, start_slack
from sandbox.slack.people import TEAM

SETTLING_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Process:
    """What one process has to answer with."""

    inbox: Inbox
    client: SlackClient
    posts: Posts
    poster: Poster

    def trail(self, at: "InSlack", metrics: Metrics) -> AuditTrail:
        """What writes the audit trail at the ends of this process's jobs."""
        return AuditTrail(at.store, at.keyring, metrics, self.inbox, names_subjects=True)


@dataclass(frozen=True, slots=True)
class InSlack:
    """A workspace, and one process that answers in it."""

    slack: SlackWorkspace
    store: Store
    keyring: Keyring
    session: aiohttp.ClientSession
    process: Process

    @property
    def inbox(self) -> Inbox:
        return self.process.inbox

    @property
    def client(self) -> SlackClient:
        return self.process.client

    @property
    def posts(self) -> Posts:
        return self.process.posts

    @property
    def poster(self) -> Poster:
        return self.process.poster

    def another_process(self) -> Process:
        """The same database and workspace as another process has them."""
        return _process(self.slack, self.store, self.keyring, self.session)

    async def accept(self, kind: str = "lookup", payload: str = "{}", by: Process | None = None) -> Job:
        """A request that a process has just written down."""
        inbox = by.inbox if by else self.inbox
        job = await inbox.accept(kind, self.slack.state.next_id("delivery"), payload)
        assert job is not None
        return job

    async def write_what_waits(self, job: Job) -> None:
        """Write what was left for the job's next transaction."""
        async with self.store.write() as connection:
            await self.inbox.hold(connection, job.id)

    async def taken_over(self, by: Process) -> Job:
        """The only job, begun anew by another process, for the one that had it is gone."""
        async with self.store.write() as connection:
            await connection.execute(update(jobs).values(leased_until_ms=0))
        [job] = await by.inbox.take_over(10)
        return job

    def agent(
        self, *, channel: str | None = None, thread_ts: str | None = None, with_url: bool = False
    ) -> Asker:
        """The agent, who asks in the support channel if nothing else is said."""
        place = channel or self.slack.places.support
        url = self.response_url(place) if with_url else None
        return Asker(self.slack.people.agent, place, TEAM, thread_ts, url)

    def response_url(self, channel: str | None = None, message_ts: str | None = None) -> str:
        """A response URL as a command's payload carries one, or a click's on a message."""
        state, place = self.slack.state, channel or self.slack.places.support
        url = state.response_urls.make(place, self.slack.people.agent, state.clock(), message_ts)
        return f"{state.base_url}/response/{url.token}"

    def calls(self, method: str) -> list[ApiCall]:
        """The calls of a method so far."""
        return [call for call in self.slack.api_calls if call.method == method]

    def asked(self, method: str) -> list[str]:
        """How the calls of a method ended: "ok" or Slack's word for what was wrong."""
        return [str(call.result.get("error", "ok")) for call in self.calls(method)]

    def posted(self, channel: str | None = None) -> list[Message]:
        """Our messages in a channel itself."""
        slack = self.slack
        return [m for m in slack.messages(channel or slack.places.support) if m.bot_id == slack.people.bot_id]

    def below(self, root_ts: str, channel: str | None = None) -> list[Message]:
        """Our messages in a thread."""
        slack = self.slack
        replies = slack.replies(channel or slack.places.support, root_ts)
        return [message for message in replies if message.bot_id == slack.people.bot_id]

    def seen_by_agent(self, channel: str | None = None) -> list[Message]:
        """What the agent alone sees in a channel."""
        return self.slack.ephemerals(channel or self.slack.places.support, self.slack.people.agent)


@asynccontextmanager
async def in_slack(
    store: Store, keyring: Keyring, clock: Clock = system_clock, **options: Any
) -> AsyncIterator[InSlack]:
    """Run a workspace and open what answers in it; at the end no rule of Slack may have been broken."""
    async with start_slack(clock, **options) as slack, open_slack_session() as session:
        yield InSlack(slack, store, keyring, session, _process(slack, store, keyring, session))
        assert slack.violations == []


def _process(
    slack: SlackWorkspace, store: Store, keyring: Keyring, session: aiohttp.ClientSession
) -> Process:
    inbox, limits = Inbox(store, keyring), RateLimits(store)
    seals = ButtonSeals(keyring)
    client = SlackClient(slack.bot_token, slack.api_url, session, limits, seals)
    posts = Posts(store, inbox)
    return Process(inbox, client, posts, Poster(client, session, posts, limits, seals, SETTLING_SECONDS))


def texts(messages: Sequence[Message]) -> list[str]:
    """What messages say to who gets a notification."""
    return [message.text for message in messages]

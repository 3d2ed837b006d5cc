"""The bot and the whole sandbox over real sockets, by signed HTTP or by Socket Mode."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn.server

from bot.answers import progress
from bot.app import Bot, open_bot
from bot.operations.timing import Timing
from bot.serving.run import serving_http, serving_socket
from bot.settings.model import Settings, load_settings
from bot.sources import opening
from bot.sources.http import open_client
from bot.sources.uxcam import api, source
from sandbox.slack import Message, Outcome, plain_text
from sandbox.world import World, open_world
from tests.conftest import prepared_sqlite
from tests.end_to_end.privacy import Told, all_that_is_told

TIMING = Timing(lease=timedelta(seconds=30), sweep_seconds=0.2, settling_seconds=0.1, drain_seconds=0.5)
# Where leases must run out; whoever holds one must renew it in time, on a busy machine too.
SHORT_LEASE = replace(TIMING, lease=timedelta(seconds=5))
# What a person would not wait for, and a machine with much else to do may take; tests are not about it.
SLACKS_PATIENCE = timedelta(minutes=2)
SETTLED_WITHIN_SECONDS = 120.0
# One person does in a test what a whole desk does in an hour.
PATIENT = {
    "LOOKUP__DEADLINE_SECONDS": "60",
    "ACCESS__PER_PERSON_MINUTE": "100000",
    "ACCESS__PER_PERSON_QUOTA_SHARE": "1",
}


@dataclass
class Desk:
    """A support desk with Casefile installed."""

    world: World
    transport: str
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    origin: str = ""
    """Where the bot listens, by HTTP."""

    @property
    def environment(self) -> dict[str, str]:
        database = {"DATABASE_URL": prepared_sqlite(self.folder / "casefile.db")}
        return self.world.environment() | database | PATIENT | self.extra

    @property
    def settings(self) -> Settings:
        return load_settings(self.environment)

    @asynccontextmanager
    async def casefile(self) -> AsyncIterator[Bot]:
        """The bot, for the block; entering again is a restart."""
        reports = self.world.raygun_entries
        settings = load_settings(self.environment | reports.environment())
        async with AsyncExitStack() as stack:
            bot = await stack.enter_async_context(
                open_bot(settings, self.world.clock, TIMING, reports.endpoint)
            )
            if self.transport == "http":
                port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
                self.origin = f"http://127.0.0.1:{port}"
                self.world.slack.connect(f"{self.origin}/slack/events")
            else:
                await stack.enter_async_context(serving_socket(bot))
                await self.world.slack.wait_for(lambda: self.world.slack.connections)
            yield bot

    def database_files(self) -> list[bytes]:
        """The bytes of the database's files."""
        return [file.read_bytes() for file in self.folder.glob("casefile.db*")]

    async def ask(self, words: str, *, user: str | None = None, channel: str | None = None) -> Outcome:
        """Type the command."""
        slack = self.world.slack
        return await slack.type_command(
            channel or slack.places.support, user or slack.people.agent, f"/sessions {words}"
        )

    async def thread(
        self, *, done: bool = True, number: int = 1, channel: str | None = None
    ) -> tuple[Message, Message]:
        """The newest of a number of parents and its reply, when all jobs are done."""
        slack, place = self.world.slack, channel or self.world.slack.places.support

        def settled() -> tuple[Message, Message] | None:
            parents = [m for m in slack.messages(place) if m.bot_id == slack.people.bot_id]
            if len(parents) < number:
                return None
            replies = slack.replies(place, parents[-1].ts)
            if not replies or (
                done and "asking" in (plain_text(replies[0]) + plain_text(parents[-1])).lower()
            ):
                return None
            return parents[-1], replies[0]

        return await slack.wait_for(settled)

    async def ephemeral(
        self, *, user: str | None = None, channel: str | None = None, such: str = ""
    ) -> Message:
        """The newest message that only the asker sees, when its text has such words."""
        slack = self.world.slack

        def seen() -> Message | None:
            place = channel or slack.places.support
            messages = slack.ephemerals(place, user or slack.people.agent)
            return next((m for m in reversed(messages) if such in plain_text(m)), None)

        return await slack.wait_for(seen)

    async def idle(self, bot: Bot) -> None:
        """Wait until all jobs are done."""
        async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
            await bot.engine.tasks.settle()

    def posts(self, channel: str | None = None) -> list[Message]:
        """The bot's messages in a channel, outside threads."""
        slack = self.world.slack
        place = channel or slack.places.support
        return [m for m in slack.messages(place) if m.bot_id == slack.people.bot_id]


@asynccontextmanager
async def casefile_on(
    world: World, database_url: str, transport: str, timing: Timing = TIMING, **extra: str
) -> AsyncIterator[Bot]:
    """A bot on a database, for the block; its clock is the database's, as in use."""
    reports = world.raygun_entries
    own = reports.environment() | {"DATABASE_URL": database_url}
    settings = load_settings(world.environment() | own | PATIENT | extra)
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(settings, timing=timing, crashes_to=reports.endpoint))
        if transport == "http":
            port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        else:
            before = world.slack.connections
            await stack.enter_async_context(serving_socket(bot))
            await world.slack.wait_for(lambda: world.slack.connections > before)
        yield bot


def let_uxcam_be_asked_at_once(world: World, patch: pytest.MonkeyPatch) -> None:
    """UXCam takes five calls a second, and the rest is waited for: a test of many lookups may do without."""
    patch.setattr(source, "WINDOWS", api.WINDOWS[-1:])
    world.uxcam.counts_calls = False


@pytest.fixture(autouse=True)
def first_post_waits_for_an_answer() -> Iterator[None]:
    """After a second it is posted without any: that is a test of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "_FIRST_AFTER_SECONDS", SETTLED_WITHIN_SECONDS)
        yield


class _AsyncioThatSleepsLittle:
    """`asyncio` for a server that looks ten times a second whether it is to end, and waits once more then."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


@pytest.fixture(scope="session", autouse=True)
def servers_end_soon() -> Iterator[None]:
    """A test that waits for its server's end does nothing else meanwhile, and there are hundreds of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uvicorn.server, "asyncio", _AsyncioThatSleepsLittle())
        yield


@pytest.fixture(autouse=True)
def vendors_are_waited_for() -> Iterator[None]:
    """Some seconds without an answer are a vendor's fault in use; here it may be the machine that is busy."""

    def waiting_long(_read_seconds: float, trusted: ssl.SSLContext) -> httpx2.AsyncClient:
        return open_client(SETTLED_WITHIN_SECONDS, trusted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "open_client", waiting_long)
        yield


# For what a transport carries in a way of its own: each kind of request and of acknowledgement, deliveries
# that are made again, restarts. What is answered then is the same by either.
BY_BOTH_TRANSPORTS = pytest.mark.parametrize("transport", ["http", "socket"])


@pytest.fixture(autouse=True)
def told(tmp_path: Path) -> Iterator[Told]:
    """What the bots of a test have told and kept; it is looked through when the test has ended."""
    with all_that_is_told(tmp_path) as heard:
        yield heard
    found = heard.found()
    assert {*found} == heard.expected, f"SECURITY.md says that this is nowhere: {found}"


@pytest.fixture
def transport() -> str:
    return "http"


@pytest.fixture
async def desk(transport: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(strangers_a_day=10, slacks_patience=SLACKS_PATIENCE) as world:
        for vendor in world.vendors:
            vendor.slow_seconds = 0.4
        yield Desk(world, transport, tmp_path)
        assert world.slack.violations == []
        assert world.raygun.refused_calls == 0


@pytest.fixture
def said() -> Callable[[Message], str]:
    return plain_text

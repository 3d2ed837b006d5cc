"""
How long a `/sessions` takes from the command to the whole answer, against the sandbox on loopback.

FullStory takes 50 ms for each call, Rybbit 200 and UXCam 800; a fourth vendor, Raygun, hangs or is left out.
Acknowledged: from Slack's delivery to the acknowledgement. Posted: until parent and reply are there. Whole:
until every vendor that answers is in it. Cold asks all vendors; cached asks none. By an address, Rybbit and
UXCam are asked for whom it belongs to first, and then for that person. With Raygun alone, each call of which
takes 200 ms, an empty index is begun: login, list, person, and the pages of sessions beside each other.

The floor is how long the slowest vendor was at it: the time in which at least one call of its was under way.
The rival is a bot that asks one vendor after the other, bare of all else.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks._rows import show
from benchmarks._sequential import asking, sequential
from benchmarks.load import add_channels
from bot.app import Bot, open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http, serving_socket
from bot.settings.model import load_settings
from sandbox.people import FULLSTORY, RYBBIT, UXCAM, Customer, Visit
from sandbox.slack import Message, plain_text
from sandbox.vendors.stand_in import ReceivedCall, StandIn
from sandbox.world import World, open_world

# Seconds that each call takes.
FULLSTORY_SECONDS, RYBBIT_SECONDS, UXCAM_SECONDS, RAYGUN_SECONDS = 0.05, 0.20, 0.80, 0.20
# Somebody is told that a vendor has not answered after so long; eight seconds where nobody sets it.
DEADLINE_SECONDS = 2.0
_CUSTOMERS, _CHANNELS = 100, 24
_TITLES = ("FullStory", "Raygun", "Rybbit", "UXCam")
# One person asks here as often as a whole desk.
_UNHURRIED = {"ACCESS__PER_PERSON_MINUTE": "100000", "ACCESS__PER_PERSON_QUOTA_SHARE": "1"}


@dataclass(frozen=True)
class Row:
    """One kind of run: medians in milliseconds, and the worst until whole; no floor where nobody is asked."""

    app: str
    transport: str
    asked: str
    times: int
    acknowledged_ms: float
    posted_ms: float
    whole_ms: float
    worst_ms: float
    slowest_vendor_ms: float | None


@dataclass
class Times:
    """What was measured of one kind of run, in seconds."""

    acknowledged: list[float] = field(default_factory=list)
    posted: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)

    def row(self, app: str, transport: str, asked: str) -> Row:
        """Their medians."""
        acknowledged, posted, whole = (
            round(statistics.median(some) * 1000, 1) for some in (self.acknowledged, self.posted, self.whole)
        )
        worst = round(max(self.whole) * 1000, 1)
        slowest = round(statistics.median(self.slowest) * 1000, 1) or None
        return Row(app, transport, asked, len(self.whole), acknowledged, posted, whole, worst, slowest)


def customers(now: datetime) -> list[Customer]:
    """The customers who are looked up."""
    visits = (Visit(now - timedelta(minutes=30), 60), Visit(now - timedelta(hours=5), 90))
    known = frozenset({FULLSTORY, RYBBIT, UXCAM})
    return [
        Customer(41_000 + n, f"answer-{n}", f"answer{n}@visitors.example", None, "", visits, known)
        for n in range(_CUSTOMERS)
    ]


@asynccontextmanager
async def casefile(world: World, transport: str, *left_out: str) -> AsyncIterator[Bot]:
    """Run the bot with an empty database, without some vendors."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        configured = world.environment() | {
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}",
            "LOOKUP__DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        }
        settings = {
            name: value for name, value in configured.items() if not name.startswith((*left_out, "SHARED_"))
        }
        bot = await stack.enter_async_context(open_bot(load_settings(settings | _UNHURRIED)))
        if transport == "http":
            port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        else:
            await stack.enter_async_context(serving_socket(bot))
            await world.slack.wait_for(lambda: world.slack.connections)
        yield bot


class Desk:
    """Somebody who asks, each time in another channel: in one, Slack takes a post a second."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._channels = list(world.slack.state.channels)[-_CHANNELS:]
        self._asked = 0

    async def ask(self, who: str, times: Times, *, without: str | None = None) -> None:
        """Ask once, and wait until all vendors have answered, or all but one."""
        slack = self._world.slack
        channel = self._channels[self._asked % len(self._channels)]
        self._asked += 1
        before = len(slack.messages(channel))
        for vendor in self._world.vendors:
            vendor.calls.clear()
        begun = time.perf_counter()
        await slack.type_command(channel, slack.people.agent, f"/sessions {who}")
        times.acknowledged.append(time.perf_counter() - begun)

        def reply() -> Message | None:
            roots = slack.messages(channel)[before:]
            return next(iter(slack.replies(channel, roots[-1].ts)), None) if roots else None

        def whole() -> bool:
            found = reply()
            return found is not None and not waits_for_more(plain_text(found), without)

        await slack.wait_for(reply, timeout=60)
        times.posted.append(time.perf_counter() - begun)
        await slack.wait_for(whole, timeout=60)
        times.whole.append(time.perf_counter() - begun)
        times.slowest.append(max(at_it(vendor) for vendor in self._world.vendors))


def waits_for_more(text: str, without: str | None) -> bool:
    """Whether an answer still waits for a vendor, other than the one that hangs."""
    # In a line with who has answered, those who have not stand behind an hourglass.
    waiting = [line.rpartition("hourglass")[2] for line in text.splitlines() if "asking" in line.lower()]
    others = [title for title in _TITLES if title != without]
    return any(without is None or without not in line or any(o in line for o in others) for line in waiting)


def at_it(vendor: StandIn) -> float:
    """The seconds in which at least one call of a vendor's was under way that has been answered."""
    total, until = timedelta(), None
    for call in sorted(answered(vendor.calls), key=lambda call: call.at):
        end = call.answered_at
        assert end is not None  # noqa: S101 - it was answered
        begin = call.at if until is None else max(call.at, until)
        total += max(timedelta(), end - begin)
        until = end if until is None else max(until, end)
    return total.total_seconds()


def answered(calls: Iterable[ReceivedCall]) -> list[ReceivedCall]:
    """The calls that were answered."""
    return [call for call in calls if call.answered_at is not None]


async def three_vendors(world: World, transport: str, times: int) -> list[Row]:
    """Cold by uid and by address, and each again from the cache."""
    rows = []
    async with casefile(world, transport, "RAYGUN") as bot:
        desk = Desk(world)
        # What a process learns once is learnt before.
        for number in range(_CHANNELS):
            await desk.ask(f"answer-{number % 2}", Times())
        for named, name in (("uid", "answer-{}"), ("address", "answer{}@visitors.example")):
            cold, cached = Times(), Times()
            first = 10 if named == "uid" else 10 + times
            for number in range(first, first + times):
                await desk.ask(name.format(number), cold)
                # The parent's one edit comes last, and still belongs to the question before.
                await bot.engine.tasks.drain(5)
                await desk.ask(name.format(number), cached)
            rows += [cold.row("casefile", transport, f"cold, by {named}")]
            rows += [cached.row("casefile", transport, f"cached, by {named}")]
    return rows


async def one_after_the_other(world: World, times: int) -> Row:
    """The rival's times."""
    found = Times()
    async with sequential(world, asking(world)) as port:
        world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        desk = Desk(world)
        for number in range(60, 60 + times):
            await desk.ask(f"answer-{number}", found)
    return found.row("one after the other", "http", "cold, by uid")


async def one_hangs(world: World, times: int) -> list[Row]:
    """Until the three others are shown, and until it is said of the fourth that it has not answered."""
    others, all_said = Times(), Times()
    for kind, without in ((others, "Raygun"), (all_said, None)):
        # Of fifty edits a minute a new bot has made none.
        async with casefile(world, "http") as bot:
            desk = Desk(world)
            for number in range(30, 30 + times):
                world.raygun.hold = asyncio.Event()
                await desk.ask(f"answer-{number}", kind, without=without)
                world.raygun.hold.set()
                world.raygun.hold = None
                await bot.engine.tasks.drain(10)
    return [
        others.row("casefile", "http", "a fourth hangs: the others"),
        all_said.row("casefile", "http", f"a fourth hangs: said after {DEADLINE_SECONDS:g} s"),
    ]


async def raygun_alone(world: World, times: int) -> Row:
    """An empty index each time: the chain of calls, and the pages of sessions beside each other."""
    found, desk = Times(), Desk(world)
    world.raygun.latency = RAYGUN_SECONDS
    for _ in range(times):
        world.raygun.daily_calls += 50
        async with casefile(world, "http", "FULLSTORY", "RYBBIT", "UXCAM") as bot:
            await desk.ask("jane@contoso.example", found)
            await bot.engine.tasks.drain(10)
    return found.row("casefile", "http", "Raygun alone, empty index")


async def run(times: int) -> list[Row]:
    """All rows."""
    rows = []
    for transport in ("http", "socket"):
        async with open_world(strangers_a_day=100, more_people=customers) as world:
            add_channels(world)
            # Each of the bots that are opened here counts its edits anew; Slack would count them together.
            world.slack.state.pace.limits.pop("chat.update")
            world.fullstory.latency, world.rybbit.latency = FULLSTORY_SECONDS, RYBBIT_SECONDS
            world.uxcam.latency = UXCAM_SECONDS
            rows += await three_vendors(world, transport, times)
            if transport == "http":
                rows.append(await one_after_the_other(world, times))
                rows += await one_hangs(world, times)
                rows.append(await raygun_alone(world, times))
    return rows


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="runs of each kind")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR")
    show(asyncio.run(run(min(options.times, 20))), as_json=options.json)


if __name__ == "__main__":
    main()

"""
Kills the bot at random instants while tickets' threads are owed news, and counts what each thread was told.

A thousand tickets come in, each of a customer whom one of forty errors hit, into forty channels. Then each
error is resolved by a webhook, and meanwhile the process is killed with SIGKILL fifty times and started
again. A webhook is sent again until it is taken. Counted in the sandbox's Slack: threads that were not told
of their error, told twice, or told of another thread's error; and how long that took after the webhook, and
after the last start of the bot before it.

With `--what notes` each ticket is owed an internal note in Zendesk in place of that: counted in the stand-in.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.kill import DATABASES, Bot, Launch, database, launch
from benchmarks.load import add_channels
from sandbox.slack import Message
from sandbox.world import World, open_world

# Between which seconds a process is killed, after it has started.
LIFE_SECONDS = (0.05, 6.0)
# How long the last lines are waited for, each time that some have come.
LAST_SECONDS = 90.0
_LOOKED_SECONDS = 0.5
# So much is answered at once before the next tickets come in.
_AHEAD = 60
_LEFT_OUT = ("FULLSTORY", "RYBBIT", "UXCAM", "SENTRY", "POSTHOG", "SHARED_UIDS", "INTERCOM")


@dataclass(frozen=True)
class Row:
    """The result of one run."""

    database: str
    what: str
    tickets: int
    errors: int
    kills: int
    missing: int
    doubled: int
    wrong: int
    longest_seconds: float
    longest_after_a_restart_seconds: float
    seed: int


@dataclass
class Ticket:
    """A ticket: its number, the error that its thread shows, and its message."""

    number: int
    error: int
    root: Message | None = None

    @property
    def customer(self) -> str:
        """Who wrote it; each ticket has its own."""
        return f"c{self.number}@customers.example"


@dataclass
class WatchingBot(Bot):
    """The bot with Raygun's webhooks and one help desk, and no other tool; `more` are further variables."""

    more: dict[str, str] = field(default_factory=dict)

    def configured(self) -> dict[str, str]:
        """What it is configured with."""
        variables = self.world.environment() | self.world.zendesk.environment()
        ours = {name: value for name, value in variables.items() if not name.startswith(_LEFT_OUT)}
        return ours | self.more


@dataclass
class Run:
    """One run: its world, its bot, its tickets, what sends webhooks, and when each error was resolved."""

    world: World
    bot: Bot
    tickets: list[Ticket]
    rng: random.Random
    client: httpx2.AsyncClient
    life_seconds: tuple[float, float] = LIFE_SECONDS
    taken_at: dict[int, datetime] = field(default_factory=dict)
    restarts: list[datetime] = field(default_factory=list)

    async def push(self, error: dict[str, Any], kind: str) -> None:
        """Send a webhook until the bot says that it has it."""
        secret = self.world.raygun_webhooks.secret
        while True:
            try:
                address = f"http://127.0.0.1:{self.bot.port}/webhooks/raygun/shop/{secret}"
                answer = await self.client.post(address, json={"eventType": kind, "error": error})
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
            else:
                if answer.status_code == httpx2.codes.OK:
                    return
                await asyncio.sleep(0.1)

    async def open_tickets(self, channels: list[str]) -> None:
        """Have every ticket answered: its customer was hit by its error before."""
        for ticket in self.tickets:
            at = self.world.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
            user = {"Identifier": ticket.customer, "IsAnonymous": False}
            hit = error_of(ticket.error) | {"lastOccurredOn": at, "instance": {"affectedUser": user}}
            await self.push(hit, "NewErrorOccurred")
        for begin in range(0, len(self.tickets), _AHEAD):
            some = self.tickets[begin : begin + _AHEAD]
            for ticket in some:
                self.world.zendesk.know(str(ticket.number), email=ticket.customer)
                link = f"<https://acme.zendesk.com/agent/tickets/{ticket.number}|#{ticket.number}>"
                text = f"New ticket {link}\nRequester: {ticket.customer}\nIt does not work."
                channel = channels[ticket.number % len(channels)]
                ticket.root = await self.world.slack.post_as_app(channel, text)
            await self._wait(lambda some=some: all(self.lines(one) for one in some))
        await self.world.slack.courier.settle()

    def lines(self, ticket: Ticket) -> list[Message]:
        """The bot's messages in a ticket's thread."""
        slack, root = self.world.slack, ticket.root
        found = slack.replies(root.channel, root.ts) if root else []
        return [reply for reply in found if reply.bot_id == slack.people.bot_id]

    async def resolve(self, error: int) -> None:
        """Resolve an error by a webhook."""
        at = self.world.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        done = {"status": "Resolved", "user": "Kim Ito", "activityDate": at}
        await self.push(error_of(error) | done, "StatusChanged")
        self.taken_at[error] = self.world.clock()

    async def kill_and_restart(self, kills: int) -> None:
        """Kill the bot at random instants, each time it has begun."""
        for _ in range(kills):
            await asyncio.sleep(self.rng.uniform(*self.life_seconds))
            await self.bot.kill()
            await self.bot.restart()
            self.restarts.append(self.world.clock())

    def owed(self) -> int:
        """How many threads are still to be told of their resolved error."""
        return sum(not self.told(ticket) for ticket in self.tickets)

    def told(self, ticket: Ticket) -> list[Message]:
        """The lines that say in a ticket's thread that an error was resolved."""
        return [line for line in self.lines(ticket) if "*resolved*" in line.text]

    def notes(self, ticket: Ticket) -> list[Any]:
        """The comments on a ticket in the help desk."""
        return self.world.zendesk.comments.get(str(ticket.number), [])

    async def wait_for_last(self, owed: Any) -> None:
        """Wait until nothing is owed, or nothing has come for a while."""
        clock = asyncio.get_running_loop().time
        left, deadline = owed() + 1, clock() + LAST_SECONDS
        while (now := owed()) and clock() < deadline:
            if now < left:
                left, deadline = now, clock() + LAST_SECONDS
            await asyncio.sleep(_LOOKED_SECONDS)
        # A second line, if any, has come by now or comes soon.
        await asyncio.sleep(3)

    async def _wait(self, is_so: Any) -> None:
        async with asyncio.timeout(600):
            while not is_so():  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.1)


def error_of(number: int) -> dict[str, Any]:
    """An error as webhooks name it."""
    url = f"https://app.raygun.com/crashreporting/19abc7x/errors/{7_000 + number}"
    return {"url": url, "message": title_of(number)}


def title_of(number: int) -> str:
    """An error's title; none is the beginning of another's."""
    return f"Error number {number}."


async def measure(
    kind: str,
    what: str,
    tickets: int,
    errors: int,
    kills: int,
    seed: int,
    kept_in: Path | None = None,
    life_seconds: tuple[float, float] = LIFE_SECONDS,
    launch: Launch = launch,
) -> Row:
    """
    Open the tickets, kill the bot while threads or help desks are owed something, and count.

    Its log is deleted where nothing went wrong, but for one that is to be `kept_in` a folder.
    """
    rng, folder = random.Random(seed), kept_in or Path(tempfile.mkdtemp(prefix="casefile-watch-"))
    with database(kind, folder) as url:
        async with open_world(strangers_a_day=50) as world:
            notes = {"HELPDESK__NOTES": "true", "HELPDESK__AUTOMATIC": "true"}
            bot = WatchingBot(world, url, folder, launch=launch, more=notes if what == "notes" else {})
            async with httpx2.AsyncClient(timeout=10, verify=bot.trusted) as client:
                opened = [Ticket(n, n % errors) for n in range(tickets)]
                run = Run(world, bot, opened, rng, client, life_seconds)
                await bot.restart()
                row = await (_resolutions if what == "resolutions" else _notes)(run, kills)
                await bot.kill()
    if row["missing"] or row["doubled"] or row["wrong"]:
        print(f"the bot's log and database: {folder}", file=sys.stderr)
    elif kept_in is None:
        shutil.rmtree(folder, ignore_errors=True)
    return Row(kind, what, tickets, errors, kills, **row, seed=seed)


async def _resolutions(run: Run, kills: int) -> dict[str, Any]:
    await run.open_tickets(add_channels(run.world))
    killing = asyncio.create_task(run.kill_and_restart(kills))
    errors = sorted({ticket.error for ticket in run.tickets})
    run.rng.shuffle(errors)
    for error in errors:
        await run.resolve(error)
        # All over the time in which the bot is killed.
        await asyncio.sleep(run.rng.uniform(0, 2 * sum(run.life_seconds) * kills / len(errors)))
    await killing
    await run.wait_for_last(run.owed)
    return _counted(run)


def _counted(run: Run) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    delays, after = [0.0], [0.0]
    for ticket in run.tickets:
        told = run.told(ticket)
        own = [line for line in told if title_of(ticket.error) in line.text]
        counts["missing"] += not own
        counts["doubled"] += len(own) > 1
        counts["wrong"] += len(told) - len(own)
        for line in own:
            taken = run.taken_at[ticket.error]
            restart = max((at for at in run.restarts if at <= line.at), default=taken)
            delays.append((line.at - taken).total_seconds())
            after.append((line.at - max(taken, restart)).total_seconds())
    names = ("missing", "doubled", "wrong")
    seconds = {"longest_seconds": max(delays), "longest_after_a_restart_seconds": max(after)}
    return {name: counts[name] for name in names} | {name: round(s, 1) for name, s in seconds.items()}


async def _notes(run: Run, kills: int) -> dict[str, Any]:
    begun = run.world.clock()
    opening = asyncio.create_task(run.open_tickets(add_channels(run.world)))
    await asyncio.sleep(2)
    await asyncio.gather(opening, run.kill_and_restart(kills))
    await run.wait_for_last(lambda: sum(not run.notes(ticket) for ticket in run.tickets))
    notes = [run.notes(ticket) for ticket in run.tickets]
    public = sum(one["public"] is not False for some in notes for one in some)
    wrong = sum(
        ticket.customer not in str(one["html_body"]) for ticket in run.tickets for one in run.notes(ticket)
    )
    seconds = (run.world.clock() - begun).total_seconds()
    return {
        "missing": sum(not some for some in notes),
        "doubled": sum(len(some) > 1 for some in notes),
        "wrong": public + wrong,
        "longest_seconds": round(seconds, 1),
        "longest_after_a_restart_seconds": round((run.world.clock() - run.restarts[-1]).total_seconds(), 1),
    }


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=("resolutions", "notes"), default="resolutions")
    parser.add_argument("--tickets", type=int, default=1_000)
    parser.add_argument("--errors", type=int, default=40)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=DATABASES, default=None, help="default: both")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    kinds = (asked.database,) if asked.database else DATABASES
    numbers = (asked.tickets, asked.errors, asked.kills, asked.seed)
    rows = [asyncio.run(measure(kind, asked.what, *numbers)) for kind in kinds]
    if asked.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
        return
    print(f"{'database':<12}{'tickets':>8}{'errors':>8}{'kills':>7}{'missing':>9}{'doubled':>9}", end="")
    print(f"{'wrong':>7}{'longest':>11}{'after a restart':>18}")
    for row in rows:
        print(f"{row.database:<12}{row.tickets:>8}{row.errors:>8}{row.kills:>7}{row.missing:>9}", end="")
        print(f"{row.doubled:>9}{row.wrong:>7}{row.longest_seconds:>9} s", end="")
        print(f"{row.longest_after_a_restart_seconds:>16} s")


if __name__ == "__main__":
    main()

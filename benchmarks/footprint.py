"""
What the program takes on a machine: to start, of memory, and for a look into an index as that grows.

Start is the time of the processor from the beginning of `casefile serve` until it is ready, beside the time
that Python takes to load what is loaded then: the floor. Memory is what is resident when it is ready and has
answered, with an empty database and with one that holds a hundred thousand cached findings and a million
indexed sessions: its floor is what Python has in memory when it has loaded what is loaded then, less what is
ours. A look is one person's sessions among so many: the median of fifty people, beside that among the fewest.

The rows are written by SQL, not by the bot: those of one person are copied, under names of their own.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks._rows import show
from benchmarks.database import look_up
from benchmarks.kill import Bot
from benchmarks.load import add_channels, visitors
from bot.domain.model import Session, SourceName, Subject, SubjectKind
from bot.sources.raygun.index import Customer, Harvest, SessionIndex, Sighted
from bot.storage.keyring import Keyring
from bot.storage.store import open_store
from sandbox.world import open_world

SESSIONS, FINDINGS = (10_000, 100_000, 1_000_000), 100_000
_LOADED = "loading what is not ours"
_SOURCE = SourceName("raygun", "shop")
_LOOKS, _EACH = 50, 10
_TICKS, _PAGE_KIB = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE") / 1024
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """One number, and the floor: what the same takes without Casefile, or among the fewest sessions."""

    what: str
    value: float
    unit: str
    beside: str
    floor: float


def processor_ms(pid: int) -> float:
    """What a process has used of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS * 1000


def resident_mib(pid: int) -> float:
    """What a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_KIB / 1024


async def loading() -> tuple[float, float]:
    """What Python takes to load the same modules, less what is ours: milliseconds, and MiB in memory."""
    loads = (
        "import json, sys, bot.cli.commands.serve;"
        "print(json.dumps([n for n in sys.modules if n.split('.')[0] not in ('bot', 'handlers')]))"
    )
    loaded = await asyncio.create_subprocess_exec(sys.executable, "-c", loads, stdout=asyncio.subprocess.PIPE)
    names = json.loads((await loaded.communicate())[0])
    again = (
        "import importlib, json, resource, sys\n"
        "for name in json.loads(sys.argv[1]):\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError: pass\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "pages = open('/proc/self/statm').read().split()[1]\n"
        "print(used.ru_utime + used.ru_stime, pages)"
    )
    alone = await asyncio.create_subprocess_exec(
        sys.executable, "-c", again, json.dumps(names), stdout=asyncio.subprocess.PIPE
    )
    *_, seconds, pages = (await alone.communicate())[0].split()
    return float(seconds) * 1000, int(pages) * _PAGE_KIB / 1024


async def started(url: str, folder: Path, lookups: int) -> tuple[float, float, float]:
    """The processor's milliseconds until it is ready, and what is resident then, and after some lookups."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(strangers_a_day=100, more_people=visitors))
        add_channels(world)
        bot = Bot(world, url, folder)
        await bot.restart()
        stack.push_async_callback(bot.kill)
        assert bot.process is not None  # noqa: S101 - it was started
        pid = bot.process.pid
        used, before = processor_ms(pid), resident_mib(pid)
        channels = list(world.slack.state.channels)[-24:]
        for number in range(lookups):
            await look_up(world, channels[number % len(channels)], number)
        return used, before, resident_mib(pid)


async def fill(path: Path, url: str, keyring: Keyring, sessions: int) -> None:
    """Index so many sessions, ten of each person; all but one person's are sealed alike."""
    now = datetime.now(UTC)
    visit = Session(_SOURCE, "1", "https://app.raygun.com/rum/1", started_at=now - timedelta(hours=1))
    async with open_store(url) as store:
        index = SessionIndex(store, keyring, _WEEK, timedelta(hours=24))
        await index.put(_SOURCE, Harvest([Sighted(visit, "c")], [Customer("c", visit.user)]), now)
    with closing(sqlite3.connect(path)) as connection:
        _hurry(connection)
        there = connection.execute("SELECT count(*) FROM index_sessions").fetchone()[0]
        account, ends = str(_SOURCE), int((now + _WEEK).timestamp() * 1000)
        connection.execute("CREATE TEMP TABLE people (number INTEGER PRIMARY KEY, customer TEXT, who TEXT)")
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?)",
            (
                (n, keyring.hash("customer", account, str(n)), keyring.hash(SubjectKind.UID, str(n)))
                for n in range(there // _EACH, sessions // _EACH)
            ),
        )
        known = {"account": account, "ends": ends, "now": int(now.timestamp() * 1000), "each": _EACH}
        for statement in _COPIES:
            connection.execute(statement, known)
        connection.commit()


def _hurry(connection: sqlite3.Connection) -> None:
    """Write without a journal, and each page once: nobody needs what is written should the machine fail."""
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}")


_COPIES = (
    """
    WITH RECURSIVE some (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM some WHERE n + 1 < :each)
    INSERT INTO index_sessions (account, session, customer, started_ms, sealed, kept_until_ms)
    SELECT :account, number || '/' || n, customer, :now - (number * :each + n) % 500000000,
    (SELECT sealed FROM index_sessions LIMIT 1), :ends FROM people, some
    """,
    """
    INSERT INTO index_customers (account, customer, sealed, kept_until_ms)
    SELECT :account, customer, (SELECT sealed FROM index_customers LIMIT 1), :ends FROM people
    """,
    """
    INSERT INTO index_names (account, who, customer, kept_until_ms)
    SELECT :account, who, customer, :ends FROM people
    """,
)


def cache(path: Path, keyring: Keyring, findings: int) -> None:
    """Keep so many findings, all sealed alike, as they are when nobody was found."""
    now, sealed = int(time.time() * 1000), keyring.seal("[]" * 200)
    with closing(sqlite3.connect(path)) as connection:
        _hurry(connection)
        connection.execute(
            "WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < ?)"
            " INSERT INTO cached_findings (key, subject_hash, sealed, stored_ms)"
            " SELECT lower(hex(randomblob(32))), lower(hex(randomblob(32))), ?, ? FROM some",
            (findings, sealed, now),
        )
        connection.commit()


async def look_ms(url: str, keyring: Keyring, people: int) -> float:
    """The median time of a look for one person's sessions."""
    now, seconds = datetime.now(UTC), []
    async with open_store(url) as store:
        index = SessionIndex(store, keyring, _WEEK, timedelta(hours=24))
        # What the database reads once is read before.
        await index.look_up(_SOURCE, [Subject(SubjectKind.UID, "0", "0")], now - _WEEK, now)
        for number in range(1, people - 1, max(1, people // _LOOKS)):
            name = Subject(SubjectKind.UID, str(number), str(number))
            begun = time.perf_counter()
            found = await index.look_up(_SOURCE, [name], now - _WEEK, now)
            seconds.append(time.perf_counter() - begun)
            assert len(found.sessions) == 1 or found.sessions  # noqa: S101 - they are indexed
    return statistics.median(seconds) * 1000


async def run(sizes: tuple[int, ...], lookups: int) -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as name:
        folder, keyring, rows = Path(name), Keyring(("a secret of the benchmark",)), list[Row]()
        empty = f"sqlite:///{folder / 'empty.db'}"
        # Makes the tables, and bytecode where there is none yet.
        await started(empty, folder, 0)
        used, ready, after = await started(empty, folder, lookups)
        loaded_ms, loaded_mib = await loading()
        rows.append(Row("start, processor until ready", round(used), "ms", _LOADED, round(loaded_ms)))

        def resident(what: str, mib: float) -> None:
            rows.append(Row(f"resident {what}", round(mib, 1), "MiB", _LOADED, round(loaded_mib, 1)))

        resident("when ready", ready)
        resident(f"after {lookups} lookups", after)
        path, url = folder / "full.db", f"sqlite:///{folder / 'full.db'}"
        least: float | None = None
        for size in sizes:
            await fill(path, url, keyring, size)
            took = await look_ms(url, keyring, size // _EACH)
            least = least or took
            beside = f"among {sizes[0]:,}"
            rows.append(Row(f"a look among {size:,} sessions", round(took, 2), "ms", beside, round(least, 2)))
        cache(path, keyring, FINDINGS)
        _, ready, after = await started(url, folder, lookups)
        full = f"with {FINDINGS:,} findings and {sizes[-1]:,} sessions"
        resident(full, ready)
        resident(f"{full}, after {lookups} lookups", after)
        return rows


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer lookups; the sizes are the same")
    parser.add_argument("--sessions", type=int, nargs="*", default=SESSIONS, help="sizes of the index")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(asyncio.run(run(tuple(options.sessions), 5 if options.short else 50)), as_json=options.json)


if __name__ == "__main__":
    main()

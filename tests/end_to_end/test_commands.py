"""The commands against the stand-ins: as processes of their own where that is the point, else in this one."""

import asyncio
import io
import json
import logging
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2
import pytest
import structlog
from sqlalchemy import func, select

from bot.cli import main as cli
from bot.storage.store import open_store
from bot.storage.tables import pushed_deliveries
from sandbox.faults import Fault
from sandbox.slack import plain_text
from sandbox.world import World, open_world
from tests.end_to_end import short_lease
from tests.end_to_end.conftest import SLACKS_PATIENCE
from tests.end_to_end.privacy import Told

JANE = "jane@contoso.example"
SESSION_FIELDS = [
    *(
        "vendor",
        "account",
        "id",
        "url",
        "url_is",
        "started_at",
        "ended_at",
        "duration_seconds",
        "live",
        "user",
    ),
    *("pages", "entry_page", "exit_page", "device", "browser", "os", "country", "city", "errors"),
]
ERROR_FIELDS = ["vendor", "account", "id", "title", "url", "occurred_at", "count", "session_id", "status"]
VISIT_FIELDS = ["started_at", "ended_at", "duration_seconds", "live", "sessions", "errors"]
ENDS_WITHIN_SECONDS = 120
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A folder with Casefile configured for the sandbox."""

    world: World
    folder: Path
    told: Told

    def environment(self, **changed: str | None) -> dict[str, str]:
        database = {"DATABASE_URL": f"sqlite:///{self.folder / 'casefile.db'}"}
        here = {"PATH": os.environ["PATH"]}
        wanted = here | self.world.environment() | database | changed
        return {name: value for name, value in wanted.items() if value is not None}

    async def start(
        self, *words: str, module: str = "bot", **changed: str | None
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *words,
            cwd=self.folder,
            env=self.environment(**changed) | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run_as_process(self, *words: str, **changed: str | None) -> Ran:
        process = await self.start(*words, module="bot", **changed)
        out, err = await asyncio.wait_for(process.communicate(), ENDS_WITHIN_SECONDS)
        self.told.log.append(err.decode())
        return Ran(process.returncode or 0, out.decode(), err.decode())

    async def run(self, *words: str, **changed: str | None) -> Ran:
        """Run a command as a process does, in a thread: Python starts once."""
        with mock.patch.dict(os.environ, self.environment(**changed), clear=True), chdir(self.folder):
            ran = await asyncio.to_thread(_run, words)
        self.told.log.append(ran.err)
        return ran


def _run(words: Sequence[str]) -> Ran:
    out, err, root = io.StringIO(), io.StringIO(), logging.getLogger()
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = cli.run(words)
        except SystemExit as ended:
            status = int(ended.code or 0)
        finally:
            root.handlers[:], root.level = handlers, level
            structlog.configure(**configured)
    return Ran(status, out.getvalue(), err.getvalue())


@pytest.fixture
async def shell(tmp_path: Path, told: Told) -> AsyncIterator[Shell]:
    async with open_world(strangers_a_day=300, slacks_patience=SLACKS_PATIENCE) as world:
        yield Shell(world, tmp_path, told)


@pytest.mark.process
async def test_lookup_prints_the_documented_object(shell: Shell) -> None:
    ran = await shell.run_as_process("lookup", JANE, "--json")
    assert ran.status == 0, ran.err
    found = ran.json
    assert list(found) == ["subject", "as_of", "days", "sessions", "errors", "sources", "visits"]
    assert found["subject"] == {"kind": "email", "value": JANE}
    assert found["days"] == 30
    assert all(list(session) == SESSION_FIELDS for session in found["sessions"])
    assert all(list(error) == ERROR_FIELDS for error in found["errors"])
    assert all(list(visit)[: len(VISIT_FIELDS)] == VISIT_FIELDS for visit in found["visits"])
    assert sorted(at for visit in found["visits"] for at in visit["sessions"]) == list(
        range(len(found["sessions"]))
    )
    assert {(s["vendor"], s["account"], s["state"]) for s in found["sources"]} == {
        ("fullstory", "main", "live"),
        ("raygun", "shop", "live"),
        ("rybbit", "www", "live"),
        ("uxcam", "app", "live"),
    }
    starts = [session["started_at"] for session in found["sessions"]]
    assert starts == sorted(starts, reverse=True)
    assert all(TIME.fullmatch(start) for start in starts)
    rybbit = next(session for session in found["sessions"] if session["vendor"] == "rybbit")
    assert rybbit["url_is"] == "person"
    assert rybbit["user"] == {"uid": "u-77", "email": JANE, "name": "Jane Doe"}
    raygun = next(session for session in found["sessions"] if session["vendor"] == "raygun")
    assert raygun["live"] is True
    assert "45 calls left" in next(s["detail"] for s in found["sources"] if s["vendor"] == "raygun")


async def test_an_address_finds_what_raygun_has_under_the_uid_that_another_tool_tells(shell: Shell) -> None:
    ran = await shell.run("lookup", "oluwaseun@adventure.example", "--json")
    theirs = [session for session in ran.json["sessions"] if session["vendor"] == "raygun"]
    assert [session["user"]["uid"] for session in theirs] == ["cust-8841"] * 2
    assert {call.query.get("userIdentifier") for call in shell.world.raygun.calls} >= {"cust-8841"}


async def test_a_uid_finds_in_all_tools_what_one_of_them_has_under_the_address(shell: Shell) -> None:
    # Raygun knows Jane by her address alone, Rybbit by both.
    ran = await shell.run("lookup", "u-77", "--json")
    theirs = [session for session in ran.json["sessions"] if session["vendor"] == "raygun"]
    assert len(theirs) == 4
    assert {session["user"]["email"] for session in theirs} == {JANE}


async def test_with_both_apis_the_newer_one_keeps_the_index(shell: Shell) -> None:
    both = shell.world.raygun_v3_environment()
    for _ in range(2):
        # Behind the first answer the index is read further back.
        ran = await shell.run("lookup", "cust-8841", "--json", **both)
    raygun = next(source for source in ran.json["sources"] if source["vendor"] == "raygun")
    assert (raygun["account"], raygun["state"]) == ("shop", "index")
    assert [s["vendor"] for s in ran.json["sessions"]].count("raygun") == 2
    assert shell.world.raygun.calls == []
    rows = (await shell.run("quota", "--json", **both)).json
    assert {(row["vendor"], row["account"]) for row in rows} >= {("raygun", "shop"), ("raygun_v3", "shop")}
    assert (await shell.run("doctor", **both)).status == 0


async def test_a_reader_can_tell_live_cached_failed_stale_and_spent_apart(shell: Shell) -> None:
    async def states(**changed: str | None) -> dict[str, tuple[str, int]]:
        ran = await shell.run("lookup", "cust-8841", "--json", *words, **changed)
        return {source["vendor"]: (source["state"], source["calls"]) for source in ran.json["sources"]}

    words: list[str] = []
    live = await states()
    assert {state for state, _ in live.values()} == {"live"}
    assert live["fullstory"] == ("live", 2)
    assert await states() == dict.fromkeys(live, ("cached", 0)) | {"raygun": ("index", 0)}
    words = ["--fresh"]
    shell.world.fullstory.fault = Fault.BROKEN
    mixed = await states()
    assert mixed["fullstory"] == ("stale", 2)
    # A minute has not gone by since everybody's sessions were read: errors alone are asked for.
    assert mixed["raygun"] == ("index", 1)
    assert mixed["rybbit"][0] == "live"
    shell.world.rybbit.fault = Fault.HTML
    others = await states(DATABASE_URL="sqlite:///other.db", RAYGUN__SHOP__DAILY_CALLS="1")
    assert (others["rybbit"][0], others["raygun"]) == ("failed", ("quota", 0))


async def test_lookup_waits_for_slow_servers_and_prints_what_they_say(shell: Shell) -> None:
    for vendor in shell.world.vendors:
        vendor.fault, vendor.slow_seconds = Fault.SLOW, 0.5
    ran = await shell.run("lookup", "cust-8841", "--json", LOOKUP__DEADLINE_SECONDS="0.1")
    assert (ran.status, {source["state"] for source in ran.json["sources"]}) == (0, {"live"})
    assert {session["vendor"] for session in ran.json["sessions"]} >= {"rybbit", "raygun", "fullstory"}


async def test_lookup_exits_with_3_only_where_no_source_could_answer(shell: Shell) -> None:
    assert (await shell.run("lookup", "nobody@contoso.example")).status == 0
    for vendor in shell.world.vendors:
        vendor.fault = Fault.BROKEN
    # What Raygun's index knows is still an answer.
    assert (await shell.run("lookup", "somebody@contoso.example")).status == 0
    ran = await shell.run("lookup", "somebody@contoso.example", DATABASE_URL="sqlite:///empty.db")
    assert ran.status == 3
    assert "has trouble of its own" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("lookup",),
        ("lookup", "jane@"),
        ("lookup", "x" * 129),
        ("lookup", JANE, "--days", "0"),
        ("lookup", JANE, "--bogus"),
        ("bogus",),
        (),
        ("manifest", "--http", "ftp://x"),
    ],
)
async def test_bad_usage_exits_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    ran = await shell.run(*words)
    assert ran.status == 2
    assert ran.err
    assert "Traceback" not in ran.err
    # What is said to whoever has typed it is no log.
    shell.told.log.clear()


async def test_a_wrong_setting_stops_every_command_with_one_line(shell: Shell) -> None:
    for words in (("lookup", JANE), ("serve",), ("socket",), ("quota",), ("doctor",), ("manifest",)):
        ran = await shell.run(*words, FULSTORY__MAIN__API_KEY="hunter2")
        assert ran.status == 2
        assert ran.err.count("\n") == 1
        assert "FULSTORY__MAIN__API_KEY" in ran.err
        assert "hunter2" not in ran.err


async def test_the_terminal_shows_sessions_errors_and_sources(shell: Shell) -> None:
    ran = await shell.run("lookup", JANE, "--days", "7")
    assert "4 visits and 2 errors in the last 7 days" in ran.out
    assert "https://app.rybbit.io/1407/user/u-77" in ran.out
    assert "4 tools, all live" in ran.out
    assert ran.err == ""


@pytest.mark.process
async def test_quota_counts_what_other_processes_spent(shell: Shell) -> None:
    await shell.run_as_process("lookup", JANE)
    rows = {row["vendor"]: row for row in (await shell.run("quota", "--json")).json}
    left = 50 - shell.world.raygun.calls_counted
    assert (rows["raygun"]["limit"], rows["raygun"]["left"]) == (50, left)
    assert left < 50
    assert TIME.fullmatch(rows["raygun"]["returns_at"])
    assert rows["fullstory"]["left"] is None
    assert f"{left} of 50 calls left in 24 h" in (await shell.run("quota")).out


async def test_doctor_says_that_all_is_well_and_what_is_not(shell: Shell) -> None:
    ran = await shell.run("doctor")
    assert ran.status == 0, ran.out
    assert ran.out.count("ok  ") == 13
    shell.world.slack.scopes.discard("chat:write")
    shell.world.rybbit.fault = Fault.REFUSED
    ran = await shell.run("doctor", "--json")
    assert ran.status == 1
    unwell = {check["name"]: check["detail"] for check in ran.json["checks"] if not check["ok"]}
    assert "chat:write" in unwell["slack"]
    assert "refuses our key" in unwell["rybbit/www"]


@pytest.mark.process
async def test_the_version_is_told(shell: Shell) -> None:
    ran = await shell.run_as_process("--version")
    assert (ran.status, ran.out.startswith("casefile ")) == (0, True)


async def test_the_manifest_is_printed_for_both_transports_without_any_setting(shell: Shell) -> None:
    for words in (("manifest",), ("manifest", "--http", "https://casefile.contoso.example")):
        ran = await shell.run(*words, SECRET_KEY=None, SLACK_BOT_TOKEN=None)
        assert ran.status == 0
        assert "/sessions" in ran.out


@pytest.mark.process
async def test_a_server_that_is_killed_is_followed_by_one_that_finishes_its_work(shell: Shell) -> None:
    slack = shell.world.slack
    # What is accepted is not begun: Slack does not say who asks.
    slack.fail_next("users.info", hold=asyncio.Event())
    first = await shell.start("serve", "--port", "0", module=short_lease.MODULE, LOG_LEVEL="INFO")
    slack.connect(f"http://127.0.0.1:{await port_of(first)}/slack/events")
    outcome = await slack.type_command(slack.places.support, slack.people.agent, f"/sessions {JANE}")
    assert outcome.error is None
    await slack.wait_for(lambda: any(call.method == "users.info" for call in slack.api_calls))
    first.send_signal(signal.SIGKILL)
    shell.told.log += [told.decode() for told in await first.communicate()]
    assert [m for m in slack.messages(slack.places.support) if m.bot_id == slack.people.bot_id] == []
    second = await shell.start("serve", "--port", "0", module=short_lease.MODULE, LOG_LEVEL="INFO")
    await port_of(second)
    await slack.wait_for(
        lambda: any("On the site now" in plain_text(m) for m in slack.messages(slack.places.support)),
    )
    second.send_signal(signal.SIGTERM)
    out, err = await asyncio.wait_for(second.communicate(), ENDS_WITHIN_SECONDS)
    shell.told.log += [out.decode(), err.decode()]
    assert second.returncode == 0
    assert b"contoso" not in out + err
    posts = [m for m in slack.messages(slack.places.support) if m.bot_id == slack.people.bot_id]
    assert len(posts) == 1
    assert len(slack.replies(slack.places.support, posts[0].ts)) == 1


@pytest.mark.process
async def test_pushed_errors_that_were_acknowledged_survive_a_kill(shell: Shell, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'pushed.db'}"
    settings = {
        "RAYGUN_WEBHOOK_SECRET": "invented-for-this-test",
        "LOG_LEVEL": "INFO",
        "DATABASE_URL": database,
    }
    server = await shell.start("serve", "--port", "0", **settings)
    url = f"http://127.0.0.1:{await port_of(server)}/webhooks/raygun/shop/invented-for-this-test"
    acknowledged = 0

    async def push_until_it_dies(client: httpx2.AsyncClient, lane: int) -> None:
        nonlocal acknowledged
        for number in range(1_000):
            error = {"url": f"https://app.raygun.com/e/{lane}", "totalOccurrences": number + 1}
            try:
                answer = await client.post(url, json={"eventType": "NewErrorOccurred", "error": error})
            except httpx2.HTTPError:
                return
            acknowledged += answer.status_code == 200
            if acknowledged == 50:
                server.send_signal(signal.SIGKILL)

    async with httpx2.AsyncClient(timeout=ENDS_WITHIN_SECONDS) as client:
        await asyncio.gather(*(push_until_it_dies(client, lane) for lane in range(8)))
    await server.communicate()
    async with open_store(database) as store, store.read() as connection:
        stored = (await connection.execute(select(func.count()).select_from(pushed_deliveries))).scalar_one()
    assert acknowledged > 20
    # One for each lane may have been stored and not acknowledged any more.
    assert acknowledged <= stored <= acknowledged + 8


async def port_of(process: asyncio.subprocess.Process) -> int:
    """The port that a server says it listens on."""
    assert process.stderr is not None
    while line := (await asyncio.wait_for(process.stderr.readline(), ENDS_WITHIN_SECONDS)).decode():
        if found := re.search(r"\bport=(\d+)", line):
            return int(found[1])
    raise AssertionError("the server ended before it was ready")

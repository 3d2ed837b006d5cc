"""`casefile doctor`: deliberate faults, each named by its right name, with the step that mends it."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.installing.check import Check, fault, well
from bot.cli.installing.doctor import examine
from bot.cli.installing.report import checks_json, checks_text, print_table
from bot.settings.model import load_settings
from bot.slack.client import open_slack_session
from bot.slack.manifest import STEP, STEP_EVENT
from bot.storage.keyring import Keyring
from sandbox.faults import Fault
from sandbox.slack.state import State
from sandbox.slack.steps import install as install_step
from sandbox.world import World, open_world
from tests.conftest import prepared_sqlite

SECRET = "a-secret-of-the-tests-of-32-signs"
TICKETS = "TICKETS__CHANNELS"


@dataclass
class Install:
    """An installation against the sandbox, and what a test breaks of it."""

    world: World
    folder: Path
    env: dict[str, str]

    async def doctor(self) -> list[Check]:
        settings = load_settings(self.env, self.folder / ".env")
        async with open_slack_session() as session:
            return await examine(settings, self.folder / ".env", session, self.world.clock())


@pytest.fixture
async def install(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Install]:
    async with open_world(strangers_a_day=0) as world:
        env = world.environment() | {
            "SECRET_KEY": SECRET,
            "DATABASE_URL": prepared_sqlite(tmp_path / "casefile.db"),
            "SLACK_CONFIG_TOKEN": world.slack.state.config_token,
        }
        # Slack's faults need no vendor but one.
        if getattr(request, "param", "all") == "one":
            others = ("FULLSTORY", "RAYGUN__", "UXCAM", "SHARED")
            env = {name: value for name, value in env.items() if not name.startswith(others)}
        yield Install(world, tmp_path, env)


@dataclass(frozen=True)
class Wrong:
    """A deliberate fault: what is set, what else is done, and what must be said of it."""

    name: str
    said: str
    mended_by: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    break_it: Callable[[Install], object] = lambda _install: None


def there_is(file: str, text: str, mode: int = 0o600) -> Callable[[Install], object]:
    def write(install: Install) -> None:
        (install.folder / file).write_text(text)
        (install.folder / file).chmod(mode)

    return write


def of_a_newer_version(install: Install) -> None:
    with closing(sqlite3.connect(install.folder / "casefile.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()


def sealed_by_another_key(install: Install) -> None:
    sealed = Keyring(("the-key-of-before-that-is-lost-by-now",)).seal("an answer")
    with closing(sqlite3.connect(install.folder / "casefile.db")) as database:
        database.execute("INSERT INTO cached_findings VALUES ('k', 'h', 1, ?)", (sealed,))
        database.commit()


def leaves_every_channel(install: Install) -> None:
    state = install.world.slack.state
    for channel in list(state.channels):
        state.remove_from(channel)


def slacks_clock_is_ahead(install: Install) -> None:
    ours = install.world.clock
    install.world.slack.state.clock = lambda: ours() + timedelta(minutes=10)


def has_its_step(state: State, **settings: object) -> dict[str, object]:
    """The inputs of the step that the app has from now on, with these settings differing."""
    install_step(state)
    state.step_settings |= settings
    inputs: dict[str, object] = state.functions[STEP]["input_parameters"]
    return inputs


def lacks_the_config_token(install: Install) -> None:
    install.env["SLACK_CONFIG_TOKEN"] = f"{install.world.slack.state.config_token}-expired"


SLACK = {
    "wrong bot token": Wrong(
        "slack", "invalid_auth", "OAuth & Permissions", {"SLACK_BOT_TOKEN": "xoxb-of-another-workspace"}
    ),
    "no bot token": Wrong("slack", "SLACK_BOT_TOKEN is not set", "casefile init", {"SLACK_BOT_TOKEN": None}),
    "missing scope": Wrong(
        "slack", "chat:write", "Reinstall", break_it=lambda i: i.world.slack.scopes.discard("chat:write")
    ),
    "Slack away": Wrong(
        "slack", "cannot be reached", "SLACK_API_URL", {"SLACK_API_URL": "http://127.0.0.1:9/api/"}
    ),
    "Slack broken": Wrong(
        "slack",
        "internal_error",
        "slack-status.com",
        break_it=lambda i: i.world.slack.fail_next("auth.test", error="internal_error"),
    ),
    "wrong app token": Wrong(
        "slack transport", "invalid_auth", "connections:write", {"SLACK_APP_TOKEN": "xapp-of-another-app"}
    ),
    "no transport": Wrong(
        "slack transport",
        "no way to reach",
        "SLACK_APP_TOKEN",
        {"SLACK_APP_TOKEN": None, "SLACK_SIGNING_SECRET": None},
    ),
    "a signing secret that is none": Wrong(
        "slack transport", "32 hexadecimal digits", "App Credentials", {"SLACK_SIGNING_SECRET": "xoxb-no"}
    ),
    "Socket Mode on, HTTP configured": Wrong(
        "slack transport", "Socket Mode is on", "casefile manifest", {"SLACK_APP_TOKEN": None}
    ),
    "Socket Mode off, socket configured": Wrong(
        "slack transport",
        "Socket Mode is off",
        "socket-mode",
        {"SLACK_SIGNING_SECRET": None, "RAYGUN_WEBHOOK_SECRET": None},
        lambda i: setattr(i.world.slack.state, "socket_mode_enabled", False),
    ),
    "cards for Plain that nothing listens for": Wrong(
        "plain cards",
        "nothing listens for Plain",
        "set PORT",
        {"SLACK_SIGNING_SECRET": None, "RAYGUN_WEBHOOK_SECRET": None, "PLAIN_CARDS_TOKEN": "a" * 16},
    ),
    "an event that is not subscribed": Wrong(
        "slack events",
        "message.channels",
        "/app-manifest",
        break_it=lambda i: i.world.slack.subscribed_events.discard("message.channels"),
    ),
    "a domain that is not declared": Wrong(
        "slack domains",
        "uxcam.com",
        "casefile manifest",
        break_it=lambda i: i.world.slack.unfurl_domains.discard("uxcam.com"),
    ),
    "a step that Slack does not send": Wrong(
        "slack workflow step",
        "org_deploy_enabled is not true",
        "--with-workflow-step",
        break_it=lambda i: has_its_step(i.world.slack.state, org_deploy_enabled=False),
    ),
    "a step of an earlier version": Wrong(
        "slack workflow step",
        "not those of this version",
        "install the app again",
        break_it=lambda i: has_its_step(i.world.slack.state).pop("customer"),
    ),
    "the event of a step without a step": Wrong(
        "slack workflow step",
        "has no step",
        "--with-workflow-step",
        break_it=lambda i: i.world.slack.subscribed_events.add(STEP_EVENT),
    ),
    "another command": Wrong("slack command", "/find", "casefile manifest", {"SLACK_COMMAND": "/find"}),
    "an old configuration token": Wrong(
        "slack manifest", "invalid_auth", "Configuration Tokens", break_it=lacks_the_config_token
    ),
    "blocks that Slack refuses": Wrong(
        "slack blocks",
        "would refuse",
        "newest Casefile",
        break_it=lambda i: i.world.slack.fail_next("blocks.validate", error="invalid_blocks"),
    ),
    "the clock": Wrong("clock", "10 minutes behind", "timedatectl", break_it=slacks_clock_is_ahead),
    "a ticket channel without the bot": Wrong(
        "ticket channels", "not in #general", "/invite @Casefile", {TICKETS: "C0GENERAL1"}
    ),
    "a ticket channel that is not there": Wrong(
        "ticket channels", "no channel C0NOWHERE1", TICKETS, {TICKETS: "C0NOWHERE1"}
    ),
    "a channel for news without the bot": Wrong(
        "watch channel", "not in #general", "/invite @Casefile", {"WATCH__CHANNEL": "C0GENERAL1"}
    ),
    "an archived ticket channel": Wrong("ticket channels", "archived", TICKETS, {TICKETS: "C0ARCHIVE1"}),
    "a ticket channel shared with a company": Wrong(
        "ticket channels", "another company", "of your own", {TICKETS: "C0FABRIKAM"}
    ),
    "no channel at all": Wrong(
        "ticket channels", "in no channel", "/invite @Casefile", break_it=leaves_every_channel
    ),
    "a user group that is not there": Wrong(
        "access", "S0NOBODY01", "Copy group ID", {"ACCESS__USER_GROUPS": "S0NOBODY01"}
    ),
    "an access channel that is not there": Wrong(
        "access", "C0NOWHERE1", "ACCESS__CHANNELS", {"ACCESS__CHANNELS": "C0NOWHERE1"}
    ),
    "no key": Wrong("SECRET_KEY", "is not set", "token_urlsafe", {"SECRET_KEY": None}),
    "a key that cannot read what is stored": Wrong(
        "SECRET_KEY", "sealed by another key", "SECRET_KEY=new,former", break_it=sealed_by_another_key
    ),
    "a placeholder": Wrong(
        ".env",
        "METRICS_TOKEN still has",
        "casefile init",
        break_it=there_is(".env", "METRICS_TOKEN=put-yours-here-please\n"),
    ),
    "a file that all may read": Wrong(
        ".env", "other users", "chmod 600 .env", break_it=there_is(".env", "LOG_LEVEL=INFO\n", 0o644)
    ),
    "a disk that does not last": Wrong("database", "does not last", "heroku-postgresql", {"DYNO": "web.1"}),
    "PostgreSQL away": Wrong(
        "database", "cannot be reached", "DATABASE_URL", {"DATABASE_URL": "postgresql://u:p@127.0.0.1:9/d"}
    ),
    "a newer database": Wrong("database", "9999", "newer Casefile", break_it=of_a_newer_version),
    "a file that is no database": Wrong(
        "database", "not a database", "DATABASE_URL", break_it=there_is("casefile.db", "# Read me\n" * 200)
    ),
    "an app by its name": Wrong("TICKETS__APPS", "any app may bear", "app ID", {"TICKETS__APPS": "Zendesk"}),
    "a webhook that nothing listens for": Wrong(
        "raygun webhook", "nothing listens", "set PORT", {"SLACK_SIGNING_SECRET": None}
    ),
    "no tool": Wrong(
        "sources",
        "no tool",
        "FULLSTORY__MAIN__API_KEY",
        {f"RYBBIT__WWW__{name}": None for name in ("API_KEY", "SITE", "BASE_URL", "WEB_URL")},
    ),
}
VENDORS = {
    "FullStory's key": Wrong(
        "fullstory/main", "refuses our key", "FULLSTORY__MAIN__", {"FULLSTORY__MAIN__API_KEY": "another"}
    ),
    "FullStory's role": Wrong(
        "fullstory/main",
        "may not read",
        "Admin or Architect",
        break_it=lambda i: setattr(i.world.fullstory, "role", "STANDARD"),
    ),
    "Raygun's secret": Wrong(
        "raygun/shop", "refuses our key", "Consumers", {"RAYGUN__SHOP__CLIENT_SECRET": "another"}
    ),
    "Raygun's calls are spent": Wrong(
        "raygun/shop", "not asked", "RAYGUN__SHOP__DAILY_CALLS", {"RAYGUN__SHOP__DAILY_CALLS": "1"}
    ),
    "Rybbit's address": Wrong(
        "rybbit/www",
        "cannot be reached",
        "RYBBIT__WWW__BASE_URL",
        {"RYBBIT__WWW__BASE_URL": "http://127.0.0.1:9"},
    ),
    "what answers is not Rybbit": Wrong(
        "rybbit/www",
        "",
        "RYBBIT__WWW__BASE_URL",
        break_it=lambda i: setattr(i.world.rybbit, "fault", Fault.HTML),
    ),
    "Rybbit's key for replays": Wrong(
        "replays rybbit/www",
        "lacks replay:read",
        "RYBBIT__WWW__",
        {"EMBED_URL": "https://casefile.example"},
        lambda i: i.world.rybbit.allow(frozenset({"sessions:read", "users:read", "analytics:read"})),
    ),
    "UXCam's own trouble": Wrong(
        "uxcam/app", "", "status page", break_it=lambda i: setattr(i.world.uxcam, "fault", Fault.BROKEN)
    ),
    "an account that is not there": Wrong(
        "SHARED_UIDS", "fullstory/eu", "SHARED_UIDS", {"SHARED_UIDS": "fullstory/eu,rybbit/www"}
    ),
}
CASES = [pytest.param("one", wrong, id=name) for name, wrong in SLACK.items()] + [
    pytest.param("all", wrong, id=name) for name, wrong in VENDORS.items()
]


def test_at_least_twenty_five_faults_are_tried() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize(("install", "wrong"), CASES, indirect=["install"])
async def test_a_fault_is_named_with_what_mends_it_and_nothing_else_is_blamed(
    install: Install, wrong: Wrong
) -> None:
    install.env |= {name: value for name, value in wrong.env.items() if value is not None}
    for name in [name for name, value in wrong.env.items() if value is None]:
        install.env.pop(name, None)
    wrong.break_it(install)
    unwell = [check for check in await install.doctor() if not check.well]
    assert [check.name for check in unwell] == [wrong.name], unwell
    assert wrong.said in unwell[0].detail
    assert wrong.mended_by in unwell[0].mend


@pytest.mark.parametrize("install", ["all"], indirect=True)
async def test_a_whole_installation_is_well_and_nothing_is_written_but_the_calls(install: Install) -> None:
    before = sorted(file.name for file in install.folder.iterdir())
    checks = await install.doctor()
    assert [check for check in checks if not check.well] == []
    assert sorted(file.name for file in install.folder.iterdir() if "-" not in file.name) == before
    with closing(sqlite3.connect(install.folder / "casefile.db")) as database:
        calls = database.execute("SELECT count(*) FROM quota_calls WHERE account LIKE 'raygun%'").fetchone()
    assert calls == (install.world.raygun.calls_counted,)
    posted = [call.method for call in install.world.slack.api_calls if call.method.startswith("chat.")]
    assert posted == []


@pytest.mark.parametrize("install", ["one"], indirect=True)
async def test_a_whole_step_for_workflows_is_well(install: Install) -> None:
    has_its_step(install.world.slack.state)
    assert all(check.well for check in await install.doctor())


@pytest.mark.parametrize("install", ["one"], indirect=True)
async def test_a_key_that_may_read_recordings_is_well_where_replays_are_embedded(install: Install) -> None:
    install.env["EMBED_URL"] = "https://casefile.example"
    assert well("replays rybbit/www", "the key may read recordings") in await install.doctor()


@pytest.mark.parametrize("install", ["one"], indirect=True)
async def test_no_database_is_made_where_there_is_none(install: Install) -> None:
    install.env["DATABASE_URL"] = f"sqlite:///{install.folder}/new/casefile.db"
    assert all(check.well for check in await install.doctor())
    assert not (install.folder / "new").exists()


CHECKS = [
    well("slack", "the token works"),
    fault("clock", "an hour\x1b[2J behind", "timedatectl set-ntp true"),
]


def test_a_pipe_gets_plain_lines_and_a_program_json() -> None:
    assert checks_text(CHECKS).splitlines() == [
        "ok    slack: the token works",
        "FAIL  clock: an hour [2J behind",
        "      to mend it: timedatectl set-ntp true",
        "",
        "1 fault to mend.",
    ]
    told = json.loads(json.dumps(checks_json(CHECKS)))
    assert told["ok"] is False
    assert [row["mend"] for row in told["checks"]] == [None, "timedatectl set-ntp true"]


def test_a_terminal_gets_a_table_that_cannot_be_rewritten(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(CHECKS)
    out = capsys.readouterr().out
    assert "✗" in out
    assert "→ timedatectl set-ntp true" in out
    assert "\x1b[2J" not in out

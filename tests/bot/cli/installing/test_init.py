"""`casefile init`: what is asked and checked as it is typed, and what is written."""

import io
import os
import pty
import re
import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.installing.dialogue import Dialogue
from bot.cli.installing.env_file import env_text, read_env, write_private
from bot.cli.installing.first_settings import install
from bot.cli.main import run
from bot.cli.terminal import Complaint
from bot.settings.model import load_settings

ROOT = Path(__file__).parents[4]
BOT, APP = "xoxb-of-this-test-only", "xapp-of-this-test-only"
SIGNING = "0123456789abcdef0123456789abcdef"
SOCKET = ["", "", "fullstory rybbit/www", "na1.ZmFr", "", "rb-key", "1407", "https://rybbit.contoso.example"]
HTTP = ["http", "https://casefile.contoso.example", "/find", "uxcam", "app-1", "ux-key"]


def answered(folder: Path, *answers: str, replace: bool = False) -> str:
    """What `init` says to these answers."""
    said = io.StringIO()
    install(Dialogue(io.StringIO("".join(f"{one}\n" for one in answers)), said), folder, replace=replace)
    return said.getvalue()


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_bot_for_socket_mode_is_configured_by_its_answers(tmp_path: Path) -> None:
    said = answered(tmp_path, *SOCKET, BOT, APP, "")
    settings = load_settings({}, tmp_path / ".env")
    settings.require("SECRET_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")
    assert settings.slack_signing_secret is None
    assert list(settings.fullstory) == ["main"]
    assert settings.rybbit["www"].base_url == "https://rybbit.contoso.example"
    assert len(settings.secret_keys[0]) >= 32
    manifest = yaml.safe_load((tmp_path / "slack-manifest.yml").read_text())
    assert manifest["settings"]["socket_mode_enabled"]
    assert "rybbit.contoso.example" in manifest["features"]["unfurl_domains"]
    assert "socket" in said.splitlines()[-1]


def test_a_bot_for_signed_http_is_configured_by_its_answers(tmp_path: Path) -> None:
    said = answered(tmp_path, *HTTP, BOT, SIGNING, "postgresql://u:p%40ss@db.contoso.example/casefile")
    settings = load_settings({}, tmp_path / ".env")
    settings.require("SECRET_KEY", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")
    assert settings.database_url == "postgresql://u:p%40ss@db.contoso.example/casefile"
    (command,) = yaml.safe_load((tmp_path / "slack-manifest.yml").read_text())["features"]["slash_commands"]
    assert (command["command"], command["url"]) == (
        settings.slack_command,
        "https://casefile.contoso.example/slack/events",
    )
    assert "serve" in said.splitlines()[-1]


def test_only_its_owner_may_read_what_was_written(tmp_path: Path) -> None:
    answered(tmp_path, *SOCKET, BOT, APP, "")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_no_secret_is_repeated_on_the_screen(tmp_path: Path) -> None:
    said = answered(tmp_path, *SOCKET, BOT, APP, "")
    key = load_settings({}, tmp_path / ".env").secret_keys[0]
    assert not [secret for secret in (BOT, APP, "na1.ZmFr", "rb-key", key) if secret in said]


def test_what_is_there_is_not_overwritten_by_a_pipe(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")
    with pytest.raises(Complaint, match="--replace"):
        answered(tmp_path, *SOCKET, BOT, APP, "")
    assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


def test_what_is_replaced_is_kept_and_so_is_its_key(tmp_path: Path) -> None:
    mine = "mine, which is of thirty-two signs".replace(",", "")
    (tmp_path / ".env").write_text(f"SECRET_KEY={mine},older\nLOG_LEVEL=DEBUG\n")
    said = answered(tmp_path, *SOCKET, BOT, APP, "", replace=True)
    assert load_settings({}, tmp_path / ".env").secret_keys == (mine, "older")
    assert "LOG_LEVEL=DEBUG" in (tmp_path / ".env.old").read_text()
    assert "new SECRET_KEY" not in said


def test_a_file_that_cannot_be_read_is_said_so_before_anything_is_typed(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY: mine\n")
    with pytest.raises(Complaint, match=r"\.env, line 1, cannot be read"):
        answered(tmp_path, replace=True)
    assert (tmp_path / ".env").read_text() == "SECRET_KEY: mine\n"


def test_a_key_that_is_too_short_stays_behind_a_new_one(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=mine\n")
    answered(tmp_path, *SOCKET, BOT, APP, "", replace=True)
    first, second = load_settings({}, tmp_path / ".env").secret_keys
    assert (len(first) >= 32, second) == (True, "mine")


def test_a_placeholder_is_no_key_to_keep(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    answered(tmp_path, *SOCKET, BOT, APP, "", replace=True)
    assert "put-a-long" not in (tmp_path / ".env").read_text()


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        (["pigeon"], "socket or http"),
        (["http", "http://casefile.contoso.example"], "https://"),
        (["socket", "sessions"], "SLACK_COMMAND"),
        (["socket", "", "fulstory"], "fulstory is none of"),
        (["socket", "", ""], "Tools: one at least is needed: fullstory, "),
        (["socket", "", "rybbit rybbit"], "labels of their own"),
        (["socket", "", "rybbit/a__b"], "label"),
        (["socket", "", "rybbit", "key", "my-site"], "RYBBIT__MAIN__SITE: the site's number"),
        (["socket", "", "fullstory", "Basic abc"], "without the word Basic"),
        (["socket", "", "fullstory", ""], "a value is needed"),
        (["socket", "", "uxcam", "app-1", "ux-key", "xoxp-1"], "SLACK_BOT_TOKEN: begins with xoxb-"),
        (["socket", "", "uxcam", "app-1", "ux-key", "xoxb-put-yours-here"], "until the real value"),
        (["socket", "", "uxcam", "app-1", "ux-key", BOT, "xoxb-1"], "SLACK_APP_TOKEN: begins with xapp-"),
        (["socket", "", "uxcam", "app-1", "ux-key", BOT, APP, "mysql://h/d"], "DATABASE_URL: "),
        (["socket", "", "uxcam", "app-1"], "The answers ended before “UXCAM__MAIN__API_KEY”"),
    ],
)
def test_a_wrong_answer_is_named_at_once_and_nothing_is_written(
    tmp_path: Path, answers: list[str], named: str
) -> None:
    with pytest.raises(Complaint) as raised:
        answered(tmp_path, *answers)
    assert named in str(raised.value)
    assert not (tmp_path / ".env").exists()


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(lambda v: "${" not in v))
def test_whatever_is_written_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.env"
    write_private(file, env_text({"SECRET_KEY": value, "LAST": "1"}, {"LAST": "a comment"}))
    assert read_env(file) == {"SECRET_KEY": value, "LAST": "1"}


def test_a_value_that_the_file_would_change_is_refused() -> None:
    with pytest.raises(Complaint, match="DATABASE_URL"):
        env_text({"DATABASE_URL": "postgresql://u:${HOME}@h/d"}, {})


def test_a_missing_env_file_is_named_with_what_makes_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["quota"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("casefile: SECRET_KEY is not set")
    assert "There is no .env in " in err
    assert "casefile init" in err


@pytest.mark.process
def test_a_person_may_try_again_and_types_secrets_unseen(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    ran = subprocess.Popen(
        [sys.executable, "-m", "bot", "init"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        # A new session's first terminal is its own, where passwords are asked.
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509 - no thread runs here
    )
    os.close(theirs)
    shown = ""
    for question, answer in [
        ("Transport [socket]", "pigeon"),
        ("socket or http is needed", ""),
        ("SLACK_COMMAND [/sessions]", ""),
        ("Tools", "uxcam"),
        ("UXCAM__MAIN__APP_ID", "app-1"),
        ("UXCAM__MAIN__API_KEY", "a key that nobody sees"),
        ("white space", "a-key-that-nobody-sees"),
        ("SLACK_BOT_TOKEN", BOT),
        ("SLACK_APP_TOKEN", APP),
        ("DATABASE_URL", ""),
    ]:
        # Reading a secret throws away what was typed before its prompt: so the prompt is waited for.
        shown += read_until(ours, rf"{re.escape(question)}[\s\S]*: $")
        os.write(ours, f"{answer}\n".encode())
    whole = read_until(ours, "runs it")
    assert ran.wait(30) == 0
    os.close(ours)
    assert "a-key-that-nobody-sees" not in shown + whole
    assert load_settings({}, tmp_path / ".env").uxcam["main"].api_key.get_secret_value() == (
        "a-key-that-nobody-sees"
    )


def read_until(terminal: int, wanted: str) -> str:
    """What a terminal shows until it matches a pattern; a minute of silence fails and says what was shown."""
    new = ""
    while not re.search(wanted, new):
        assert select.select([terminal], [], [], 60)[0], new
        new += os.read(terminal, 4096).decode(errors="replace")
    return new

"""How commands are typed: what is taken, and what is said of anything else."""

import errno
import importlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import __version__
from bot.cli.main import COMMANDS, make_app, run

MESSAGE = {"type": "message", "bot_id": "B1", "ts": "1.1", "channel": "C1", "text": "Help!"}
RYBBIT = "https://app.rybbit.io/1407/user/cust-8841"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "casefile --help"),
        (["bogus"], "bogus"),
        (["--bogus"], "--bogus"),
        (["lookup"], "SUBJECT"),
        (["lookup", "jane", "doe"], "doe"),
        (["lookup", "jane", "--bogus"], "--bogus"),
        (["lookup", "jane", "--jsno"], "--json"),
        (["lookup", "jane", "--no-json"], "--no-json"),
        (["lookup", "jane", "--version"], "--version"),
        (["lookup", "jane", "--days"], "--days"),
        (["lookup", "jane", "--days", "soon"], "--days"),
        (["lookup", "jane", "--days", "7.5"], "--days"),
        (["lookup", "jane", "--days", "0x1e"], "--days"),
        (["lookup", "jane", "--days", "0"], "--days"),
        (["lookup", "jane", "--days", "366"], "--days"),
        (["lookup", "jane", "--days=-1"], "--days"),
        (["serve", "--port", "http"], "--port"),
        (["serve", "--port", "99999"], "0 to 65535"),
        (["demo", "--port", "65536"], "0 to 65535"),
        (["demo", "--port=-1"], "0 to 65535"),
        (["serve", "8321"], "8321"),
        ([""], "A command is needed"),
        (["-V"], "no flag -V"),
        (["read-ticket", "message.json", "--json=false"], "--json takes no value"),
        (["read-link", RYBBIT, "--json="], "--json takes no value"),
        (["quota", "--json=1"], "--json takes no value"),
        (["doctor", "--json=true"], "--json takes no value"),
        (["lookup", "jane", "--fresh=yes"], "--fresh takes no value"),
        (["read-ticket"], "FILE"),
        (["read-ticket", "there-is-none.json"], "there-is-none.json"),
        (["read-link"], "URL"),
        (["quota", "--days", "7"], "--days"),
        (["mcp", "token"], "--user U"),
        (["mcp", "revoke", "--user", "jane"], "--user U"),
        (["mcp", "tokens"], "tokens"),
        (["manifest", "--http", "ftp://casefile.example"], "--http"),
    ],
)
def test_bad_usage_exits_with_2_and_one_line_that_names_what_is_wrong(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("casefile: ")
    assert named in err
    assert err.count("\n") == 1


@given(st.lists(st.text("-=.1ahjos \n\x1b", max_size=8) | st.sampled_from(["--json", "--", "-"]), max_size=4))
def test_whatever_is_typed_behind_a_command_has_one_of_its_exit_statuses(words: list[str]) -> None:
    assert run(["read-link", *words]) in (0, 1, 2)


def test_what_was_typed_cannot_rewrite_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bo\ngus\x1b[31m"]) == 2
    assert capsys.readouterr().err == "casefile: There is no command bo gus [31m. See: casefile --help\n"


def test_a_wrong_setting_exits_with_2_and_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://u:hunter2@h/d")
    for words in (["read-link", RYBBIT], ["read-ticket", "-"], ["quota"], ["serve"], ["manifest"]):
        assert run(words) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), err.startswith("casefile: DATABASE_URL: ")) == ("", 1, True)
        assert "hunter2" not in err


@pytest.mark.parametrize("words", [["quota"], ["lookup", "jane@contoso.example"], ["serve"]])
def test_a_file_that_is_no_database_is_a_wrong_setting(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("README.md").write_text("# Read me\n" * 200)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///README.md")
    monkeypatch.setenv("SECRET_KEY", "of this test and long enough for one")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-this-test")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "of-this-test")
    assert run(words) == 2
    assert capsys.readouterr().err == "casefile: DATABASE_URL: the file there is not a database\n"


@pytest.mark.parametrize(
    "words",
    [
        ["forget", "jane@contoso.example"],
        ["forget", "jane@contoso.example", "--dry-run"],
        ["audit"],
        ["tickets"],
        ["watch", "list"],
        ["mcp", "revoke", "--user", "U0ANA"],
        ["quota"],
    ],
)
def test_where_there_was_no_database_it_is_said_that_nothing_is_stored_in_the_new_one(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECRET_KEY", "of this test and long enough for one")
    said = (
        f"casefile: there was no database at {Path.cwd() / 'casefile.db'}: nothing is stored in this new one."
    )
    for is_new in (True, False):
        assert run(words) == 0
        told = capsys.readouterr()
        assert told.out
        assert told.err.startswith(said) is is_new


@pytest.mark.parametrize(("words", "setting"), [(["serve"], "--port or PORT"), (["demo"], "--port")])
def test_a_port_that_another_program_has_is_said_so(
    words: list[str], setting: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def taken(work: Any) -> None:
        work.close()
        raise OSError(errno.EADDRINUSE, "Address already in use")

    for command in ("demo", "serve"):
        monkeypatch.setattr(f"bot.cli.commands.{command}.run_to_the_end", taken)
    assert run([*words, "--port", "8321"]) == 2
    assert capsys.readouterr().err == (
        f"casefile: port 8321 is taken by another program: choose another by {setting}\n"
    )


def test_the_last_of_several_values_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["manifest", "--http", "ftp://x", "--http", "https://casefile.example"]) == 0
    assert "https://casefile.example" in capsys.readouterr().out


def test_read_link_exits_with_0_for_a_vendors_page_and_1_for_any_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["read-link", RYBBIT, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["user_id"] == "cust-8841"
    assert run(["read-link", "https://contoso.example"]) == 1
    assert run(["read-link", "--", "-x"]) == 1


def test_read_ticket_reads_standard_input_for_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def standard_input(content: bytes) -> Any:
        return io.TextIOWrapper(io.BytesIO(content))

    monkeypatch.setattr("sys.stdin", standard_input(json.dumps(MESSAGE).encode()))
    assert run(["read-ticket", "--json", "-"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == [
        *("action", "requester", "uids", "mentioned", "ticket", "reason")
    ]
    Path("message.json").write_text(json.dumps(MESSAGE))
    monkeypatch.setattr("sys.stdin", standard_input(b"{}"))
    assert run(["read-ticket", "message.json", "--files-info", "-"]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", standard_input(b"{"))
    assert run(["read-ticket", "-"]) == 2
    assert capsys.readouterr().err == "casefile: -: is not JSON\n"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"casefile {__version__}\n"


def test_help_names_every_command_and_its_flags(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name}: {what}\n" in out for name, (_, what) in COMMANDS.items())
    flags = {
        "demo": ["--port"],
        "serve": ["--host", "--port"],
        "socket": [],
        "lookup": ["SUBJECT", "--json", "--days", "--fresh"],
        "read-ticket": ["FILE", "--json", "--bot-id", "--bot-user-id", "--app-id", "--files-info"],
        "others": ["SUBJECT", "--json", "--days"],
        "read-link": ["URL", "--json"],
        "manifest": ["--http"],
        "doctor": ["--json"],
        "forget": ["SUBJECT", "--dry-run", "--posts", "--json"],
        "audit": ["--since", "--subject", "--by", "--json"],
        "quota": ["--json"],
        "tickets": ["ACTION", "NUMBER", "--json"],
        "watch": ["ACTION", "--json"],
        "init": ["--replace"],
        "mcp": ["ACTION", "--user"],
    }
    assert set(flags) == set(COMMANDS)
    for name, promised in flags.items():
        assert run([name, "--help"]) == 0
        out = capsys.readouterr().out
        assert all(f"  {flag}" in out for flag in promised)
        assert "\x1b" not in out


def test_every_command_of_the_table_is_there() -> None:
    app = make_app()
    for name, (function, _what) in COMMANDS.items():
        module, _, attribute = function.partition(":")
        command = getattr(importlib.import_module(f"bot.cli.commands.{module}"), attribute)
        assert app[name].default_command is command

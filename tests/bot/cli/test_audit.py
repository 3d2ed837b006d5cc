"""`casefile audit`: what a lookup in the terminal leaves there, and how it is asked for."""

import json
import re
import sys
from pathlib import Path

import pytest

from bot.cli.main import run


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'casefile.db'}")
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests that is long enough")


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run(["audit", "--json", *words]) == 0
    told: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return told


def test_a_lookup_in_the_terminal_is_told_with_who_ran_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys) == []
    assert run(["lookup", "Jane@contoso.example"]) == 3
    [row] = rows(capsys, "--subject", "jane@contoso.example", "--since", "1h")
    assert str(row.pop("at")).endswith("Z")
    assert str(row.pop("who")).startswith("os:")
    assert row == {
        "channel": None,
        "way": "terminal",
        "subject": "Jane@contoso.example",
        "sources": [],
        "sessions": 0,
        "errors": 0,
        "shown_to": "asker",
        "outcome": "no_answer",
    }
    assert rows(capsys, "--subject", "li.wei@fabrikam.example") == []
    assert rows(capsys, "--by", "U0NOBODY") == []
    assert run(["audit"]) == 0
    assert "terminal  Jane@contoso.example  no_answer  shown to asker" in capsys.readouterr().out


def test_without_a_lookup_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit"]) == 0
    assert capsys.readouterr().out.startswith("Nobody was looked up")


@pytest.mark.parametrize("words", [["--since", "soon"], ["--since", "7"], ["--subject", "two words"], ["x"]])
def test_anything_else_is_bad_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", *words]) == 2
    assert "casefile" in capsys.readouterr().err


def test_a_terminal_gets_the_trail_as_a_table_as_wide_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["lookup", "Jane@contoso.example"]) == 3
    capsys.readouterr()
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(["audit"]) == 0
    head, row, *rest = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert head.split("  ")[0] == "when"
    assert re.search(r"os:\S+ +- +terminal +Jane@contoso\.example +no_answer +asker", row)
    assert rest == []
    assert max(map(len, (head, row))) <= 140

"""`casefile tickets` in a terminal."""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.storage.store import open_store
from bot.tickets.wrong_shapes import note_wrong


async def learn(database: str, *shapes: str) -> None:
    async with open_store(database) as store, store.write() as connection:
        for shape in shapes:
            await note_wrong(connection, shape)


def test_the_shapes_are_lines_in_a_pipe_and_a_table_in_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'casefile.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests that is long enough")
    asyncio.run(learn(database, "B0ZENDESK attachment", "B0ZENDESK attachment", "B0FRONT text"))
    assert run(["tickets"]) == 0
    what, first, *rest = capsys.readouterr().out.splitlines()
    assert "`casefile tickets forget N`" in what
    assert first.startswith("1  B0ZENDESK attachment  (2 answers removed, the last one at ")
    assert len(rest) == 1
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(["tickets"]) == 0
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert shown[0] == what
    assert shown[2].split() == ["N", "shape", "removed", "the", "last", "one"]
    assert re.match(r"1 +B0ZENDESK attachment +2 answers +\d{4}-", shown[3])

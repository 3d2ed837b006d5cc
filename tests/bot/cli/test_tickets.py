"""`casefile tickets`: the shapes that were answered wrongly, listed and forgotten."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.domain.model import Subject, SubjectKind
from bot.storage.keyring import Keyring
from bot.storage.store import open_store
from bot.tickets.book import TicketBook, TicketMessage, TicketState

SECRET = "a secret of the tests that is long enough"
SHAPE = "A0DESK001 zendesk: label requester in body"


@pytest.fixture(autouse=True)
def _a_removed_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'casefile.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    asyncio.run(remove_an_answer(url))


async def remove_an_answer(url: str) -> None:
    message = TicketMessage("C1", "1.1")
    async with open_store(url) as store:
        book = TicketBook(store, Keyring((SECRET,)))
        await book.take("a job", message, [Subject(SubjectKind.EMAIL, "jane@contoso.example", "")])
        await book.settle(message, "a job", TicketState.ANSWERED, "9.9", SHAPE)
        await book.decide("C1", "1.1", TicketState.WRONG)


def test_shapes_are_listed_with_how_often_they_were_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tickets"]) == 0
    assert f"1  {SHAPE}  (1 answer removed, the last one at " in capsys.readouterr().out
    assert run(["tickets", "--json"]) == 0
    (shape,) = json.loads(capsys.readouterr().out)
    assert shape.pop("last_removed_at").endswith("Z")
    assert shape == {"number": 1, "shape": SHAPE, "removed": 1, "action": "offer"}


def test_a_shape_is_forgotten_by_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tickets", "forget", "2"]) == 2
    assert "there is no shape 2" in capsys.readouterr().err
    assert run(["tickets", "forget", "1"]) == 0
    capsys.readouterr()
    assert run(["tickets"]) == 0
    assert capsys.readouterr().out == "No answer to a ticket was removed as wrong.\n"


@pytest.mark.parametrize("words", [["forget"], ["forget", "x"], ["bogus"], ["forget", "1", "2"]])
def test_anything_else_is_bad_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tickets", *words]) == 2
    assert "casefile" in capsys.readouterr().err

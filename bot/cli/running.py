"""Running what needs the database: once for an answer, or until SIGINT or SIGTERM."""

import asyncio
import errno
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_NOTADB
from typing import Any, TypeVar

from sqlalchemy.exc import DatabaseError

from bot.cli.environment import read_settings
from bot.cli.terminal import Complaint
from bot.operations.log import configure_logging
from bot.settings.errors import SettingsError, SettingUnset
from bot.settings.model import Settings
from bot.storage.address import sqlite_file
from bot.storage.database import StoreAway
from bot.storage.schema import NewerDatabase

T = TypeVar("T")


def run_once(work: Callable[[Settings], Coroutine[Any, Any, T]], *, tells_what_is_stored: bool = False) -> T:
    """
    Run a coroutine with this directory's settings and return its result.

    The terminal is kept to the answer: only warnings are logged unless more is asked for. What tells or
    erases what is stored says on stderr where the database is new: run in the wrong folder, it would say of
    everybody that nothing is stored about them.

    Raises:
        Complaint: when a setting is missing or wrong, or the database cannot be used.

    """
    settings = read_settings()
    # Without a key, that is what is said first.
    if tells_what_is_stored and settings.secret_key and (file := _unmade_database(settings)):
        print(
            f"casefile: there was no database at {file}: nothing is stored in this new one. Where Casefile"
            " runs in another folder or with another DATABASE_URL, run this there",
            file=sys.stderr,
        )
    configure_logging("WARNING" if settings.log_level == "INFO" else settings.log_level)
    return run_to_the_end(work(settings))


def _unmade_database(settings: Settings) -> Path | None:
    """The file in which everything is to be stored, where it is not there yet; else None."""
    file = sqlite_file(settings.database_url)
    return file.absolute() if file and not file.exists() else None


def run_to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine and return its result.

    Raises:
        Complaint: when a setting that it needs is missing or wrong, or the database cannot be used.

    """
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(work)
    except SettingUnset as error:
        raise Complaint(f"{error}{_how_to_begin(Path.cwd())}") from None
    except (SettingsError, NewerDatabase) as error:
        raise Complaint(str(error)) from None
    except StoreAway:
        raise Complaint("DATABASE_URL: the database cannot be reached there") from None
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != SQLITE_NOTADB:
            raise
        raise Complaint("DATABASE_URL: the file there is not a database") from None


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop: uvloop's, where it is installed; else None, for asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - there is none for Windows or PyPy
    except ImportError:
        return None
    return uvloop.new_event_loop


def _how_to_begin(folder: Path) -> str:
    """What is said behind a variable that is missing."""
    if (folder / ".env").exists():
        return ". It is not in .env either: `casefile doctor` names all that is missing"
    return f". There is no .env in {folder}: `casefile init` asks for what is needed and writes one"


@contextmanager
def listening_at(port: int, setting: str) -> Iterator[None]:
    """
    Say in words that a port cannot be had.

    Args:
        port: the port.
        setting: how another one is chosen.

    Raises:
        Complaint: when another program has the port, or only root may have it.

    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Complaint(f"port {port} is taken by another program: choose another by {setting}") from None
        if error.errno == errno.EACCES:
            raise Complaint(
                f"port {port} is not for everybody: choose one from 1024 on by {setting}"
            ) from None
        raise

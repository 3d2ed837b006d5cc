"""Running what needs the database: once for an answer, or until SIGINT or SIGTERM."""

import asyncio
from collections.abc import Callable, Coroutine
from sqlite3 import SQLITE_NOTADB
from typing import Any, TypeVar

from sqlalchemy.exc import DatabaseError

from bot.cli.environment import read_settings
from bot.cli.terminal import Complaint
from bot.operations.log import configure_logging
from bot.settings.model import Settings, SettingsError
from bot.storage.database import StoreAway
from bot.storage.schema import NewerDatabase

T = TypeVar("T")


def run_once(work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """
    Run a coroutine with this directory's settings and return its result.

    The terminal is kept to the answer: only warnings are logged unless more is asked for.
    """
    settings = read_settings()
    configure_logging("WARNING" if settings.log_level == "INFO" else settings.log_level)
    return run_to_the_end(work(settings))


def run_to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine and return its result.

    Raises:
        Complaint: when a setting that it needs is missing or wrong, or the database cannot be used.

    """
    try:
        return asyncio.run(work)
    except (SettingsError, NewerDatabase) as error:
        raise Complaint(str(error)) from None
    except StoreAway:
        raise Complaint("DATABASE_URL: the database cannot be reached there") from None
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != SQLITE_NOTADB:
            raise
        raise Complaint("DATABASE_URL: the file there is not a database") from None

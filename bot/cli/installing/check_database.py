"""The database, looked at and not changed."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import SQLITE_NOTADB

from sqlalchemy.exc import DatabaseError

from bot.cli.installing.check import Check, fault, well
from bot.operations.clock import from_ms
from bot.storage.address import is_postgresql, sqlite_file
from bot.storage.database import StoreAway, open_database
from bot.storage.keyring import Keyring
from bot.storage.schema import HEAD, NewerDatabase, revision_of
from bot.storage.store import Store, is_reachable, newest_sealed

_MOST_APART = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DatabaseFindings:
    """What was found; `usable` where it has this version's tables, so that calls can be counted in it."""

    checks: tuple[Check, ...]
    usable: bool


async def look_at_database(url: str, keys: tuple[str, ...], now: datetime) -> DatabaseFindings:
    """
    What can be said of the database, of its clock, and of whether what is stored there can be read.

    Args:
        url: its address.
        keys: the secret keys; none where none is set.
        now: this machine's time.

    """
    if (file := sqlite_file(url)) and (unmade := _unmade_file(file)):
        return DatabaseFindings((unmade,), usable=False)
    try:
        return await _look(url, keys, now)
    except StoreAway:
        return _faulty(*_away(url))
    except NewerDatabase as newer:
        return _faulty(str(newer), "install the newer Casefile, or restore the older database")
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != SQLITE_NOTADB:
            raise
        return _faulty("the file at DATABASE_URL is not a database", "name another file in DATABASE_URL")


async def _look(url: str, keys: tuple[str, ...], now: datetime) -> DatabaseFindings:
    async with open_database(url) as database:
        store = Store(database)
        if not await is_reachable(store):
            return _faulty("it takes no writes: a stand-by", "name the primary server in DATABASE_URL")
        async with store.read() as connection:
            found = await revision_of(connection)
        time = await store.now_ms()
        sealed = await newest_sealed(store) if found == HEAD else None
    kind = "PostgreSQL" if is_postgresql(url) else "SQLite"
    if found != HEAD:
        tables = (
            "has no tables yet: they are made" if found is None else f"is of {found}: brought up to {HEAD}"
        )
        return DatabaseFindings((well("database", f"{kind} {tables} when the bot starts"),), usable=False)
    apart = abs(from_ms(time) - now)
    checks = [well("database", f"{kind} answers and takes writes, tables of {HEAD}")]
    if apart > _MOST_APART:
        detail = f"the database's clock and this machine's are {apart.total_seconds() / 60:.0f} minutes apart"
        checks.append(fault("clock", detail, "set both by NTP: timedatectl set-ntp true"))
    if sealed and keys and not Keyring(keys).opens(sealed):
        detail = "what is stored was sealed by another key, and cannot be read"
        mend = "put the former key back, or behind the new one, comma-separated: SECRET_KEY=new,former"
        checks.append(fault("SECRET_KEY", detail, mend))
    return DatabaseFindings(tuple(checks), usable=True)


def _unmade_file(file: Path) -> Check | None:
    """What can be said where there is no SQLite file yet; None where there is one."""
    if file.exists():
        return None
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return fault(
            "database",
            f"{folder} cannot be written to, so no database can be made there",
            f"let the bot's user write to {folder}, or name another place in DATABASE_URL",
        )
    return well("database", f"SQLite: {file} is made when the bot starts")


def _away(url: str) -> tuple[str, str]:
    if is_postgresql(url):
        return (
            "PostgreSQL cannot be reached at DATABASE_URL, or does not take its user and password",
            "check host, port, user, password and name in DATABASE_URL: psql with the same address must work",
        )
    return (
        "the file at DATABASE_URL cannot be opened or written to",
        "let the bot's user write to it and its folder, or name another file in DATABASE_URL",
    )


def _faulty(detail: str, mend: str) -> DatabaseFindings:
    return DatabaseFindings((fault("database", detail, mend),), usable=False)

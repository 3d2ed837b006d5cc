"""
What SECURITY.md says of log, metrics, database and crash reports, looked for when a test has ended.

Nothing has to be called for that: whatever engine was opened, whatever sandbox was asked, whatever a test's
folder holds of databases and logs is looked through. The log is what the program writes at INFO.
"""

import json
import logging
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from io import TextIOBase
from pathlib import Path
from typing import Any

import pytest
import re2
import structlog
from prometheus_client import generate_latest
from sqlalchemy import Text, cast, column, select, union_all

from bot.engine.parts import Engine
from bot.operations.log import configure_logging
from bot.storage.database.postgresql import PostgresqlDatabase
from bot.storage.tables import metadata
from sandbox.world import World

# What is shorter is looked for as a whole word: what is sealed or hashed may hold it by chance.
_SHORTEST = 8
# Of a word in base64 or in a hash; sealed text is one word, however long.
_LETTER = "A-Za-z0-9_-"
# The tests' customers all have such, whether the sandbox knows them or not.
_ADDRESS = r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+example"
# Each row as one text, in PostgreSQL's way of writing rows.
_EVERY_ROW = union_all(
    *(select(cast(column(table.name), Text)).select_from(table) for table in metadata.sorted_tables)
)


# A button's value: a signature, then a salt and what only the bot can open.
_SEALED = re.compile(r"[0-9a-f]{16}~v2\.[A-Za-z0-9_-]{22}==\.gAAAA[A-Za-z0-9_-]+={0,2}(?![\w=-])")


def without_sealed(said: str) -> str:
    """The text without what buttons hold: random letters, among which a short uid stands now and then."""
    return _SEALED.sub("(sealed)", said)


@dataclass
class Told:
    """
    What a test's bots have told and kept, and whom and what the test has in it.

    `expected` are the places in which a test has put something that must be found.
    """

    folder: Path
    expected: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)
    worlds: list[World] = field(default_factory=list)

    def found(self) -> dict[str, str]:
        """The places that name a customer or hold a secret, with such a word."""
        files = [file for file in self.folder.rglob("*.db*") if file.is_file()]
        anywhere, alone = self._private()
        # In a database's bytes a short word may stand by chance: a time is written in a few bytes.
        found = _first_in({"the database": [file.read_bytes() for file in files]}, anywhere)
        return found | _first_in(self._texts(files), anywhere, alone)

    def _texts(self, files: Sequence[Path]) -> dict[str, list[bytes]]:
        logs = [file.read_bytes() for file in self.folder.rglob("*.log")]
        rows = [*self.rows, *(row for file in files if file.suffix == ".db" for row in _rows_of(file))]
        reports = [world.raygun_entries.entries for world in self.worlds]
        return {
            "the log": ["".join(self.log).encode(), *logs],
            "the metrics": [generate_latest(engine.metrics.registry) for engine in self.engines],
            "the database": ["\n".join(rows).encode()],
            "a crash report": [json.dumps(report).encode() for report in reports],
        }

    def _private(self) -> tuple[str, str]:
        """What must be nowhere, as two expressions: whatever is around it, and as a word of its own."""
        people = [one for world in self.worlds for one in world.people]
        names = {part for one in people for part in (one.name or "").split() if part.isalpha()}
        words = {word for one in people for word in (one.email, one.uid, one.name) if word} | names
        secrets = {secret for engine in self.engines for secret in engine.settings.secrets}
        secrets |= {key for engine in self.engines for key in engine.settings.secret_keys}
        secrets |= {value for world in self.worlds for value in _secrets_of(world)}
        long = [re2.escape(word) for word in sorted(words | secrets) if len(word) >= _SHORTEST]
        short = [re2.escape(word) for word in sorted(words) if len(word) < _SHORTEST]
        alone = f"(?:^|[^{_LETTER}])(?:{'|'.join(short)})(?:[^{_LETTER}]|$)" if short else _ADDRESS
        return "|".join((*long, _ADDRESS)), alone


def _first_in(places: dict[str, list[bytes]], *private: str) -> dict[str, str]:
    """In which places something private stands, with the first such word."""
    looked_for = re2.compile(f"(?i){'|'.join(private)}".encode())
    return {
        place: match.group().decode(errors="replace")
        for place, contents in places.items()
        for one in contents
        if (match := looked_for.search(one))
    }


def _rows_of(file: Path) -> list[str]:
    """The rows of a database of SQLite, as statements that write them; none of a file that is no such."""
    if not file.read_bytes().startswith(b"SQLite format 3\0"):
        return []
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def _secrets_of(world: World) -> Sequence[str]:
    named = (world.environment() | world.desks_environment()).items()
    configured = [value for name, value in named if name.endswith(("KEY", "SECRET", "TOKEN", "PASSWORD"))]
    executions = world.slack.state.executions.values()
    runners = [run.inputs.get("person") for run in executions]
    signed = [one.get("secret", "") for one in runners if isinstance(one, dict)]
    return [*configured, *(run.token for run in executions), *signed]


class _Log(TextIOBase):
    """Keeps what is logged, and prints it as well."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, line: str) -> int:
        self._lines.append(line)
        return sys.stdout.write(line)


@contextmanager
def all_that_is_told(folder: Path) -> Iterator[Told]:
    """
    Log as the program does for the block, and know of all that is opened in it.

    What pytest listens to the log by stays.
    """
    told = Told(folder)
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", stream=_Log(told.log))
    root.handlers += handlers
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Engine, "__init__", _noting(Engine.__init__, told.engines))
            patch.setattr(World, "__init__", _noting(World.__init__, told.worlds))
            patch.setattr(PostgresqlDatabase, "close", _reading_rows(told.rows))
            yield told
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**config)


def _noting(init: Callable[..., None], made: list[Any]) -> Callable[..., None]:
    @wraps(init)
    def noted(self: Any, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        made.append(self)

    return noted


def _reading_rows(rows: list[str]) -> Callable[[PostgresqlDatabase], Any]:
    """Close a database when all rows of all of its tables have been read."""
    close = PostgresqlDatabase.close

    async def read_and_close(self: PostgresqlDatabase) -> None:
        async with self.reading(is_long=True) as connection:
            rows.extend((await connection.execute(_EVERY_ROW)).scalars())
        await close(self)

    return read_and_close

"""
PostgreSQL's statements, several in one round trip.

SQLAlchemy puts statements together and keeps what it has compiled; psycopg sends them in its pipeline mode,
which SQLAlchemy's own way to execute them does not know.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg.pq import PipelineStatus
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Dialect, Executable, Result
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.interfaces import _CoreAnyExecuteParams as Parameters
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database.connection import Sent

_STATEMENT_SECONDS = 15
# A part of a transaction that may be taken back alone: with how many others around it.
_PART = "part_{}"
_COMMIT = "COMMIT"

Driver = psycopg.AsyncConnection[tuple[Any, ...]]
Compiled = MutableMapping[Any, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Command:
    """A statement as the driver takes it: its text, and the values of each time that it is executed."""

    text: str
    values: Sequence[Mapping[str, Any]] = ()
    sent: Sent[*tuple[Any, ...]] = field(default_factory=Sent)


class PostgresqlConnection:
    """
    A connection of PostgreSQL in a transaction.

    What is sent and not waited for goes with the next statement that is, or with the end. All that goes at
    once is a transaction by itself: BEGIN and COMMIT are sent only where more than that belongs to one.

    Args:
        sql: SQLAlchemy's connection.
        driver: the driver's, which is the same one.
        compiled: keeps compiled statements.
        writes: whether anything may be changed: then what is executed one after the other is one transaction.

    """

    def __init__(self, sql: AsyncConnection, driver: Driver, compiled: Compiled, *, writes: bool) -> None:
        self.writes = writes
        self._sql = sql
        self._driver = driver
        self._compiled = compiled
        self.has_begun = False
        self._parts = 0
        self._unsent: list[Command] = []

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect of PostgreSQL."""
        return self._sql.dialect

    def send(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """What comes of a statement, which goes with the next one that is waited for, or at the end."""
        text, values = _compiled(statement, parameters, self.dialect, self._compiled)
        command = Command(text, values)
        self._unsent.append(command)
        return command.sent

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """The result of a statement."""
        sent = self.send(statement, parameters)
        await self.deliver()
        return sent.result

    async def change(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """How many rows a statement has changed."""
        sent: Sent[*tuple[Any, ...]] = self.send(statement, parameters)
        await self.deliver()
        return sent.changed

    async def run_sync(self, work: Callable[[SyncConnection], T]) -> T:
        """What some work on SQLAlchemy's own connection returns."""
        await self.deliver()
        return await self._sql.run_sync(work)

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A part of the transaction that is taken back alone where it fails."""
        part = _PART.format(self._parts)
        self._unsent.append(Command(f"SAVEPOINT {part}"))
        await self.deliver()
        self._parts += 1
        try:
            yield
            self._unsent.append(Command(f"RELEASE {part}"))
            await self.deliver()
        except BaseException:
            # What the part has not sent yet would be taken back too, or fail outside of it.
            self._unsent = [Command(f"ROLLBACK TO {part}")]
            raise
        finally:
            self._parts -= 1

    async def deliver(self, *, ends: bool = False) -> None:
        """Have all executed that was sent, in one round trip; with `ends` the transaction is committed."""
        commands, self._unsent = self._unsent, []
        if self.writes and not self.has_begun and not ends:
            self.has_begun = True
            commands = [Command("BEGIN"), *commands]
        elif self.has_begun and ends:
            commands = [*commands, Command(_COMMIT)]
        if not commands:
            return
        try:
            async with asyncio.timeout(_STATEMENT_SECONDS):
                await self.carry(commands)
        except psycopg.Error as error:
            if self._driver.closed:
                await self._sql.invalidate()
            # Behind an error nothing was prepared, whatever the driver has noted when it sent it.
            self._driver._prepared.clear()  # noqa: SLF001 - there is no public way
            raise _as_sqlalchemys(_first(error)) from error
        except BaseException:
            # Nobody knows what comes next from it.
            await self._driver.close()
            await self._sql.invalidate()
            raise

    async def take_back(self) -> None:
        """Take back what was changed; a connection on which nobody answers is closed."""
        try:
            async with asyncio.timeout(_STATEMENT_SECONDS):
                await self._driver.rollback()
        except BaseException as error:
            await self._driver.close()
            await self._sql.invalidate()
            if not isinstance(error, psycopg.Error | TimeoutError):
                raise

    async def carry(self, commands: Sequence[Command]) -> None:
        """
        Have commands executed in one round trip, and note in each of them what came of it.

        Raises:
            psycopg.Error: where one of them fails; what is behind it was not executed.

        """
        if len(commands) == 1 and len(commands[0].values) <= 1:
            cursors = [await _queued(self._driver, commands[0])]
        else:
            cursors = await self._together(commands)
        for command, cursor in zip(commands, cursors, strict=True):
            command.sent.has_come(await _rows(cursor), cursor.rowcount)
        if commands[-1].text == _COMMIT and cursors[-1].statusmessage != _COMMIT:
            raise psycopg.errors.InFailedSqlTransaction("an error was caught, and all was taken back")

    async def _together(self, commands: Sequence[Command]) -> list[psycopg.AsyncCursor[tuple[Any, ...]]]:
        async with self._driver.pipeline():
            try:
                return [await _queued(self._driver, command) for command in commands]
            except BaseException:
                if not self.has_begun and self._driver.pgconn.pipeline_status != PipelineStatus.ABORTED:
                    # The pipeline's end would commit those that have gone already.
                    await self._driver.close()
                raise


def _first(error: psycopg.Error) -> psycopg.Error:
    """The error that came first: of those behind it in a pipeline it is only said that they were left out."""
    while isinstance(error, psycopg.errors.PipelineAborted) and isinstance(error.__context__, psycopg.Error):
        error = error.__context__
    return error


def _as_sqlalchemys(error: psycopg.Error) -> Exception:
    return DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True)


async def _queued(driver: Driver, command: Command) -> psycopg.AsyncCursor[tuple[Any, ...]]:
    """The cursor of a statement, which has its rows when the pipeline has ended."""
    cursor = driver.cursor()
    if len(command.values) > 1:
        await cursor.executemany(command.text.encode(), command.values)
    else:
        await cursor.execute(command.text.encode(), command.values[0] if command.values else None)
    return cursor


async def _rows(cursor: psycopg.AsyncCursor[tuple[Any, ...]]) -> Result[*tuple[Any, ...]]:
    if cursor.description is None:
        return IteratorResult(_named(()), iter(()))
    columns = tuple(column.name for column in cursor.description)
    return IteratorResult(_named(columns), iter(await cursor.fetchall()))


@lru_cache(1_000)
def _named(columns: tuple[str, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData(columns)


def _compiled(
    statement: Any, parameters: Parameters | None, dialect: Dialect, kept: Compiled
) -> tuple[str, list[Mapping[str, Any]]]:
    """
    A statement's text, and its values for each time that it is executed, as the driver takes them.

    As SQLAlchemy's connection does it, which has no public way to compile what it executes elsewhere.
    """
    rows: Sequence[Any] = [parameters] if isinstance(parameters, Mapping) else parameters or [{}]
    compiled, extracted, collected, _ = statement._compile_w_cache(  # noqa: SLF001 - there is no public way
        dialect, compiled_cache=kept, column_keys=sorted(rows[0]), for_executemany=len(rows) > 1
    )
    values = [
        compiled.construct_params(
            row,
            escape_names=False,
            extracted_parameters=extracted,
            _group_number=number,
            _collected_params=collected,
        )
        for number, row in enumerate(rows)
    ]
    if compiled.literal_execute_params or compiled.post_compile_params:
        if len(values) > 1:
            # As SQLAlchemy refuses it: each would be a statement of its own.
            raise InvalidRequestError("a list in a statement that is executed several times")
        expanded = compiled._process_parameters_for_postcompile(values[0])  # noqa: SLF001 - as above
        return expanded.statement, [expanded.parameters]
    return compiled.string, values

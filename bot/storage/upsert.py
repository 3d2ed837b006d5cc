"""Insert-or-update, the same on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import BigInteger, Column, ColumnElement, Table, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import ReturningInsert

from bot.operations.clock import milliseconds
from bot.storage.database import Connection, Sent
from bot.storage.tables import now_ms

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Insert = sqlite.Insert | postgresql.Insert

T = TypeVar("T")
# Before a column's name: the parameter that says how much later than now its time is.
_LATER = "_later_"


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    **later: timedelta,
) -> None:
    """
    Send what writes rows, each over the one that has the same primary key.

    Columns that are not named keep what they had.

    Args:
        connection: in the transaction of a writer.
        table: where to.
        rows: plain values, each row with the same columns. Of two with the same key, the last one counts.
        later: further columns, the same for all rows: the database's time, and so much later.

    """
    if not rows:
        return
    statement = _over_what_is_there(connection.dialect.name, table, tuple(rows[0]), tuple(later))
    times = _times(later)
    # In one order: of two transactions that write the same rows, neither waits for the other in a circle.
    key = sorted(column.name for column in table.primary_key)
    ordered = [{**row, **times} for row in sorted(rows, key=lambda row: [str(row.get(name)) for name in key])]
    connection.send(statement, ordered if len(rows) > 1 else ordered[0])


def upsert_returning(
    connection: Connection, table: Table, row: Mapping[str, Any], column: Column[T], **later: timedelta
) -> Sent[T]:
    """As `upsert`, of one row; what comes of it is what a column has then."""
    statement: ReturningInsert[T] = _over_and_returned(
        connection.dialect.name, table, tuple(row), tuple(later), column
    )
    return connection.send(statement, {**row, **_times(later)})


@cache
def _over_and_returned(
    dialect: str, table: Table, names: tuple[str, ...], later: tuple[str, ...], column: Column[T]
) -> ReturningInsert[T]:
    return _over_what_is_there(dialect, table, names, later).returning(column)


@cache
def _over_what_is_there(
    dialect: str, table: Table, names: tuple[str, ...], later: tuple[str, ...]
) -> "Insert":
    """The insertion of rows with such columns, each over the one that has the same primary key."""
    statement = _with_times(dialect, table, later)
    key = {column.name for column in table.primary_key}
    written: dict[str, Any] = {name: statement.excluded[name] for name in names if name not in key}
    # Not what was to be inserted: that is the time from before the row was waited for.
    written |= {name: _later(name) for name in later}
    return statement.on_conflict_do_update(index_elements=[*key], set_=written)


@cache
def _with_times(dialect: str, table: Table, later: tuple[str, ...]) -> "Insert":
    """An insertion of rows with the database's time in some columns; SQLAlchemy compiles each only once."""
    statement = insertion(dialect, table)
    return statement.values({name: _later(name) for name in later}) if later else statement


def _later(name: str) -> ColumnElement[int]:
    return now_ms() + bindparam(f"{_LATER}{name}", type_=BigInteger())


def _times(later: Mapping[str, timedelta]) -> dict[str, int]:
    return {f"{_LATER}{name}": milliseconds(wait) for name, wait in later.items()}


def lock_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """
    Send what holds the row with this one's primary key until the transaction ends, or writes this one.

    On SQLite the transaction is the only writer already.
    """
    if connection.dialect.name == "postgresql":
        connection.send(_locking(connection.dialect.name, table), dict(row))


@cache
def _locking(dialect: str, table: Table) -> "Insert":
    statement = insertion(dialect, table)
    unchanged = {column.name: statement.excluded[column.name] for column in table.primary_key}
    return statement.on_conflict_do_update(index_elements=[*unchanged], set_=unchanged)


async def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row; False, with nothing written, where it would repeat what is unique in the table."""
    statement = insert_into(connection, table).values(**row).on_conflict_do_nothing()
    return await connection.change(statement) == 1


def insert_new_returning(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    key: Column[Any],
    column: Column[T],
    **later: timedelta,
) -> Sent[Any, T]:
    """Send what writes rows that repeat nothing that is unique; it has a key and a column of each new one."""
    dialect = connection.dialect.name
    if len(rows) == 1:
        statement = _new_and_returned(dialect, table, tuple(later), key, column)
        return connection.send(statement, {**rows[0], **_times(later)})
    # SQLAlchemy keeps nothing that it has compiled of several.
    times = {name: now_ms() + milliseconds(wait) for name, wait in later.items()}
    several = insertion(dialect, table).values([{**row, **times} for row in rows])
    return connection.send(several.on_conflict_do_nothing().returning(key, column))


@cache
def _new_and_returned(
    dialect: str, table: Table, later: tuple[str, ...], key: Column[Any], column: Column[T]
) -> ReturningInsert[Any, T]:
    return _with_times(dialect, table, later).on_conflict_do_nothing().returning(key, column)


def insert_into(connection: Connection, table: Table) -> "Insert":
    """An insertion for the database at hand, which may say what is done about a row that is there already."""
    return insertion(connection.dialect.name, table)


def insertion(dialect: str, table: Table) -> "Insert":
    """An insertion for a kind of database, which may say what is done about a row that is there already."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - loaded where it is used

        return postgresql.insert(table)
    return sqlite.insert(table)

"""Insert-or-update, the same on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Column, ColumnElement, Table
from sqlalchemy.dialects import sqlite

from bot.storage.database import Connection

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Insert = sqlite.Insert | postgresql.Insert

T = TypeVar("T")


async def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    **alike: ColumnElement[Any],
) -> None:
    """
    Write rows, each over the one that has the same primary key; columns not named keep what they had.

    Args:
        connection: in the transaction of a writer.
        table: where to.
        rows: plain values, each row with the same columns. Of two with the same key, the last one counts.
        alike: further columns, the same for all rows, as expressions (the database's time).

    """
    if not rows:
        return
    statement = _over_what_is_there(connection.dialect.name, table, (*rows[0], *alike))
    if alike:
        statement = statement.values(alike)
    # In one order: of two transactions that write the same rows, neither waits for the other in a circle.
    key = sorted(column.name for column in table.primary_key)
    ordered = sorted(rows, key=lambda row: [str(row.get(name)) for name in key])
    await connection.execute(statement, [dict(row) for row in ordered] if len(rows) > 1 else dict(rows[0]))


@cache
def _over_what_is_there(dialect: str, table: Table, names: tuple[str, ...]) -> "Insert":
    """The insertion of rows with such columns, each over the one that has the same primary key."""
    statement = insertion(dialect, table)
    key = {column.name for column in table.primary_key}
    written = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=[*key], set_=written)


async def upsert_returning(
    connection: Connection, table: Table, row: Mapping[str, Any], column: Column[T]
) -> T:
    """Write one row over the one that has the same primary key; returns what a column has now."""
    statement = insert_into(connection, table).values(**row)
    key = {part.name for part in table.primary_key}
    # Not what was to be inserted: a time would be that from before the row was waited for.
    written = {name: value for name, value in row.items() if name not in key}
    over = statement.on_conflict_do_update(index_elements=[*key], set_=written)
    return (await connection.execute(over.returning(column))).scalar_one()


async def lock_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """
    Hold the row with this one's primary key until the transaction ends; where there is none, write this one.

    On SQLite the transaction is the only writer already.
    """
    if connection.dialect.name == "postgresql":
        key = [column.name for column in table.primary_key]
        statement = insert_into(connection, table).values(**row)
        unchanged = {name: statement.excluded[name] for name in key}
        await connection.execute(statement.on_conflict_do_update(index_elements=key, set_=unchanged))


async def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row; False, with nothing written, where it would repeat what is unique in the table."""
    statement = insert_into(connection, table).values(**row).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount == 1


async def insert_new_returning(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    key: Column[Any],
    column: Column[T],
) -> dict[Any, T]:
    """Write rows that repeat nothing that is unique; returns what a column of the new ones has, by key."""
    # What is compiled of one row is kept; SQLAlchemy keeps nothing of several.
    values = [dict(row) for row in rows] if len(rows) > 1 else dict(rows[0])
    new = insert_into(connection, table).values(values).on_conflict_do_nothing()
    written = await connection.execute(new.returning(key, column))
    return {row[0]: row[1] for row in written.all()}


def insert_into(connection: Connection, table: Table) -> "Insert":
    """An insertion for the database at hand, which may say what is done about a row that is there already."""
    return insertion(connection.dialect.name, table)


def insertion(dialect: str, table: Table) -> "Insert":
    """An insertion for a kind of database, which may say what is done about a row that is there already."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - loaded where it is used

        return postgresql.insert(table)
    return sqlite.insert(table)

"""Insert-or-update, the same on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(
    connection: AsyncConnection,
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
    statement = _insert(connection, table)
    if alike:
        statement = statement.values(alike)
    key = {column.name for column in table.primary_key}
    written = {name: statement.excluded[name] for name in (*rows[0], *alike) if name not in key}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[*key], set_=written), [dict(row) for row in rows]
    )


async def insert_new(connection: AsyncConnection, table: Table, row: Mapping[str, Any]) -> bool:
    """Write a row; False, with nothing written, where it would repeat what is unique in the table."""
    statement = _insert(connection, table).values(**row).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount == 1


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)

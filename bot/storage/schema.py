"""
Which revision a database's tables are of, and how they are brought to this version's.

A new database gets today's tables at once, an older one goes through the migrations that it lacks. Before
Alembic, revisions were numbers in the table `schema_version`: 7 is today's `0007`.
"""

from sqlalchemy import Connection, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import alembic_version, metadata, schema_version

HEAD = "0008"
"""The revision of the tables as this version has them: the last file in `migrations/versions/`."""

LAST_NUMBER = 7
"""The last version that was a number, before Alembic."""


class NewerDatabase(Exception):
    """Raised when the database was written by a newer version of Casefile than this one."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the database is of version {found}, this Casefile knows {HEAD}: install the newer one"
        )


async def bring_up_to_date(connection: AsyncConnection) -> None:
    """
    Make the tables of a new database, or migrate an older one, in a writer's transaction.

    Raises:
        NewerDatabase: when it is of a revision that this version does not know.

    """
    await connection.run_sync(_bring_up_to_date)


def _bring_up_to_date(connection: Connection) -> None:
    found = _revision(connection)
    if found is None:
        metadata.create_all(connection)
        # A Casefile that knows no revisions refuses what is numbered higher than it knows.
        connection.execute(insert(schema_version).values(version=LAST_NUMBER + 1))
        connection.execute(insert(alembic_version).values(version_num=HEAD))
    elif found != HEAD:
        from bot.storage.migrations.run import upgrade  # noqa: PLC0415 - Alembic is loaded where it is needed

        if not upgrade(connection, found):
            raise NewerDatabase(found)


def _revision(connection: Connection) -> str | None:
    """Read which revision a database says it is of, known here or not; None for an empty one."""
    has = inspect(connection).has_table
    if has(alembic_version.name):
        return str(connection.execute(select(alembic_version.c.version_num)).scalar_one())
    if not has(schema_version.name):
        return None
    number = connection.execute(select(func.max(schema_version.c.version))).scalar_one()
    if number is not None and number > LAST_NUMBER:
        raise NewerDatabase(str(number))
    return None if number is None else f"{number:04}"

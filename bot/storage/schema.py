"""
Which revision a database's tables are of, and how they are brought to this version's.

A new database gets today's tables at once, an older one goes through the migrations that it lacks. Before
Alembic, revisions were numbers in the table `schema_version`: 7 is today's `0007`.
"""

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import func, insert, inspect, select, text

from bot.storage.database import Connection
from bot.storage.tables import alembic_version, metadata, schema_version

HEAD = "0020"
"""The revision of the tables as this version has them: the last file in `migrations/versions/`."""

# Any number will do that nobody else in the same database locks by.
_MIGRATORS_LOCK = 0x0CA5EF11E

LAST_NUMBER = 7
"""The last version that was a number, before Alembic."""
# The number that stays in every database from `0008` on.
_BY_ALEMBIC = LAST_NUMBER + 1


class NewerDatabase(Exception):
    """Raised when the database was written by a newer version of Casefile than this one."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the database is of version {found}, this Casefile knows {HEAD}: install the newer one"
        )


async def bring_up_to_date(connection: Connection) -> None:
    """
    Make the tables of a new database, or migrate an older one, in a writer's transaction.

    Of several processes that start at once, one does so: on PostgreSQL the others wait for its lock.

    Raises:
        NewerDatabase: when it is of a revision that this version does not know.

    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATORS_LOCK})"))
    await connection.run_sync(_bring_up_to_date)


def _bring_up_to_date(connection: SyncConnection) -> None:
    noted = _noted(connection)
    found = noted or _by_number(connection)
    if found is None:
        metadata.create_all(connection)
        # A Casefile that knows no revisions refuses what is numbered higher than it knows.
        connection.execute(insert(schema_version).values(version=_BY_ALEMBIC))
        connection.execute(insert(alembic_version).values(version_num=HEAD))
    elif noted != HEAD:
        from bot.storage.migrations.run import upgrade  # noqa: PLC0415 - Alembic is loaded where it is needed

        if not upgrade(connection, found):
            raise NewerDatabase(found)


async def revision_of(connection: Connection) -> str | None:
    """
    The revision of a database's tables; None where it has none yet. Nothing is changed.

    Raises:
        NewerDatabase: when a newer version of Casefile wrote it.

    """
    return await connection.run_sync(_revision)


def _revision(connection: SyncConnection) -> str | None:
    found = _noted(connection) or _by_number(connection)
    # Revisions are numbers of four digits.
    if found is not None and found > HEAD:
        raise NewerDatabase(found)
    return found


def _noted(connection: SyncConnection) -> str | None:
    """The revision that Alembic noted, known here or not; None where there is no such note."""
    if not inspect(connection).has_table(alembic_version.name):
        return None
    return connection.execute(select(alembic_version.c.version_num)).scalar_one_or_none()


def _by_number(connection: SyncConnection) -> str | None:
    """
    The revision that a number stands for; None for an empty database.

    Raises:
        NewerDatabase: when the number is none that was ever given.

    """
    if not inspect(connection).has_table(schema_version.name):
        return None
    number = connection.execute(select(func.max(schema_version.c.version))).scalar_one()
    if number is not None and number > _BY_ALEMBIC:
        raise NewerDatabase(str(number))
    return None if number is None else f"{number:04}"

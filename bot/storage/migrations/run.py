"""Migrations run by Alembic, without a file of its settings: over an open connection, in its transaction."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert

from bot.storage.tables import alembic_version


def settings(connection: Connection | None = None) -> Config:
    """Alembic's settings: where the migrations are, and the connection to run them over."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "bot.storage:migrations")
    return config


def upgrade(connection: Connection, found: str) -> bool:
    """
    Bring a database to the newest revision; False, and nothing changed, where `found` is no revision of ours.

    Args:
        connection: in the transaction of a writer.
        found: the revision that the database's tables are of, whether Alembic has noted it there or not.

    """
    config = settings(connection)
    if found not in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}:
        return False
    alembic_version.create(connection, checkfirst=True)
    if connection.execute(alembic_version.select()).first() is None:
        connection.execute(insert(alembic_version).values(version_num=found))
    command.upgrade(config, "head")
    return True

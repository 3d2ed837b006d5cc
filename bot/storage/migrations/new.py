"""`make migration m="what changes"`: a new migration, from what the tables have and the migrations do not."""

import sys

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.storage.migrations.run import settings


def main(message: str) -> None:
    """
    Write the file, with the next number.

    Raises:
        SystemExit: when the message is empty.

    """
    if not message.strip():
        raise SystemExit('say what changes: make migration m="what changes"')
    head = ScriptDirectory.from_config(settings()).get_current_head()
    with create_engine("sqlite://").begin() as connection:
        config = settings(connection)
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=f"{int(head or 0) + 1:04}")


if __name__ == "__main__":
    main(sys.argv[1])

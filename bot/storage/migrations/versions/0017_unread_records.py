"""How many of the records that were read for the index could not be understood: later answers say it too."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    for table in ("index_spans", "index_asked"):
        if "unread" not in {column["name"] for column in known.get_columns(table)}:
            op.add_column(table, sa.Column("unread", sa.Integer))

"""
Shapes of messages that were answered wrongly, and the shape of each message that was answered.

Where Alembic's note of the revision was lost, all of this may be there already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if "shape" not in {column["name"] for column in known.get_columns("tickets")}:
        op.add_column("tickets", sa.Column("shape", sa.String(200)))
    if not known.has_table("wrong_shapes"):
        op.create_table(
            "wrong_shapes",
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("shape", sa.String(200), nullable=False, unique=True),
            sa.Column("removed", sa.Integer, nullable=False),
            sa.Column("last_ms", sa.BigInteger, nullable=False),
        )

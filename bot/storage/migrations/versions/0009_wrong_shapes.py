"""Shapes of messages that were answered wrongly, and the shape of each message that was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Take the step."""
    op.add_column("tickets", sa.Column("shape", sa.String(200)))
    op.create_table(
        "wrong_shapes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("shape", sa.String(200), nullable=False, unique=True),
        sa.Column("removed", sa.Integer, nullable=False),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
    )

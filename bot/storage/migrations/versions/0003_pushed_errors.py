"""Errors that a vendor's webhooks push."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "pushed_deliveries",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "pushed_errors",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("error", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "pushed_hits",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("error", sa.String(64), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )

"""Tickets that were read, and what came of them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "tickets",
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("ticket", sa.String(64)),
        sa.Column("named", sa.String(64), nullable=False),
        sa.Column("subjects", sa.String(64)),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reply_ts", sa.String(40)),
        sa.Column("created_ms", sa.BigInteger, nullable=False, index=True),
        sa.UniqueConstraint("ticket", "subjects"),
    )

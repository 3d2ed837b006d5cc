"""Sessions by their addresses, leases, turns in channels, and failures apart from attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "known_sessions",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("subject_hash", sa.String(64), index=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("kept_until_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "claims",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "turns",
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("taken_until_ms", sa.BigInteger, nullable=False),
    )
    op.add_column("index_sessions", sa.Column("link", sa.String(64)))
    op.create_index("ix_index_sessions_link", "index_sessions", ["link"])
    op.add_column("jobs", sa.Column("failures", sa.Integer))

"""Turns of Slack's methods too, how often they are called, and whether a post says all there is to say."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Take the step."""
    # Turns last for seconds: none is worth carrying over. Early databases of 0006 have no such table.
    op.drop_table("turns", if_exists=True)
    op.create_table(
        "turns",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("taken_until_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "slack_calls",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("method", sa.String(64), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Index("slack_calls_by_method", "method", "at_ms"),
    )
    op.add_column("posts", sa.Column("whole", sa.Boolean))

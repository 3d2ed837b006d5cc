"""Threads of tickets that are told what becomes of their errors, and by what these are known."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if not known.has_table("watches"):
        op.create_table(
            "watches",
            sa.Column("place", sa.String(64), primary_key=True),
            sa.Column("sealed", sa.Text, nullable=False),
            sa.Column("is_on", sa.Boolean, nullable=False),
            sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
            sa.Column("look_ms", sa.BigInteger, index=True),
        )
    if not known.has_table("watch_keys"):
        op.create_table(
            "watch_keys",
            sa.Column("key", sa.String(64), primary_key=True),
            sa.Column("place", sa.String(64), primary_key=True, index=True),
            sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
        )

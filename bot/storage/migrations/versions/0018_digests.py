"""Tickets that are listed in one message instead of being answered each, and these messages."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if not known.has_table("digest_tickets"):
        op.create_table(
            "digest_tickets",
            sa.Column("place", sa.String(64), primary_key=True),
            sa.Column("channel", sa.String(40), nullable=False),
            sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
            sa.Column("page", sa.String(80), index=True),
            sa.Column("job", sa.String(32)),
            sa.Column("sealed", sa.Text),
            sa.Column("is_told", sa.Boolean, nullable=False),
        )
        op.create_index("digest_tickets_by_channel", "digest_tickets", ["channel", "at_ms"])
    if not known.has_table("digests"):
        op.create_table(
            "digests",
            sa.Column("page", sa.String(80), primary_key=True),
            sa.Column("job", sa.String(32), nullable=False),
            sa.Column("ts", sa.String(40)),
            sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
        )

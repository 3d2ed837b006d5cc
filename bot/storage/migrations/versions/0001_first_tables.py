"""The first tables: quotas, what is remembered, jobs and their posts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Take the step."""
    op.create_table("schema_version", sa.Column("version", sa.Integer, primary_key=True))
    op.create_table(
        "quota_accounts",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("touched_ms", sa.BigInteger, nullable=False),
        sa.Column("vendor_left", sa.Integer),
        sa.Column("vendor_counted_ms", sa.BigInteger),
        sa.Column("vendor_until_ms", sa.BigInteger),
    )
    op.create_table(
        "quota_calls",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Index("quota_calls_by_account", "account", "at_ms"),
    )
    op.create_table(
        "cached_findings",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("subject_hash", sa.String(64), nullable=False, index=True),
        sa.Column("stored_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("sealed", sa.Text, nullable=False),
    )
    op.create_table(
        "source_memory",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("subject_hash", sa.String(64), index=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("delivery", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("leased_until_ms", sa.BigInteger, nullable=False),
        sa.Column("leased_by", sa.String(32)),
        sa.Column("ended_ms", sa.BigInteger),
        sa.UniqueConstraint("delivery"),
        sa.Index("jobs_by_state", "state", "leased_until_ms"),
    )
    op.create_table(
        "posts",
        sa.Column("job", sa.String(32), primary_key=True),
        sa.Column("part", sa.String(20), primary_key=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("ts", sa.String(40)),
        sa.Column("edits", sa.Integer, nullable=False),
    )

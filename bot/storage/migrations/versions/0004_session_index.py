"""The index of an account's sessions, and who is who."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "index_sessions",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("customer", sa.String(64)),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("kept_until_ms", sa.BigInteger, nullable=False, index=True),
        sa.Index("index_sessions_by_customer", "account", "customer", "started_ms"),
        sa.Index("index_sessions_by_start", "account", "started_ms"),
    )
    op.create_table(
        "index_customers",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("customer", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("kept_until_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "index_names",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("customer", sa.String(64), primary_key=True),
        sa.Column("kept_until_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "index_spans",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("start_ms", sa.BigInteger, primary_key=True),
        sa.Column("end_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "index_asked",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("who", sa.String(64), primary_key=True),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("asked_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "index_opened",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("kept_until_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "index_lookups",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Index("index_lookups_by_account", "account", "at_ms"),
    )
    op.create_table(
        "identities",
        sa.Column("email", sa.String(64), primary_key=True),
        sa.Column("uid", sa.String(64), primary_key=True, index=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False, index=True),
    )

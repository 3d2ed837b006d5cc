"""Who looked whom up; when somebody was forgotten; and whom the index was asked for, however spelled."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if "subject_hash" not in {column["name"] for column in known.get_columns("index_asked")}:
        op.add_column("index_asked", sa.Column("subject_hash", sa.String(64)))
    if not known.has_table("audit"):
        _make_audit()
    if not known.has_table("erasures"):
        op.create_table(
            "erasures",
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
        )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("job", sa.String(32), index=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("who", sa.String(80), index=True),
        sa.Column("channel", sa.String(40)),
        sa.Column("message_ts", sa.String(40)),
        sa.Column("way", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(64), index=True),
        sa.Column("sealed", sa.Text),
        sa.Column("sources", sa.Text, nullable=False),
        sa.Column("sessions", sa.Integer, nullable=False),
        sa.Column("errors", sa.Integer, nullable=False),
        sa.Column("shown_to", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
    )

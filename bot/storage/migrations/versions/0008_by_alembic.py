"""
From this revision on, Alembic keeps the version, in `alembic_version`.

Earlier versions of Casefile read the number in `schema_version` instead. It is set to 8, which they do not
know, so that they refuse to open this database. Databases numbered 6 and 7 may lack tables and columns that
were added to these versions after their first use; they are added here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    tables = set(known.get_table_names())
    if "claims" not in tables:
        op.create_table(
            "claims",
            sa.Column("key", sa.String(64), primary_key=True),
            sa.Column("holder", sa.String(64), nullable=False),
            sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
        )
    if "slack_calls" not in tables:
        op.create_table(
            "slack_calls",
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("method", sa.String(64), nullable=False),
            sa.Column("at_ms", sa.BigInteger, nullable=False),
            sa.Index("slack_calls_by_method", "method", "at_ms"),
        )
    # Both are nullable: rows from before say nothing in them.
    for table, column in (
        ("jobs", sa.Column("failures", sa.Integer)),
        ("posts", sa.Column("whole", sa.Boolean)),
    ):
        if column.name not in {there["name"] for there in known.get_columns(table)}:
            op.add_column(table, column)
    op.drop_table("unfurled", if_exists=True)
    number = sa.table("schema_version", sa.column("version", sa.Integer))
    op.execute(number.delete())
    op.execute(number.insert().values(version=8))

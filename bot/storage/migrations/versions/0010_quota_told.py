"""
What vendors say is left of their quotas, for each of their windows rather than one for the account.

What the columns of `quota_accounts` said ends within a day: it is taken along as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_OLD = ("vendor_left", "vendor_counted_ms", "vendor_until_ms")


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if not known.has_table("quota_told"):
        op.create_table(
            "quota_told",
            sa.Column("account", sa.String(200), primary_key=True),
            sa.Column("over_seconds", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("left", sa.Integer, nullable=False),
            sa.Column("of_calls", sa.Integer, nullable=False),
            sa.Column("told_ms", sa.BigInteger, nullable=False),
            sa.Column("until_ms", sa.BigInteger, nullable=False, index=True),
        )
    if "vendor_left" in {column["name"] for column in known.get_columns("quota_accounts")}:
        op.execute(
            "INSERT INTO quota_told "
            "SELECT account, 0, vendor_left, vendor_left, vendor_counted_ms, vendor_until_ms "
            "FROM quota_accounts WHERE vendor_left IS NOT NULL"
        )
        with op.batch_alter_table("quota_accounts") as table:
            for column in _OLD:
                table.drop_column(column)

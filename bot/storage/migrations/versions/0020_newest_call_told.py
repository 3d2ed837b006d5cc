"""Which call was the newest when a vendor told what is left: another of that millisecond came after."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Take the step."""
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("quota_told")}
    if "newest_call" not in columns:
        op.add_column("quota_told", sa.Column("newest_call", sa.Integer))

"""For whom a call of a small quota was made, so that nobody takes more than a share of it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Take the step."""
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("quota_calls")}
    if "asker" not in columns:
        op.add_column("quota_calls", sa.Column("asker", sa.String(64)))

"""Which of the calls of Slack that are yet to be made were promised: no other is made in their place."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if "is_promised" not in {column["name"] for column in known.get_columns("slack_calls")}:
        op.add_column("slack_calls", sa.Column("is_promised", sa.Boolean))

"""What a workspace's admins switch on the Home tab, in place of what the environment says."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Take the step."""
    if not sa.inspect(op.get_bind()).has_table("switches"):
        op.create_table(
            "switches",
            sa.Column("name", sa.String(40), primary_key=True),
            sa.Column("value", sa.Text, nullable=False),
        )

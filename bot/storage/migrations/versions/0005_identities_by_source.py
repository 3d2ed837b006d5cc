"""Who is who, by the source that told it: pairs whose source is not known are told again, and go."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Take the step."""
    op.drop_table("identities")
    op.create_table(
        "identities",
        sa.Column("email", sa.String(64), primary_key=True),
        sa.Column("uid", sa.String(64), primary_key=True, index=True),
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False, index=True),
    )

"""
When a pushed error hit each person: until now only its last hit of anybody was kept.

Rows from before have no such time and get none. Where Alembic's note of the revision was lost, the column may
be there already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind()).get_columns("pushed_hits")
    if "hit_ms" not in {column["name"] for column in known}:
        op.add_column("pushed_hits", sa.Column("hit_ms", sa.BigInteger))

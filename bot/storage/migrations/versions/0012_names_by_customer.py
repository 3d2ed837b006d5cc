"""An index over the names in the session index by customer: their names are replaced as they change."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_NAME = "index_names_by_customer"


def upgrade() -> None:
    """Take the step."""
    known = sa.inspect(op.get_bind())
    if _NAME not in {index["name"] for index in known.get_indexes("index_names")}:
        op.create_index(_NAME, "index_names", ["account", "customer"])

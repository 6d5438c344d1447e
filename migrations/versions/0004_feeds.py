"""Feeds: operations and events know in which order they were committed.

Revision 0004. What was recorded before stands in no feed; lists and logs show it as usual.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("operations", "request_events")
COLUMN = "feed_position"


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column(COLUMN, sa.BigInteger()))
        if op.get_bind().dialect.name == "postgresql":
            # Months that exist already are written through their table, and get its default.
            op.execute(
                f"ALTER TABLE {table} ALTER COLUMN {COLUMN} "
                "SET DEFAULT pg_current_xact_id()::text::bigint"
            )
        where = sa.column(COLUMN).is_not(None)
        op.create_index(
            f"ix_{table}_feed", table, [COLUMN], postgresql_where=where, sqlite_where=where
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_feed", table)
        op.drop_column(table, COLUMN)

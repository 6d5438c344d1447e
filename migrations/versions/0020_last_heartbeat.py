"""Requests and stages call the time of the last message by one name.

Revision 0020. Servers of former versions read the former names.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FORMER = {"requests": "heard_at", "request_stages": "heartbeat_at"}


def upgrade() -> None:
    for table, name in FORMER.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {name} TO last_heartbeat_at")


def downgrade() -> None:
    for table, name in FORMER.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN last_heartbeat_at TO {name}")

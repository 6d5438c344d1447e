"""Silence of requests and stages: when they were heard, how long they may be silent, what is due.

Revision 0003. Requests that run are due at once: the first look computes their real deadline.
"""

import sqlalchemy as sa
from alembic import op

from models.types import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = Instant()
REQUESTS = sa.table(
    "requests",
    sa.column("status", sa.Text()),
    sa.column("updated_at", INSTANT),
    sa.column("heard_at", INSTANT),
    sa.column("deadline_at", INSTANT),
)


def upgrade() -> None:
    for name in ("heard_at", "stalled_at", "deadline_at"):
        op.add_column("requests", sa.Column(name, INSTANT))
    op.add_column("request_stages", sa.Column("stall_after_ms", sa.BigInteger()))
    op.add_column("request_stages", sa.Column("stalled_at", INSTANT))
    changed = {"heard_at": REQUESTS.c.updated_at, "deadline_at": REQUESTS.c.updated_at}
    op.execute(REQUESTS.update().where(REQUESTS.c.status == "RUNNING").values(changed))
    known = sa.column("deadline_at").is_not(None)
    op.create_index(
        "ix_requests_deadline",
        "requests",
        ["deadline_at"],
        postgresql_where=known,
        sqlite_where=known,
    )


def downgrade() -> None:
    op.drop_index("ix_requests_deadline", "requests")
    # The statuses that the former version does not know become those they came from.
    for table in ("requests", "request_stages", "stage_attempts"):
        rows = sa.table(table, sa.column("status", sa.Text()))
        stalled = rows.update().where(rows.c.status == "STALLED")
        op.execute(stalled.values(status="RUNNING"))
    op.drop_column("request_stages", "stalled_at")
    op.drop_column("request_stages", "stall_after_ms")
    for name in ("deadline_at", "stalled_at", "heard_at"):
        op.drop_column("requests", name)

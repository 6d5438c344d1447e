"""Starts that were not reported yet, and no end before its start.

Revision 0009. An end that was stored before its start becomes its start: durations are never negative.
"""

import sqlalchemy as sa
from alembic import op

from models.types import Instant

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = Instant()
STARTED = ("requests", "request_stages")
ENDED = ("requests", "request_stages", "stage_attempts")


def upgrade() -> None:
    for name in STARTED:
        op.add_column(name, sa.Column("start_implied", sa.Boolean()))
    for name in ENDED:
        table = sa.table(name, sa.column("started_at", INSTANT), sa.column("ended_at", INSTANT))
        early = table.update().where(table.c.ended_at < table.c.started_at)
        op.execute(early.values(ended_at=table.c.started_at))


def downgrade() -> None:
    for name in reversed(STARTED):
        op.drop_column(name, "start_implied")

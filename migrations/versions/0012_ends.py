"""No end before its start: durations are never negative.

Revision 0012. An end that was stored before its start becomes its start; the log keeps what was sent.
"""

import sqlalchemy as sa
from alembic import op

from models.types import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = Instant()


def upgrade() -> None:
    for name in ("requests", "request_stages", "stage_attempts"):
        table = sa.table(name, sa.column("started_at", INSTANT), sa.column("ended_at", INSTANT))
        early = table.update().where(table.c.ended_at < table.c.started_at)
        op.execute(early.values(ended_at=table.c.started_at))


def downgrade() -> None:
    """Nothing to undo: the former version reads the corrected rows as well."""

"""Old reservations and usages are found by their time, to be deleted in batches.

Revision 0016.
"""

from alembic import op

revision = "0016"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_reservations_ended", "reservations", ["expires_at"])
    op.create_index("ix_limit_usages_period_start", "limit_usages", ["period_start"])


def downgrade() -> None:
    op.drop_index("ix_limit_usages_period_start", "limit_usages")
    op.drop_index("ix_reservations_ended", "reservations")

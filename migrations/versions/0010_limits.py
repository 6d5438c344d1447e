"""Limits know what they cannot know, and find the counters and reservations of their subjects.

Revision 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

LABELS = (
    "namespace_id", "workspace_id", "user_id", "api_key_id", "company_id", "subscription_id",
)  # fmt: skip


def upgrade() -> None:
    op.add_column(
        "limit_usages",
        sa.Column("uncertain", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_index("ix_reservations_expires_at", "reservations", ["organization_id", "expires_at"])
    for label in LABELS:
        op.create_index(
            f"ix_interaction_counters_{label}",
            "interaction_counters",
            ["organization_id", label],
            postgresql_where=sa.column(label).is_not(None),
            sqlite_where=sa.column(label).is_not(None),
        )


def downgrade() -> None:
    for label in LABELS:
        op.drop_index(f"ix_interaction_counters_{label}", "interaction_counters")
    op.drop_index("ix_reservations_expires_at", "reservations")
    op.drop_column("limit_usages", "uncertain")

"""Limits know what they cannot know, and circuit breakers are kept by instance.

Revision 0010. A breaker that was reported before is one instance without a name. Going back keeps
the sums and the worst state.
"""

import sqlalchemy as sa
from alembic import op

from models.types import CleanText, Instant

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

LABELS = (
    "namespace_id", "workspace_id", "user_id", "api_key_id", "company_id", "subscription_id",
)  # fmt: skip


TOTALS = ("total_calls", "total_failures")


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
    create_instances()


def create_instances() -> None:
    table = op.create_table(
        "circuit_breaker_instances",
        *(
            sa.Column(name, CleanText(), nullable=False)
            for name in ("organization_id", "name", "instance", "state")
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in TOTALS),
        sa.Column("message", CleanText(), nullable=True),
        *(sa.Column(name, Instant(), nullable=False) for name in ("changed_at", "reported_at")),
        sa.PrimaryKeyConstraint(
            "organization_id", "name", "instance", name=op.f("pk_circuit_breaker_instances")
        ),
    )
    names = [column.name for column in table.columns if column.name != "instance"]
    breakers = sa.table("circuit_breakers", *(sa.column(name) for name in names))
    known = sa.select(*(breakers.c[name] for name in names), sa.literal_column("''"))
    op.execute(table.insert().from_select([*names, "instance"], known))
    op.add_column("circuit_breaker_transitions", sa.Column("instance", CleanText(), nullable=True))


def downgrade() -> None:
    op.drop_column("circuit_breaker_transitions", "instance")
    op.drop_table("circuit_breaker_instances")
    for label in LABELS:
        op.drop_index(f"ix_interaction_counters_{label}", "interaction_counters")
    op.drop_index("ix_reservations_expires_at", "reservations")
    op.drop_column("limit_usages", "uncertain")

"""Rollups are folded from the records in the background.

Revision 0019. A table says which records they contain. The rollups have new numbers, which servers
begin to fill when they start; the rows of the former numbers are deleted by them, too.
"""

import sqlalchemy as sa
from alembic import op

from models.types import TransactionNumbers

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
serves_from = "0018"


def upgrade() -> None:
    op.create_table(
        "rollup_folds",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("folded_below", sa.BigInteger(), nullable=False),
        sa.Column("pending", TransactionNumbers, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_rollup_folds"),
    )


def downgrade() -> None:
    op.drop_table("rollup_folds")

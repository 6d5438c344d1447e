"""Sign-ins: people at the pages, each with the API key they signed in with.

Revision 0005. Going back signs everybody out.
"""

import sqlalchemy as sa
from alembic import op

from models.types import CleanText, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("organization_id", CleanText(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_id", "sign_ins", ["id"])


def downgrade() -> None:
    op.drop_index("ix_sign_ins_id", "sign_ins")
    op.drop_table("sign_ins")

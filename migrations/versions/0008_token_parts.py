"""Token parts of model calls: cache writes, reasoning and audio.

Revision 0008. Recorded operations have none of them. Sums of cache writes and reasoning tokens are
in the rollups, which the servers build again once they have started.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

LONG = sa.BigInteger()
OPERATION_COLUMNS = (
    "cache_write_input_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
)
ROLLUP_COLUMNS = (
    "cache_write_input_tokens_present",
    "cache_write_input_tokens_sum",
    "reasoning_tokens_present",
    "reasoning_tokens_sum",
)


def upgrade() -> None:
    for name in OPERATION_COLUMNS:
        op.add_column("operations", sa.Column(name, LONG))
    for name in ROLLUP_COLUMNS:
        op.add_column("operation_rollups", sa.Column(name, LONG))


def downgrade() -> None:
    for name in reversed(ROLLUP_COLUMNS):
        op.drop_column("operation_rollups", name)
    for name in reversed(OPERATION_COLUMNS):
        op.drop_column("operations", name)

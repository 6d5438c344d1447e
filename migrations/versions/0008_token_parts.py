"""Token parts of model calls (cache writes, reasoning, audio), their prices, and tiers of prices.

Revision 0008. Recorded operations have none of the parts. Sums of cache writes and reasoning tokens
are in the rollups, which the servers build again once they have started. Prices that were set
before price cache writes and audio input as input, reasoning and audio output as output.
"""

import sqlalchemy as sa
from alembic import op

from models.types import CleanText, Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LONG, TEXT, INSTANT = sa.BigInteger(), CleanText(), Instant()
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
OLD_PRICES = ("input_nanos", "output_nanos", "cached_input_nanos")
NEW_PRICES = {
    "cache_write_input_nanos": "input_nanos",
    "reasoning_nanos": "output_nanos",
    "audio_input_nanos": "input_nanos",
    "audio_output_nanos": "output_nanos",
}
"""What each part of a price is filled from."""


def upgrade() -> None:
    for name in OPERATION_COLUMNS:
        op.add_column("operations", sa.Column(name, LONG))
    for name in ROLLUP_COLUMNS:
        op.add_column("operation_rollups", sa.Column(name, LONG))
    amounts = dict.fromkeys(OLD_PRICES, "") | NEW_PRICES
    values = {"from_input_tokens": "0"} | {name: like or name for name, like in amounts.items()}
    replace_prices(("from_input_tokens",), tuple(amounts), values, "1 = 1")


def downgrade() -> None:
    values = {name: name for name in OLD_PRICES}
    replace_prices((), OLD_PRICES, values, "from_input_tokens = 0")
    for name in reversed(ROLLUP_COLUMNS):
        op.drop_column("operation_rollups", name)
    for name in reversed(OPERATION_COLUMNS):
        op.drop_column("operations", name)


def replace_prices(
    more_key: tuple[str, ...], amounts: tuple[str, ...], values: dict[str, str], where: str
) -> None:
    """Create the table of prices again with another key, and fill it from its rows.

    SQLite cannot change a primary key; prices are few.
    """
    op.execute("CREATE TABLE prices_before AS SELECT * FROM prices")
    op.drop_table("prices")
    key = ("organization_id", "kind", "name", "effective_from", *more_key)
    op.create_table(
        "prices",
        *(sa.Column(name, TEXT, nullable=False) for name in key[:3]),
        sa.Column("effective_from", INSTANT, nullable=False),
        *(sa.Column(name, LONG, nullable=False) for name in (*more_key, *amounts)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_prices"),
    )
    fixed = ("organization_id", "kind", "name", "effective_from", "created_at")
    columns = {name: name for name in fixed} | values
    values_of = ", ".join(columns.values())
    op.execute(
        f"INSERT INTO prices ({', '.join(columns)}) "  # noqa: S608 - constants of this file
        f"SELECT {values_of} FROM prices_before WHERE {where}"
    )
    op.drop_table("prices_before")

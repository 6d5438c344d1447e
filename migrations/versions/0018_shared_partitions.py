"""Old months share partitions.

Revision 0018. Servers make the shared partitions when records of old months arrive, so there is nothing
to do on the way up. The former version knows partitions of one month only: going back moves the
rows of each shared partition into such partitions.
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from models.types import to_microseconds

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEYS = {
    "operations": "occurred_at",
    "operation_texts": "occurred_at",
    "requests": "id",
    "request_stages": "request_id",
    "stage_attempts": "request_id",
    "request_events": "request_id",
}
"""The partitioned tables, each with the column by which it is cut."""
CHILDREN = """
SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent = CAST(:parent AS regclass) AND c.relname ~ '_before_[0-9]{6}(_[0-9]+)?$'
"""
INSTANT_OF_ID = (
    "to_timestamp(('x' || lpad(replace(substr({0}::text, 1, 13), '-', ''), 16, '0'))"
    "::bit(64)::bigint / 1000.0)"
)


def upgrade() -> None:
    """Nothing to do: every partition of a single month stays as it is."""


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for table in KEYS:
        for child in connection.scalars(sa.text(CHILDREN), {"parent": table}).all():
            split(table, child)


def split(table: str, child: str) -> None:
    key = KEYS[table]
    op.execute(f"ALTER TABLE {table} DETACH PARTITION {child}")
    instant = key if key == "occurred_at" else INSTANT_OF_ID.format(key)
    months = f"SELECT DISTINCT date_trunc('month', {instant} AT TIME ZONE 'UTC') FROM {child}"  # noqa: S608
    for month in op.get_bind().scalars(sa.text(months)).all():
        op.execute(partition_of(table, month))
    columns = ", ".join(column["name"] for column in sa.inspect(op.get_bind()).get_columns(table))
    op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {child}")  # noqa: S608
    op.execute(f"DROP TABLE {child}")


def partition_of(table: str, month: datetime) -> str:
    """Return the statement that makes a month's partition, named and bounded as servers do it."""
    end = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    low, high = (at.replace(tzinfo=UTC) for at in (month, end))
    if KEYS[table] == "occurred_at":
        bounds = [at.isoformat() for at in (low, high)]
    else:
        bounds = [str(UUID(int=to_microseconds(at) // 1_000 << 80)) for at in (low, high)]
    return (
        f"CREATE TABLE {table}_p{month:%Y%m} PARTITION OF {table} "
        f"FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')"
    )

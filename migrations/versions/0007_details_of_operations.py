"""Session ids are texts; an operation counts several interactions, also outside of limits.

Revision 0007. The tables ``operations`` and ``sessions`` are rewritten. Going back forgets session
ids that are not UUIDs, sessions whose id is not a UUIDv7, all but the first interaction of an
operation, and counters of what did not count against limits.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from models.types import CleanText, Instant, Json, to_microseconds

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = CleanText()
HEX = "[0-9a-f]"
LABELS = (
    *("namespace_id", "workspace_id", "user_id", "developer_id"),
    *("api_key_id", "company_id", "subscription_id"),
)
SESSION_COLUMNS = (
    *("organization_id", "id", "name", "client", "started_at", "ended_at", "recorded_at"),
    *LABELS,
    "attributes",
)
WITH_HYPHENS = "||'-'||".join(
    f"substr({{0}}, {start}, {length})"
    for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
"""SQLite keeps a UUID as 32 digits."""
MONTH_OF_ID = (
    "date_trunc('month', to_timestamp(('x' || lpad(replace(substr(id, 1, 13), '-', ''), 16, '0'))"
    "::bit(64)::bigint / 1000.0) AT TIME ZONE 'UTC')"
)


def upgrade() -> None:
    session_ids_to_text()
    sessions_to_text()
    op.add_column("operations", sa.Column("counts_against_limits", sa.Boolean()))
    op.add_column("operations", sa.Column("further_interactions", Json))
    operations = sa.table(
        "operations", sa.column("interaction_type"), sa.column("counts_against_limits")
    )
    counted = operations.update().where(operations.c.interaction_type.is_not(None))
    op.execute(counted.values(counts_against_limits=sa.true()))
    op.add_column(
        "interaction_counters",
        sa.Column("counts_against_limits", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def downgrade() -> None:
    op.execute("DELETE FROM interaction_counters WHERE NOT counts_against_limits")
    op.drop_column("interaction_counters", "counts_against_limits")
    op.drop_column("operations", "further_interactions")
    op.drop_column("operations", "counts_against_limits")
    sessions_to_uuid()
    session_ids_to_uuid()


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL."""
    return op.get_bind().dialect.name == "postgresql"


def has_form(column: str, version: str = HEX) -> str:
    """Return the condition that a text is a UUID in lower case, of a version where one is named."""
    groups = (HEX * 8, HEX * 4, version + HEX * 3, HEX * 4, HEX * 12)
    form = "-".join(groups)
    return f"{column} ~ '^{form}$'" if is_postgresql() else f"{column} GLOB '{form}'"


def session_ids_to_text() -> None:
    if is_postgresql():
        op.execute("ALTER TABLE operations ALTER session_id TYPE text USING session_id::text")
        return
    replace_session_ids(sa.Column("replacement", TEXT), WITH_HYPHENS.format("session_id"), "TRUE")


def session_ids_to_uuid() -> None:
    is_uuid = has_form("session_id")
    if is_postgresql():
        op.execute(
            "ALTER TABLE operations ALTER session_id TYPE uuid "
            f"USING CASE WHEN {is_uuid} THEN session_id::uuid END"
        )
        return
    digits = "replace(session_id, '-', '')"
    replace_session_ids(sa.Column("replacement", sa.Uuid()), digits, is_uuid)


def replace_session_ids(column: sa.Column[Any], value: str, condition: str) -> None:
    """Replace the column on SQLite, which cannot change the type of one."""
    op.add_column("operations", column)
    op.execute(
        f"UPDATE operations SET replacement = {value} "  # noqa: S608  # constants of this file
        f"WHERE session_id IS NOT NULL AND {condition}"
    )
    op.drop_index("ix_operations_session", "operations")
    op.drop_column("operations", "session_id")
    op.execute("ALTER TABLE operations RENAME COLUMN replacement TO session_id")
    known = sa.column("session_id").is_not(None)
    op.create_index(
        "ix_operations_session",
        "operations",
        ["organization_id", "session_id", "occurred_at"],
        sqlite_where=known,
    )


def sessions_to_text() -> None:
    op.execute("CREATE TEMPORARY TABLE former_sessions AS SELECT * FROM sessions")
    op.drop_table("sessions")
    create_sessions(TEXT)
    op.create_index("ix_sessions_started", "sessions", ["organization_id", "started_at"])
    op.create_index("ix_sessions_started_at", "sessions", ["started_at"])
    restore_sessions("id::text" if is_postgresql() else WITH_HYPHENS.format("id"), "TRUE")


def sessions_to_uuid() -> None:
    is_v7 = has_form("id", "7")
    op.execute("CREATE TEMPORARY TABLE former_sessions AS SELECT * FROM sessions")
    op.drop_table("sessions")
    create_sessions(sa.Uuid(), "RANGE (id)")
    if is_postgresql():
        months = f"SELECT DISTINCT {MONTH_OF_ID} FROM former_sessions WHERE {is_v7}"  # noqa: S608
        for month in op.get_bind().scalars(sa.text(months)).all():
            op.execute(partition_of(month))
    restore_sessions("id::uuid" if is_postgresql() else "replace(id, '-', '')", is_v7)


def create_sessions(id_type: TypeEngine[Any], partitioned_by: str | None = None) -> None:
    op.create_table(
        "sessions",
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("id", id_type, nullable=False),
        sa.Column("name", TEXT),
        sa.Column("client", TEXT),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.Column("recorded_at", Instant(), nullable=False),
        *(sa.Column(label, TEXT) for label in LABELS),
        sa.Column("attributes", Json),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_sessions"),
        postgresql_partition_by=partitioned_by,
    )
    op.create_index("ix_sessions_id", "sessions", ["id"])


def restore_sessions(id: str, condition: str) -> None:
    names = ", ".join(SESSION_COLUMNS)
    values = ", ".join(id if name == "id" else name for name in SESSION_COLUMNS)
    op.execute(
        f"INSERT INTO sessions ({names}) "  # noqa: S608  # constants of this file
        f"SELECT {values} FROM former_sessions WHERE {condition}"
    )
    op.execute("DROP TABLE former_sessions")


def partition_of(month: datetime) -> str:
    """Return the statement that makes a month's partition, named and bounded as servers do it."""
    end = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    first, last = (
        UUID(int=to_microseconds(at.replace(tzinfo=UTC)) // 1_000 << 80) for at in (month, end)
    )
    return (
        f"CREATE TABLE sessions_p{month:%Y%m} PARTITION OF sessions "
        f"FOR VALUES FROM ('{first}') TO ('{last}')"
    )

"""Every table of the tracking store.

Revision 0001, the first. On PostgreSQL the tables that grow with traffic are partitioned parents
without a child; servers make the monthly children. On SQLite they are whole tables.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from models.types import CleanText, Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Type = TypeEngine[Any]
Column = sa.Column[Any]

TEXT = CleanText()
INSTANT = Instant()
ID = sa.Uuid()
LONG = sa.BigInteger()
INTEGER = sa.Integer()
REAL: Type = sa.Double()
TRUTH = sa.Boolean()


def upgrade() -> None:
    create_operations()
    create_sessions()
    create_requests()
    create_request_stages()
    create_request_events()
    create_interaction_counters()
    create_limits()
    create_reservations()
    create_prices()
    create_circuit_breakers()
    create_api_keys()


def downgrade() -> None:
    for table in (
        *("api_keys", "circuit_breaker_transitions", "circuit_breakers", "prices"),
        *("reservation_holds", "reservations", "consumptions", "limit_usages", "limits"),
        *("interaction_counters", "request_events", "stage_attempts", "request_stages"),
        *("requests", "sessions", "operation_texts", "operations"),
    ):
        op.drop_table(table)


def must(type_: Type, *names: str) -> list[Column]:
    """Columns that every row fills."""
    return [sa.Column(name, type_, nullable=False) for name in names]


def may(type_: Type, *names: str) -> list[Column]:
    """Columns that a row may leave empty."""
    return [sa.Column(name, type_, nullable=True) for name in names]


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    """The primary key of ``table``."""
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def labels() -> list[Column]:
    """The tenancy labels beside the organization."""
    return [
        *may(TEXT, "namespace_id", "workspace_id", "user_id", "developer_id"),
        *may(TEXT, "api_key_id", "company_id", "subscription_id"),
    ]


# --- operations and sessions --------------------------------------------------------------------


def create_operations() -> None:
    op.create_table(
        "operations",
        *must(TEXT, "organization_id"),
        *must(INSTANT, "occurred_at"),
        *must(ID, "id"),
        *must(INSTANT, "recorded_at"),
        *must(TEXT, "kind", "name"),
        *may(TEXT, "operation_type"),
        *must(TEXT, "outcome"),
        *may(TEXT, "error"),
        *may(REAL, "duration_ms"),
        *labels(),
        *operation_details(),
        *may(TEXT, "interaction_type"),
        *may(LONG, "units"),
        *may(Json, "attributes"),
        key("operations", "organization_id", "occurred_at", "id"),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    for owner in ("request", "session"):
        named = sa.column(f"{owner}_id").is_not(None)
        op.create_index(
            f"ix_operations_{owner}",
            "operations",
            ["organization_id", f"{owner}_id", "occurred_at"],
            postgresql_where=named,
            sqlite_where=named,
        )
    op.create_table(
        "operation_texts",
        *must(TEXT, "organization_id"),
        *must(INSTANT, "occurred_at"),
        *must(ID, "id"),
        *may(TEXT, "message", "response"),
        key("operation_texts", "organization_id", "occurred_at", "id"),
        postgresql_partition_by="RANGE (occurred_at)",
    )


def operation_details() -> list[Column]:
    """What an operation belongs to, what each kind says of itself, and what it cost."""
    return [
        *may(ID, "session_id", "request_id"),
        *may(TEXT, "stage", "correlation_id", "trace_id", "client"),
        *may(TEXT, "route", "method"),
        *may(LONG, "status_code"),
        *may(TEXT, "ip_address", "user_agent"),
        *may(LONG, "batch_size"),
        *may(TEXT, "resource_id", "tool_name", "operation_mode", "file_path"),
        *may(Json, "parameters"),
        *may(LONG, "tokens_original", "tokens_actual", "tokens_prevented"),
        *may(TEXT, "provider", "model"),
        *may(LONG, "input_tokens", "output_tokens", "cached_input_tokens"),
        *may(TEXT, "price_status"),
        *may(LONG, "cost_baseline", "cost_actual", "cost_saved"),
        *may(TRUTH, "cache_hit"),
    ]


def create_sessions() -> None:
    op.create_table(
        "sessions",
        *must(TEXT, "organization_id"),
        *must(ID, "id"),
        *may(TEXT, "name", "client"),
        *must(INSTANT, "started_at"),
        *may(INSTANT, "ended_at"),
        *must(INSTANT, "recorded_at"),
        *labels(),
        *may(Json, "attributes"),
        key("sessions", "organization_id", "id"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_sessions_id", "sessions", ["id"])


# --- requests -----------------------------------------------------------------------------------


def create_requests() -> None:
    op.create_table(
        "requests",
        *must(TEXT, "organization_id"),
        *must(ID, "id"),
        *must(TEXT, "correlation_id", "type"),
        *may(TEXT, "title"),
        *must(TEXT, "status"),
        *must(REAL, "progress"),
        *may(TEXT, "current_stage"),
        *labels(),
        *may(Json, "attributes", "result", "error"),
        *may(TEXT, "error_message", "error_stage", "cancel_reason"),
        *must(LONG, "last_seq"),
        *must(INSTANT, "created_at"),
        *may(INSTANT, "started_at", "ended_at"),
        *must(INSTANT, "updated_at"),
        key("requests", "organization_id", "id"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_requests_id", "requests", ["id"])
    op.create_index("ix_requests_correlation", "requests", ["organization_id", "correlation_id"])
    op.create_index("ix_requests_status", "requests", ["organization_id", "status", "id"])


def create_request_stages() -> None:
    op.create_table(
        "request_stages",
        *must(TEXT, "organization_id"),
        *must(ID, "request_id"),
        *must(TEXT, "name"),
        *must(INTEGER, "position"),
        *must(REAL, "weight"),
        *must(INTEGER, "max_attempts", "attempt"),
        *must(TEXT, "status"),
        *must(REAL, "progress"),
        *may(LONG, "done", "total"),
        *may(TEXT, "message"),
        *may(Json, "output", "error"),
        *may(TEXT, "error_message"),
        *may(TRUTH, "retryable"),
        *may(INSTANT, "started_at", "ended_at", "heartbeat_at"),
        key("request_stages", "organization_id", "request_id", "name"),
        postgresql_partition_by="RANGE (request_id)",
    )
    op.create_table(
        "stage_attempts",
        *must(TEXT, "organization_id"),
        *must(ID, "request_id"),
        *must(TEXT, "stage"),
        *must(INTEGER, "attempt"),
        *must(TEXT, "status"),
        *must(REAL, "progress"),
        *may(Json, "output", "error"),
        *may(TEXT, "error_message"),
        *may(TRUTH, "retryable"),
        *must(INSTANT, "started_at"),
        *may(INSTANT, "ended_at"),
        key("stage_attempts", "organization_id", "request_id", "stage", "attempt"),
        postgresql_partition_by="RANGE (request_id)",
    )


def create_request_events() -> None:
    op.create_table(
        "request_events",
        *must(TEXT, "organization_id"),
        *must(ID, "request_id"),
        *must(LONG, "seq"),
        *must(ID, "id"),
        *must(TEXT, "type", "severity"),
        *may(TEXT, "stage"),
        *may(INTEGER, "attempt"),
        *may(TEXT, "message"),
        *may(Json, "data"),
        *must(INSTANT, "occurred_at", "recorded_at"),
        key("request_events", "organization_id", "request_id", "seq"),
        sa.UniqueConstraint(
            "organization_id",
            "request_id",
            "id",
            name="uq_request_events_organization_id_request_id_id",
        ),
        postgresql_partition_by="RANGE (request_id)",
    )


# --- interactions and limits --------------------------------------------------------------------


def create_interaction_counters() -> None:
    op.create_table(
        "interaction_counters",
        *must(TEXT, "organization_id"),
        *must(sa.Date(), "month"),
        *must(ID, "key"),
        *must(TEXT, "interaction_type"),
        *may(TEXT, "operation_type", "route", "method"),
        *labels(),
        *must(LONG, "units", "calls"),
        *must(INSTANT, "first_at", "last_at"),
        key("interaction_counters", "organization_id", "month", "key"),
    )


def create_limits() -> None:
    op.create_table(
        "limits",
        *must(TEXT, "organization_id"),
        *must(ID, "id"),
        *must(TEXT, "subject", "subject_id", "interaction_type", "period", "zone"),
        *must(LONG, "maximum"),
        *must(TEXT, "mode"),
        *must(INSTANT, "created_at", "updated_at"),
        key("limits", "organization_id", "id"),
        sa.UniqueConstraint(
            "organization_id",
            "subject",
            "subject_id",
            "interaction_type",
            "period",
            # Longer than PostgreSQL's 63 characters: `op.f` has it shortened as the models' is.
            name=op.f("uq_limits_subject_interaction_type_period"),
        ),
    )
    op.create_index("ix_limits_id", "limits", ["id"])
    op.create_table(
        "limit_usages",
        *must(TEXT, "organization_id"),
        *must(ID, "limit_id"),
        *must(INSTANT, "period_start"),
        *must(LONG, "used"),
        *must(INSTANT, "updated_at"),
        key("limit_usages", "organization_id", "limit_id", "period_start"),
    )
    op.create_table(
        "consumptions",
        *must(TEXT, "organization_id"),
        *must(ID, "id"),
        *must(TEXT, "interaction_type"),
        *must(LONG, "units"),
        *must(Json, "levels"),
        *must(INSTANT, "created_at"),
        key("consumptions", "organization_id", "id"),
    )
    op.create_index("ix_consumptions_created_at", "consumptions", ["created_at"])


def create_reservations() -> None:
    op.create_table(
        "reservations",
        *must(TEXT, "organization_id"),
        *must(ID, "id"),
        *must(TEXT, "interaction_type"),
        *may(TEXT, "operation_type"),
        *must(Json, "labels"),
        *must(LONG, "units"),
        *must(TEXT, "status"),
        *may(LONG, "settled_units"),
        *must(INSTANT, "created_at", "expires_at"),
        *may(INSTANT, "settled_at"),
        key("reservations", "organization_id", "id"),
    )
    op.create_index("ix_reservations_id", "reservations", ["id"])
    op.create_table(
        "reservation_holds",
        *must(TEXT, "organization_id"),
        *must(ID, "limit_id"),
        *must(INSTANT, "period_start"),
        *must(ID, "reservation_id"),
        *must(LONG, "units"),
        *must(INSTANT, "expires_at"),
        key("reservation_holds", "organization_id", "limit_id", "period_start", "reservation_id"),
    )
    op.create_index(
        "ix_reservation_holds_reservation",
        "reservation_holds",
        ["organization_id", "reservation_id"],
    )
    op.create_index("ix_reservation_holds_expires_at", "reservation_holds", ["expires_at"])


# --- prices, breakers, keys ---------------------------------------------------------------------


def create_prices() -> None:
    op.create_table(
        "prices",
        *must(TEXT, "organization_id", "kind", "name"),
        *must(INSTANT, "effective_from"),
        *must(LONG, "input_nanos", "output_nanos", "cached_input_nanos"),
        *must(INSTANT, "created_at"),
        key("prices", "organization_id", "kind", "name", "effective_from"),
    )


def create_circuit_breakers() -> None:
    op.create_table(
        "circuit_breakers",
        *must(TEXT, "organization_id", "name", "state"),
        *must(LONG, "total_calls", "total_failures"),
        *may(TEXT, "message"),
        *must(INSTANT, "changed_at", "reported_at"),
        key("circuit_breakers", "organization_id", "name"),
    )
    op.create_table(
        "circuit_breaker_transitions",
        *must(TEXT, "organization_id", "name"),
        *must(ID, "id"),
        *may(TEXT, "from_state"),
        *must(TEXT, "to_state"),
        *must(LONG, "total_calls", "total_failures"),
        *may(TEXT, "message"),
        *must(INSTANT, "occurred_at"),
        key("circuit_breaker_transitions", "organization_id", "name", "id"),
    )


def create_api_keys() -> None:
    op.create_table(
        "api_keys",
        *must(TEXT, "organization_id"),
        *must(ID, "id"),
        *must(TEXT, "name"),
        *may(TEXT, "namespace_id", "workspace_id"),
        *must(Json, "scopes"),
        *must(sa.LargeBinary(), "secret_hash"),
        *must(TEXT, "hint"),
        *must(INSTANT, "created_at"),
        *may(INSTANT, "expires_at", "revoked_at"),
        key("api_keys", "organization_id", "id"),
    )
    op.create_index("ix_api_keys_id", "api_keys", ["id"])

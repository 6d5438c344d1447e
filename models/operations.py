"""Operations: one immutable row per finished call, partitioned by month of ``occurred_at``."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import column
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long
from models.feeds import feed_index
from models.labels import LabelColumns
from models.partitions import Partition
from models.types import SessionKey, partial_index

BY_MONTH = Partition("occurred_at", "instant")


class Operation(LabelColumns, Base):
    """One finished call. Money is whole nano-dollars; ``cost_*`` are null while UNPRICED.

    ``interaction_type``, ``units`` and ``counts_against_limits`` are those of the first interaction
    that it counted; ``further_interactions`` holds the others, and is null for nearly every row.

    Two partial indexes serve the walk from a request and from a session to its operations; every
    other question reads the key's order. Each further index would cost ingest speed.
    """

    __tablename__ = "operations"
    __table_args__ = (
        partial_index(
            "ix_operations_request",
            "organization_id",
            "request_id",
            "occurred_at",
            where=column("request_id").is_not(None),
        ),
        partial_index(
            "ix_operations_session",
            "organization_id",
            "session_id",
            "occurred_at",
            where=column("session_id").is_not(None),
        ),
        feed_index("operations"),
        {"info": BY_MONTH.info()},
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    # region generated: columns without occurred_at id
    recorded_at: Mapped[datetime]
    kind: Mapped[str]
    name: Mapped[str]
    operation_type: Mapped[str | None]
    outcome: Mapped[str]
    error: Mapped[str | None]
    duration_ms: Mapped[float | None]
    session_id: Mapped[str | None] = mapped_column(SessionKey())
    request_id: Mapped[UUID | None]
    stage: Mapped[str | None]
    correlation_id: Mapped[str | None]
    trace_id: Mapped[str | None]
    client: Mapped[str | None]
    route: Mapped[str | None]
    method: Mapped[str | None]
    status_code: Mapped[Long | None]
    ip_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    batch_size: Mapped[Long | None]
    resource_id: Mapped[str | None]
    tool_name: Mapped[str | None]
    operation_mode: Mapped[str | None]
    file_path: Mapped[str | None]
    parameters: Mapped[dict[str, Any] | None]
    tokens_original: Mapped[Long | None]
    tokens_actual: Mapped[Long | None]
    tokens_prevented: Mapped[Long | None]
    provider: Mapped[str | None]
    model: Mapped[str | None]
    input_tokens: Mapped[Long | None]
    output_tokens: Mapped[Long | None]
    cached_input_tokens: Mapped[Long | None]
    cache_write_input_tokens: Mapped[Long | None]
    reasoning_tokens: Mapped[Long | None]
    audio_input_tokens: Mapped[Long | None]
    audio_output_tokens: Mapped[Long | None]
    price_status: Mapped[str | None]
    cache_hit: Mapped[bool | None]
    interaction_type: Mapped[str | None]
    units: Mapped[Long | None]
    counts_against_limits: Mapped[bool | None]
    further_interactions: Mapped[list[Any] | None]
    cost_baseline: Mapped[Long | None]
    cost_actual: Mapped[Long | None]
    cost_saved: Mapped[Long | None]
    attributes: Mapped[dict[str, Any] | None]
    feed_position: Mapped[Long | None]
    # endregion


class OperationText(Base):
    """Long texts of an operation, kept out of the hot table; same key, same month."""

    __tablename__ = "operation_texts"
    __table_args__ = ({"info": BY_MONTH.info()},)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    message: Mapped[str | None]
    response: Mapped[str | None]

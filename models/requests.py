"""Requests: watched work, the projection of its event log, partitioned by month of the request id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, column
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long
from models.labels import LabelColumns
from models.partitions import Partition
from models.types import partial_index

BY_REQUEST_MONTH = Partition("request_id", "uuid7")


class Request(LabelColumns, Base):
    """Present state of a request; ``last_seq`` is the number of its newest event.

    ``ix_requests_id`` finds a request whose organization the caller does not name (an
    administrator's); ``ix_requests_correlation`` serves the look-up by correlation id.

    ``last_heartbeat_at`` is when a message last changed it, by the server's clock. ``deadline_at`` is null
    unless it is RUNNING or STALLED: before that instant nothing can be due because of silence.
    It is a lower bound, left as it is by most messages, so that they need not touch its index.
    """

    __tablename__ = "requests"
    __table_args__ = (
        Index("ix_requests_id", "id"),
        Index("ix_requests_correlation", "organization_id", "correlation_id"),
        Index("ix_requests_status", "organization_id", "status", "id"),
        partial_index(
            "ix_requests_deadline", "deadline_at", where=column("deadline_at").is_not(None)
        ),
        {"info": Partition("id", "uuid7").info()},
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    correlation_id: Mapped[str]
    type: Mapped[str]
    title: Mapped[str | None]
    status: Mapped[str]
    progress: Mapped[float]
    current_stage: Mapped[str | None]
    attributes: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]
    error_stage: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    last_seq: Mapped[Long]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    last_heartbeat_at: Mapped[datetime | None]
    stalled_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]

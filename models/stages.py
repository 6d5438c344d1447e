"""Stages of a request and their attempts; they live and are dropped with the request's month."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long
from models.requests import BY_REQUEST_MONTH


class RequestStage(Base):
    """A named step of a request: its plan (position, weight, max_attempts) and its present state.

    ``last_heartbeat_at`` is by the server's clock. ``stall_after_ms`` is how much silence is allowed;
    null leaves it to the server.
    """

    __tablename__ = "request_stages"
    __table_args__ = ({"info": BY_REQUEST_MONTH.info()},)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    weight: Mapped[float]
    max_attempts: Mapped[int]
    attempt: Mapped[int]
    status: Mapped[str]
    progress: Mapped[float]
    done: Mapped[Long | None]
    total: Mapped[Long | None]
    message: Mapped[str | None]
    output: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]
    retryable: Mapped[bool | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    last_heartbeat_at: Mapped[datetime | None]
    stall_after_ms: Mapped[Long | None]
    stalled_at: Mapped[datetime | None]


class StageAttempt(Base):
    """One try of a stage, from 1; earlier tries stay as they ended."""

    __tablename__ = "stage_attempts"
    __table_args__ = ({"info": BY_REQUEST_MONTH.info()},)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]
    progress: Mapped[float]
    output: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    error_message: Mapped[str | None]
    retryable: Mapped[bool | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

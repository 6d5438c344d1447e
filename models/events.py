"""The event log of requests: immutable facts numbered 1, 2, 3 ... per request."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long
from models.feeds import feed_index
from models.requests import BY_REQUEST_MONTH


class RequestEvent(Base):
    """One fact. ``id`` is unique within its request, so that a message sent twice counts once."""

    __tablename__ = "request_events"
    __table_args__ = (
        UniqueConstraint("organization_id", "request_id", "id"),
        feed_index("request_events"),
        {"info": BY_REQUEST_MONTH.info()},
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[Long] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    type: Mapped[str]
    severity: Mapped[str]
    stage: Mapped[str | None]
    attempt: Mapped[int | None]
    message: Mapped[str | None]
    data: Mapped[dict[str, Any] | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    feed_position: Mapped[Long | None]

"""Sessions: the operations of one tool or user sitting, partitioned by month of the session id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.labels import LabelColumns
from models.partitions import Partition


class Session(LabelColumns, Base):
    """One sitting. ``ended_at`` is null while it goes on."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_id", "id"),
        {"info": Partition("id", "uuid7").info()},
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    client: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    attributes: Mapped[dict[str, Any] | None]

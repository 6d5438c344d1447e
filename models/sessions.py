"""Sessions: groups of operations, under ids that their callers choose."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.labels import LabelColumns
from models.types import SessionKey


class Session(LabelColumns, Base):
    """One session. ``ended_at`` is null while it goes on.

    The table is not partitioned: an id is any text and carries no time, and sessions are few beside
    their operations. ``ix_sessions_id`` finds a session whose organization the caller does not name
    (an administrator's); the other indexes serve lists, of one organization and of all.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_id", "id"),
        Index("ix_sessions_started", "organization_id", "started_at"),
        Index("ix_sessions_started_at", "started_at"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(SessionKey(), primary_key=True)
    name: Mapped[str | None]
    client: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    attributes: Mapped[dict[str, Any] | None]

"""API keys: whom a request speaks for. The secret itself is never stored."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ApiKey(Base):
    """A key bound to one organization (``*`` for all), optionally to a namespace and workspace."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_id", "id"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    namespace_id: Mapped[str | None]
    workspace_id: Mapped[str | None]
    scopes: Mapped[list[Any]]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

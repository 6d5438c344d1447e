"""Sign-ins of people at the pages: which API key each stands for, and until when. No secret is stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SignIn(Base):
    """Somebody signed in with a key; bound to what the key is bound to (``*`` for all)."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index("ix_sign_ins_id", "id"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[UUID]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

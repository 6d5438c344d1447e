"""Limits, what was used of them, and what is set aside for calls that still run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long


class Limit(Base):
    __tablename__ = "limits"
    __table_args__ = (
        UniqueConstraint(
            "organization_id",
            "subject",
            "subject_id",
            "interaction_type",
            "period",
            name="uq_limits_subject_interaction_type_period",
        ),
        Index("ix_limits_id", "id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str]
    subject_id: Mapped[str]
    interaction_type: Mapped[str]
    period: Mapped[str]
    zone: Mapped[str]
    maximum: Mapped[Long]
    mode: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class LimitUsage(Base):
    """Units used of a limit in the period that starts at ``period_start``: the row consumers lock."""

    __tablename__ = "limit_usages"
    __table_args__ = (Index("ix_limit_usages_period_start", "period_start"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    limit_id: Mapped[UUID] = mapped_column(primary_key=True)
    period_start: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[Long]
    uncertain: Mapped[Long] = mapped_column(server_default="0")
    """Units used either in this period or shortly before it, where a limit was set in mid period
    and nothing tells which; they are not part of ``used``."""
    updated_at: Mapped[datetime]


class Consumption(Base):
    """A granted ``consume`` that named an id, so that its repeat changes nothing."""

    __tablename__ = "consumptions"
    __table_args__ = (Index("ix_consumptions_created_at", "created_at"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    interaction_type: Mapped[str]
    units: Mapped[Long]
    levels: Mapped[list[Any]]
    created_at: Mapped[datetime]


class Reservation(Base):
    """Units set aside until they are committed, released, or the time to live is over."""

    __tablename__ = "reservations"
    __table_args__ = (
        Index("ix_reservations_id", "id"),
        Index("ix_reservations_expires_at", "organization_id", "expires_at"),
        Index("ix_reservations_ended", "expires_at"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    interaction_type: Mapped[str]
    operation_type: Mapped[str | None]
    labels: Mapped[dict[str, Any]]
    units: Mapped[Long]
    status: Mapped[str]
    settled_units: Mapped[Long | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ReservationHold(Base):
    """What a held reservation keeps of one limit; it stops counting by itself at ``expires_at``."""

    __tablename__ = "reservation_holds"
    __table_args__ = (
        Index("ix_reservation_holds_reservation", "organization_id", "reservation_id"),
        Index("ix_reservation_holds_expires_at", "expires_at"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    limit_id: Mapped[UUID] = mapped_column(primary_key=True)
    period_start: Mapped[datetime] = mapped_column(primary_key=True)
    reservation_id: Mapped[UUID] = mapped_column(primary_key=True)
    units: Mapped[Long]
    expires_at: Mapped[datetime]

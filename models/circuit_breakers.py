"""Circuit breakers: what each process reports, put together, and the log of state changes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long


class CircuitBreaker(Base):
    __tablename__ = "circuit_breakers"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    total_calls: Mapped[Long]
    total_failures: Mapped[Long]
    message: Mapped[str | None]
    changed_at: Mapped[datetime]
    reported_at: Mapped[datetime]


class CircuitBreakerInstance(Base):
    """A breaker as one process last reported it. ``instance`` is empty where none was named."""

    __tablename__ = "circuit_breaker_instances"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    total_calls: Mapped[Long]
    total_failures: Mapped[Long]
    message: Mapped[str | None]
    changed_at: Mapped[datetime]
    reported_at: Mapped[datetime]


class CircuitBreakerTransition(Base):
    __tablename__ = "circuit_breaker_transitions"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance: Mapped[str | None]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    total_calls: Mapped[Long]
    total_failures: Mapped[Long]
    message: Mapped[str | None]
    occurred_at: Mapped[datetime]

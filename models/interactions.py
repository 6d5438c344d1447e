"""Interaction counters: units per UTC calendar month and full set of labels."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long
from models.labels import LabelColumns


class InteractionCounter(LabelColumns, Base):
    """How many units of one interaction one full set of labels used in one month.

    ``key`` is a 128-bit digest of all labels below; it stands in the primary key in their place,
    because fourteen texts would not fit into an index entry.
    """

    __tablename__ = "interaction_counters"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    interaction_type: Mapped[str]
    operation_type: Mapped[str | None]
    route: Mapped[str | None]
    method: Mapped[str | None]
    units: Mapped[Long]
    calls: Mapped[Long]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

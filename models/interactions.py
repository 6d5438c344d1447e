"""Interaction counters: units per UTC calendar month and full set of labels."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import column, true
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long
from models.labels import LabelColumns
from models.types import partial_index

LIMITED_LABELS = (
    "namespace_id", "workspace_id", "user_id", "api_key_id", "company_id", "subscription_id",
)  # fmt: skip
"""Labels that limits hold for: a limit that is set finds the counters of its subject."""


class InteractionCounter(LabelColumns, Base):
    """How many units of one interaction one full set of labels used in one month.

    ``key`` is a 128-bit digest of all labels below; it stands in the primary key in their place,
    because fourteen texts would not fit into an index entry.
    """

    __tablename__ = "interaction_counters"
    __table_args__ = tuple(
        partial_index(
            f"ix_interaction_counters_{label}",
            "organization_id",
            label,
            where=column(label).is_not(None),
        )
        for label in LIMITED_LABELS
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[UUID] = mapped_column(primary_key=True)
    interaction_type: Mapped[str]
    operation_type: Mapped[str | None]
    route: Mapped[str | None]
    method: Mapped[str | None]
    counts_against_limits: Mapped[bool] = mapped_column(server_default=true())
    units: Mapped[Long]
    calls: Mapped[Long]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

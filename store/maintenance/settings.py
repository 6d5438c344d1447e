"""Settings of what is done from time to time: partitions and retention."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field

MONTHS_APART = 24
"""Months back for which each has a partition of its own: the span that reports look at."""


@dataclass(frozen=True, slots=True)
class MaintenanceSettings:
    partitions_ahead: Annotated[
        int,
        Field(
            ge=1,
            le=24,
            description="Months for which partitions are created in advance (PostgreSQL).",
        ),
    ] = 2
    partition_months: Annotated[
        int,
        Field(
            ge=1,
            le=240,
            description="Months back for which each has a partition of its own; records of older ones "
            "share one (PostgreSQL).",
        ),
    ] = MONTHS_APART
    idempotency_days: Annotated[
        int, Field(ge=1, le=3_650, description="Days a repeated consume is recognised by its id.")
    ] = 35

    @property
    def idempotency(self) -> timedelta:
        return timedelta(days=self.idempotency_days)

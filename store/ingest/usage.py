"""A use of units: what an operation, a consume or a settled reservation counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from models.labels import LABELS
from store.ids import digest_id

MAX_INTERACTIONS = 16
"""Interactions of one operation: each is a counter and several limits to be updated."""


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """Units that were used: under which labels, of what, and when.

    Those that do not count against limits are counted by the month all the same, by a counter of
    their own.
    """

    labels: Mapping[str, str | None]
    interaction_type: str
    operation_type: str | None
    route: str | None
    method: str | None
    units: int
    at: datetime
    counts_against_limits: bool = True

    @classmethod
    def of(cls, labels: Mapping[str, Any], at: datetime, **values: Any) -> "UsageRecord":
        names = ("organization_id", *LABELS)
        return cls(labels={n: labels.get(n) for n in names}, at=at, **values)

    @property
    def month(self) -> date:
        at = self.at.astimezone(UTC)
        return date(at.year, at.month, 1)

    def key(self) -> UUID:
        """Digest of everything that tells one counter from another, but organization and month."""
        labels = (self.labels[name] for name in LABELS)
        counted = (self.interaction_type, self.operation_type, self.route, self.method)
        apart = () if self.counts_against_limits else ("outside of limits",)
        return digest_id(*labels, *counted, *apart)

"""Defines transactions that consume units: levels are read under their locks, decided on, written."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from store.dialects.attempts import TransactionAttempt

SubjectKey = tuple[str, str, str, str]
"""Organization, subject, subject id and interaction type."""
UsageKey = tuple[str, UUID, datetime]
"""Organization, limit and the start of a period."""


class LevelRow(NamedTuple):
    """A limit with its usage in the period that was asked for; None where nothing was."""

    organization_id: str
    id: UUID
    subject: str
    subject_id: str
    interaction_type: str
    period: str
    zone: str
    maximum: int
    mode: str
    period_start: datetime | None
    used: int | None
    uncertain: int | None
    reserved: int | None
    claimed: int
    """How many of the ids that were asked for are claimed by earlier calls."""


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """What is read: the limits of ``subjects``, and their usage in the periods of ``keys``.

    ``claims`` are organizations and ids of the calls. ``locks`` name the organizations whose limits
    nobody may set meanwhile.
    """

    subjects: Sequence[SubjectKey]
    keys: Sequence[UsageKey]
    claims: Sequence[tuple[str, UUID]]
    locks: Sequence[str]
    now: datetime


@dataclass(frozen=True, slots=True)
class UsageWrites:
    """``claims`` are rows of consumptions, which must be new; ``counters`` are added to those stored."""

    claims: Sequence[Mapping[str, Any]]
    deltas: Mapping[UsageKey, int]
    counters: Sequence[Mapping[str, Any]]

    @property
    def is_empty(self) -> bool:
        return not (self.claims or self.deltas or self.counters)


Decide = Callable[[Sequence[LevelRow]], UsageWrites | None]
"""Decides what is written; None where it cannot. May be called in another thread."""


class UsageTransactions(ABC):
    @abstractmethod
    async def run(
        self, request: UsageRequest, decide: Decide, attempt: TransactionAttempt, seconds: float
    ) -> bool:
        """Lock, read, decide, write and commit; False where nothing was written.

        That is where ``decide`` returned None, or an id was claimed before.
        """

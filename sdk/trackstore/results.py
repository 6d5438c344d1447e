"""Return types of trackers: flush results, statistics, and limit decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Flushed:
    """What was left when a flush or close returned.

    ``left`` items have no answer of the server yet; ``spooled`` of them are on disk and are sent by
    the next process that uses the folder. ``problem`` says why items are left, if known.
    """

    left: int = 0
    spooled: int = 0
    problem: str | None = None

    @property
    def is_done(self) -> bool:
        return self.left == 0


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of this process since its start or fork.

    Each tracked item is in exactly one of ``queued`` (waiting in memory or on disk),
    ``acknowledged`` (stored by the server; ``duplicates`` of them were stored before) and
    ``dropped``.
    """

    tracked: int = 0
    queued: int = 0
    acknowledged: int = 0
    duplicates: int = 0
    recovered: int = 0
    """Items of an earlier process found on disk; they count as tracked."""
    truncated: int = 0
    """Texts and payloads that the server truncated; their items were accepted."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Counts by reason: a code of the server, or one of ``trackstore.delivery.delivery_stats``."""
    batches: int = 0
    retries: int = 0
    problem: str | None = None
    """Why the last attempt failed; None after a success."""
    adjusted: Mapping[str, int] = field(default_factory=dict)
    """Fields that were changed or left out, by name; their records were kept."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Calls that were not recorded, by reason: ``route``, ``labels``, ``sample``, ``failed``."""

    @property
    def dropped_total(self) -> int:
        return sum(self.dropped.values())


class Level(Struct, frozen=True, rename="camel"):
    subject: str
    subject_id: str
    interaction_type: str
    period: str
    mode: str
    maximum: int
    used: int
    remaining: int
    resets_at: datetime | None = None
    uncertain: int = 0
    """Units used around the creation of a limit in mid-period that cannot be attributed; they are
    not part of ``used``."""

    @property
    def limit(self) -> int:
        """Return ``maximum``, by its former name."""
        return self.maximum


class Consumption(Struct, frozen=True, rename="camel"):
    """Decision on units: whether they may be used, and otherwise why not."""

    allowed: bool
    units: int = 1
    reason: str | None = None
    retry_after_seconds: int | None = None
    denied_by: Level | None = None
    levels: tuple[Level, ...] = ()
    is_known: bool = True
    """False if the server was unavailable and ``if_unavailable`` decided."""


class Reservation(Struct, frozen=True, rename="camel"):
    """Units that are set aside; ``id`` commits or releases them.

    ``id`` is None if the units were denied or the server was unavailable.
    """

    decision: Consumption
    id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def allowed(self) -> bool:
        return self.decision.allowed


Answer = Mapping[str, Any]
"""The data of a GraphQL answer."""

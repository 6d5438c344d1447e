"""What trackers answer: what is left, what became of everything, whether units may be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush or close left behind when it returned.

    ``left`` items have no answer of the server yet; ``spooled`` of them lie on disk and are sent
    by whoever uses that folder next. ``problem`` says what stands in the way, where something does.
    """

    left: int = 0
    spooled: int = 0
    problem: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether everything is acknowledged, or counted as dropped."""
        return self.left == 0


@dataclass(frozen=True, slots=True)
class Stats:
    """What became of the items of this process, from its start or fork on.

    Each item that was tracked is in exactly one of ``queued`` (it waits, in memory or on disk),
    ``acknowledged`` (the server has it; ``duplicates`` of them it had before) and ``dropped``.
    """

    tracked: int = 0
    queued: int = 0
    acknowledged: int = 0
    duplicates: int = 0
    recovered: int = 0
    """Items of an earlier process that were found on disk; they count as tracked here."""
    truncated: int = 0
    """Texts and payloads over the server's limits, which it cut; their items were taken."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many by reason: a code of the server, or one of ``trackstore.delivery.delivery_stats``."""
    batches: int = 0
    retries: int = 0
    problem: str | None = None
    """Why the last try failed; None after one that succeeded."""
    adjusted: Mapping[str, int] = field(default_factory=dict)
    """How many facts were changed or left out, by name; their records were kept."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """How many calls were not recorded, by reason: ``route``, ``labels``, ``sample``, ``failed``."""

    @property
    def dropped_total(self) -> int:
        """All that were dropped, whatever the reason."""
        return sum(self.dropped.values())


class Level(Struct, frozen=True, rename="camel"):
    """How a limit stands: of whom, how much is used and left, when it starts again."""

    subject: str
    subject_id: str
    interaction_type: str
    period: str
    mode: str
    limit: int
    used: int
    remaining: int
    resets_at: datetime | None = None
    uncertain: int = 0
    """Units that were used in this period or shortly before it, where a limit was set in mid period
    and nothing tells which; they are not part of ``used``."""


class Consumption(Struct, frozen=True, rename="camel"):
    """Whether units may be used, and if not why, with what an HTTP 403 or 429 needs to say."""

    allowed: bool
    units: int = 1
    reason: str | None = None
    retry_after_seconds: int | None = None
    denied_by: Level | None = None
    levels: tuple[Level, ...] = ()
    is_known: bool = True
    """False where the server could not be asked, and the caller said what to take for granted."""


class Reservation(Struct, frozen=True, rename="camel"):
    """Units that are set aside. ``id`` commits or releases them.

    It is None where they were denied, and where the server could not be asked.
    """

    decision: Consumption
    id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def allowed(self) -> bool:
        """Whether they are set aside."""
        return self.decision.allowed


Answer = Mapping[str, Any]
"""The data of a GraphQL answer."""

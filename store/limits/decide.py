"""The decision of a consume, pure: what was used and held, what is asked, what the limits say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.enums import LimitMode, LimitPeriod, LimitSubject


@dataclass(slots=True)
class Level:
    """One limit in its present period. ``held`` are units of reservations that still run."""

    limit_id: UUID
    subject: LimitSubject
    subject_id: str
    interaction_type: str
    period: LimitPeriod
    mode: LimitMode
    maximum: int
    used: int
    reserved: int
    period_start: datetime
    resets_at: datetime | None
    uncertain: int = 0
    """Units of which nothing tells whether they were used before this period or in it."""

    @property
    def remaining(self) -> int:
        return max(0, self.maximum - self.used - self.reserved)

    @property
    def exceeded(self) -> bool:
        return self.used > self.maximum

    def refuses(self, units: int) -> bool:
        return self.mode is LimitMode.HARD and self.used + self.reserved + units > self.maximum

    def as_json(self) -> dict[str, Any]:
        """Return what is stored with a granted call so that its repeat gets the same answer."""
        return {
            "limit_id": str(self.limit_id),
            "subject": self.subject.value,
            "subject_id": self.subject_id,
            "interaction_type": self.interaction_type,
            "period": self.period.value,
            "mode": self.mode.value,
            "maximum": self.maximum,
            "used": self.used,
            "held": self.reserved,
            "uncertain": self.uncertain,
            "period_start": self.period_start.isoformat(),
            "resets_at": self.resets_at.isoformat() if self.resets_at else None,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Level":
        resets_at = stored["resets_at"]
        return cls(
            limit_id=UUID(stored["limit_id"]),
            subject=LimitSubject(stored["subject"]),
            subject_id=stored["subject_id"],
            interaction_type=stored["interaction_type"],
            period=LimitPeriod(stored["period"]),
            mode=LimitMode(stored["mode"]),
            maximum=stored["maximum"],
            used=stored["used"],
            reserved=stored["held"],
            uncertain=stored.get("uncertain", 0),
            period_start=datetime.fromisoformat(stored["period_start"]),
            resets_at=datetime.fromisoformat(resets_at) if resets_at else None,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the call may go on, and which level said no; ``levels`` are as after the decision."""

    allowed: bool
    denied_by: Level | None
    levels: tuple[Level, ...]
    units: int
    note: str | None = None
    """Why the call does not count, where no limit is the reason."""

    def reason(self) -> str | None:
        level = self.denied_by
        if level is None:
            return self.note
        when = "never" if level.resets_at is None else f"at {level.resets_at:%Y-%m-%dT%H:%M:%SZ}"
        return (
            f"{self.units:,} {level.interaction_type} asked, {level.remaining:,} of "
            f"{level.maximum:,} left for {level.subject.value.lower()} {level.subject_id!r} "
            f"this {level.period.value.lower()}; resets {when}"
        )


def decide(levels: Sequence[Level], units: int) -> Decision:
    """Allow the units only if no level refuses; change nothing."""
    for level in levels:
        if level.refuses(units):
            return Decision(False, level, tuple(levels), units)
    return Decision(True, None, tuple(levels), units)

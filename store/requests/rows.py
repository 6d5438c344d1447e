"""Rows of stages and attempts, and the facts that commands bring, as plain values."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from models.vocabulary import Severity, StageStatus

Row = dict[str, Any]
ATTEMPT_FIELDS = (
    "organization_id",
    "request_id",
    "attempt",
    "status",
    "progress",
    "output",
    "error",
    "error_message",
    "retryable",
    "started_at",
    "ended_at",
)
BEGINNING: Row = {
    "status": StageStatus.RUNNING.value,
    "progress": 0.0,
    "done": None,
    "total": None,
    "message": None,
    "output": None,
    "error": None,
    "error_message": None,
    "retryable": None,
    "ended_at": None,
    "stalled_at": None,
}
"""What every attempt begins with."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a command says, beyond which command it is. ``at`` is when it happened."""

    at: datetime
    event_id: UUID
    message: str | None = None
    data: Row | None = None
    severity: Severity | None = None

    @property
    def bare(self) -> "Fact":
        """The same moment, without what was said of it."""
        return Fact(self.at, self.event_id)

    def with_data(self, data: Row) -> "Fact":
        """The same with other data."""
        return replace(self, data=data)


def planned_stage(
    request: Row,
    name: str,
    position: int,
    weight: float,
    attempts: int,
    stall_after_ms: int | None = None,
) -> Row:
    """The row of a stage that has not begun: attempt 0."""
    return BEGINNING | {
        "organization_id": request["organization_id"],
        "request_id": request["id"],
        "name": name,
        "position": position,
        "weight": weight,
        "max_attempts": attempts,
        "attempt": 0,
        "status": StageStatus.PENDING.value,
        "started_at": None,
        "heartbeat_at": None,
        "stall_after_ms": stall_after_ms,
    }


def attempt_row(stage: Row) -> Row:
    """The present attempt of a stage, as its own row."""
    return {name: stage[name] for name in ATTEMPT_FIELDS} | {"stage": stage["name"]}

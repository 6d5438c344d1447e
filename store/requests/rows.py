"""Rows of stages and attempts, and the facts that commands bring, as plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from models.enums import RequestStatus, Severity, StageStatus

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
PROGRESS_FIELDS = frozenset({"progress", "done", "total", "data"})
"""What the server itself says in the data of a progress event."""
RUNNING_DEFAULTS: Row = {
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
PENDING_DEFAULTS: Row = RUNNING_DEFAULTS | {
    "status": StageStatus.PENDING.value,
    "started_at": None,
    "last_heartbeat_at": None,
}
"""What a stage is set back to when its request runs again; its number of attempts stays."""
REOPENED: Row = {
    "status": RequestStatus.RUNNING.value,
    "ended_at": None,
    "error": None,
    "error_message": None,
}
"""What a FAILED request becomes when it runs again."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command says, beyond which command it is. ``at`` is when it happened."""

    at: datetime
    event_id: UUID
    message: str | None = None
    data: Row | None = None
    severity: Severity | None = None
    is_dated: bool = False
    """Whether the caller said when it happened."""

    @property
    def without_payload(self) -> "CommandContext":
        return CommandContext(self.at, self.event_id, is_dated=self.is_dated)

    def is_earlier_than(self, known: datetime | None) -> bool:
        return self.is_dated and known is not None and self.at < known

    def with_data(self, data: Row) -> "CommandContext":
        return replace(self, data=data)


def planned_stage(
    request: Row,
    name: str,
    position: int,
    weight: float,
    attempts: int,
    stall_after_ms: int | None = None,
) -> Row:
    """Return the row of a stage that has not begun: attempt 0."""
    return RUNNING_DEFAULTS | {
        "organization_id": request["organization_id"],
        "request_id": request["id"],
        "name": name,
        "position": position,
        "weight": weight,
        "max_attempts": attempts,
        "attempt": 0,
        "status": StageStatus.PENDING.value,
        "started_at": None,
        "last_heartbeat_at": None,
        "stall_after_ms": stall_after_ms,
    }


def merge_data(facts: Row, data: Row | None) -> Row:
    """Return the data of a progress event: the server's facts, and the caller's data beside them.

    Where a name of the caller's is one of the server's, it stands under ``data``, with its value.
    """
    event_data = data or {}
    hidden = {name: value for name, value in event_data.items() if name in PROGRESS_FIELDS}
    other_data = {name: value for name, value in event_data.items() if name not in PROGRESS_FIELDS}
    return facts | other_data | ({"data": hidden} if hidden else {})


def weights_of(stages: Iterable[Mapping[Any, Any]]) -> dict[str, float]:
    weights = {stage["name"]: float(stage["weight"]) for stage in stages}
    return weights if any(weights.values()) else dict.fromkeys(weights, 1.0)


def attempt_row(stage: Row) -> Row:
    return {name: stage[name] for name in ATTEMPT_FIELDS} | {"stage": stage["name"]}


def event_row(request: Row, type: str, fact: CommandContext, id: UUID, severity: Severity) -> Row:
    """Return the newest event of a request, without its stage and when it is recorded."""
    return {
        "organization_id": request["organization_id"],
        "request_id": request["id"],
        "seq": request["last_seq"],
        "id": id,
        "type": type,
        "severity": (fact.severity or severity).value,
        "message": fact.message,
        "data": fact.data,
        "occurred_at": fact.at,
    }


def reopening_data(request: Row, forced: bool) -> Row:
    """Return what the event of a reopening says of the failure before it."""
    ended = request["ended_at"]
    ended_at = None if ended is None else ended.isoformat().replace("+00:00", "Z")
    data = {"endedAt": ended_at, "errorStage": request["error_stage"]}
    return data | {"forced": True} if forced else data


def awaits_its_worker(stage: Row) -> bool:
    is_retried: bool = stage["attempt"] > 1
    return is_retried and stage["progress"] == 0 and stage["done"] is None and not stage["message"]

"""Request, stages and attempts as stored by the server."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from trackstore.calls import Json

FINAL_STATUSES = frozenset({"COMPLETED", "CANCELLED"})
"""Statuses that a request never leaves."""
ACTIVE_STATUSES = frozenset({"RUNNING", "STALLED"})

log = logging.getLogger("trackstore")


class AttemptStatus(Struct, frozen=True, rename="camel"):
    attempt: int
    status: str
    error_message: str | None = None
    error: Any = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class StageStatus(Struct, frozen=True, rename="camel"):
    """A stage. ``attempt`` is the current or last one, 0 before the first."""

    name: str
    status: str
    attempt: int
    max_attempts: int
    progress: float = 0.0
    retryable: bool | None = None
    done: int | None = None
    total: int | None = None
    message: str | None = None
    output: Any = None
    error_message: str | None = None
    error: Any = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: tuple[AttemptStatus, ...] = ()

    @property
    def can_retry(self) -> bool:
        if self.status == "FAILED" and self.retryable is False:
            return False
        return self.attempt < self.max_attempts

    @property
    def next_attempt(self) -> int:
        is_present = self.status in ACTIVE_STATUSES or self.status == "COMPLETED"
        return self.attempt if is_present else self.attempt + 1


class RequestFailure(Struct, frozen=True):
    message: str | None = None
    stage: str | None = None
    details: Any = None


class RequestStatus(Struct, frozen=True, rename="camel"):
    """A request; ``attributes`` are its custom fields, such as the input of the work."""

    uuid: UUID
    correlation_id: str
    type: str
    status: str
    progress: float = 0.0
    title: str | None = None
    current_stage: str | None = None
    error_stage: str | None = None
    error: RequestFailure | None = None
    attributes: Any = None
    result: Any = None
    cancel_reason: str | None = None
    organization_id: str | None = None
    namespace_id: str | None = None
    workspace_id: str | None = None
    user_id: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    stages: tuple[StageStatus, ...] = ()

    def stage(self, name: str) -> StageStatus | None:
        return next((stage for stage in self.stages if stage.name == name), None)


class Retry(Struct, frozen=True):
    """Result of a retry: true if the work runs again, otherwise ``message`` says why not.

    ``attempt`` is the attempt of the stage that runs now, if any.
    """

    accepted: bool
    message: str | None = None
    stage: str | None = None
    attempt: int | None = None

    def __bool__(self) -> bool:
        return self.accepted


def request_status(answer: Json) -> RequestStatus:
    return msgspec.convert(answer, RequestStatus)


def retry_of(status: RequestStatus, name: str | None = None) -> Retry:
    stage = status.stage(name or status.current_stage or "")
    if stage is None:
        return Retry(accepted=True, stage=name)
    return Retry(accepted=True, stage=stage.name, attempt=stage.attempt)


def uuid_of(request_id: UUID | str) -> UUID:
    if isinstance(request_id, UUID):
        return request_id
    try:
        return UUID(request_id)
    except (ValueError, TypeError, AttributeError):
        raise ValueError(
            f"{request_id!r} is not the id of a request: pass its UUID, or the text of it"
        ) from None

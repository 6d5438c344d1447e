"""What callers send about requests; any object with these attributes will do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from models.enums import Severity
from store.auth.access import LabelsDraft


class PlannedStageDraft(Protocol):
    name: str
    weight: float
    max_attempts: int
    stall_after: timedelta | None


class CreateRequestDraft(Protocol):
    id: UUID | None
    type: str
    title: str | None
    correlation_id: str | None
    attributes: Any
    occurred_at: datetime | None

    @property
    def labels(self) -> LabelsDraft | None: ...
    @property
    def stages(self) -> Sequence[PlannedStageDraft] | None: ...


class MessageDraft(Protocol):
    event_id: UUID | None
    occurred_at: datetime | None


class StartRequestDraft(MessageDraft, Protocol):
    request_id: UUID


class StageDraft(MessageDraft, Protocol):
    request_id: UUID
    stage: str
    attempt: int | None


class StartStageDraft(StageDraft, Protocol):
    """PENDING to RUNNING; ``stall_after`` replaces the silence that was planned.

    ``resume`` goes on with a stage wherever it stands.
    """

    stall_after: timedelta | None
    resume: bool


class ProgressStageDraft(StageDraft, Protocol):
    fraction: float | None
    done: int | None
    total: int | None
    message: str | None
    data: Any


class CompleteStageDraft(StageDraft, Protocol):
    output: Any


class FailStageDraft(StageDraft, Protocol):
    message: str
    details: Any
    retryable: bool


class RetryStageDraft(StageDraft, Protocol):
    force: bool


class RetryRequestDraft(MessageDraft, Protocol):
    request_id: UUID
    force: bool
    start_stage: bool


class LogEventDraft(MessageDraft, Protocol):
    request_id: UUID
    type: str
    severity: Severity
    stage: str | None
    message: str | None
    data: Any


class CompleteRequestDraft(MessageDraft, Protocol):
    request_id: UUID
    result: Any


class FailRequestDraft(MessageDraft, Protocol):
    request_id: UUID
    message: str
    stage: str | None
    details: Any


class CancelRequestDraft(MessageDraft, Protocol):
    request_id: UUID
    reason: str | None

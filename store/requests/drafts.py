"""What callers send about requests; any object with these attributes will do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from models.enums import Severity
from store.auth.access import LabelsDraft


class PlannedStageDraft(Protocol):
    """A stage that is foreseen: its share of the whole, how often it may be tried, its silence."""

    name: str
    weight: float
    max_attempts: int
    stall_after: timedelta | None


class CreateRequestDraft(Protocol):
    """A request to be watched."""

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
    """What every command may carry: the id of its event, and when it happened."""

    event_id: UUID | None
    occurred_at: datetime | None


class StartRequestDraft(MessageDraft, Protocol):
    """PENDING to RUNNING."""

    request_id: UUID


class StageDraft(MessageDraft, Protocol):
    """Something about one stage; ``attempt`` fences off messages of an earlier try."""

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
    """How far the stage is: a fraction, or done of total; nothing of it is a heartbeat."""

    fraction: float | None
    done: int | None
    total: int | None
    message: str | None
    data: Any


class CompleteStageDraft(StageDraft, Protocol):
    """The stage is done."""

    output: Any


class FailStageDraft(StageDraft, Protocol):
    """The stage failed in this attempt."""

    message: str
    details: Any
    retryable: bool


class RetryStageDraft(StageDraft, Protocol):
    """The stage runs again; ``force`` where that is not allowed otherwise."""

    force: bool


class RetryRequestDraft(MessageDraft, Protocol):
    """The failed request runs again; ``start_stage`` False leaves its stages to the worker."""

    request_id: UUID
    force: bool
    start_stage: bool


class LogEventDraft(MessageDraft, Protocol):
    """A fact for the log."""

    request_id: UUID
    type: str
    severity: Severity
    stage: str | None
    message: str | None
    data: Any


class CompleteRequestDraft(MessageDraft, Protocol):
    """The request is done."""

    request_id: UUID
    result: Any


class FailRequestDraft(MessageDraft, Protocol):
    """The request failed."""

    request_id: UUID
    message: str
    stage: str | None
    details: Any


class CancelRequestDraft(MessageDraft, Protocol):
    """The request is called off."""

    request_id: UUID
    reason: str | None

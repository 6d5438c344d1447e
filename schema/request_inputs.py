"""What callers send about requests, stages and events; structurally drafts of the store."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry

from schema.enums import Severity
from schema.hydration import described
from schema.labels import LabelsInput
from schema.scalars import JSON, Long

REQUEST_ID = "The request's own id (uuid)."
EVENT_ID = "Id of the event this appends, chosen by the client: it makes a repeat harmless."


def event_id() -> Any:
    """The field that makes a command's repeat recognisable."""
    return described(EVENT_ID, default=None)


def occurred_at() -> Any:
    """The field that says when it happened."""
    return described("When it happened; default: now.", default=None)


def attempt() -> Any:
    """The field that fences off messages of an earlier try."""
    return described(
        "The attempt it speaks of: a message of an earlier one changes nothing.", default=None
    )


def force() -> Any:
    """The field that overrides a refusal."""
    return described(
        "Retry even if the failure is not retryable or no attempt is left. Requires ADMIN.",
        default=False,
    )


def stall_after(default: str) -> Any:
    """The field that says how much silence is allowed."""
    return described(
        f"How long it may be silent until it counts as stalled, PT1S to P31D; default: {default}.",
        default=None,
    )


@strawberry.input(description="A stage that is foreseen.")
class PlannedStageInput:
    """Structurally a ``PlannedStageDraft``."""

    name: str = described("Its name, unique in the request.")
    weight: float = described("Its share of the request's progress.", default=1.0)
    max_attempts: int = described("How often it may be tried.", default=3)
    stall_after: timedelta | None = stall_after("what the server is set to")


@strawberry.input(description="A new request, with the stages that are planned.")
class CreateRequestInput:
    """Structurally a ``CreateRequestDraft``."""

    type: str = described("What kind of work it is.")
    id: UUID | None = described(
        "UUIDv7 chosen by the client: makes a repeat harmless.", default=None
    )
    title: str | None = described("What people call it.", default=None)
    correlation_id: str | None = described("Default: the id as text.", default=None)
    labels: LabelsInput | None = described("Whose work it is.", default=None)
    stages: list[PlannedStageInput] | None = described("What is planned.", default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)
    occurred_at: datetime | None = described(
        "When it was created, for work of the past; default: now. The id may hold another time.",
        default=None,
    )


@strawberry.input(description="A request starts.")
class StartRequestInput:
    """Structurally a ``StartRequestDraft``."""

    request_id: UUID = described(REQUEST_ID)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A stage starts; one that was not planned is added.")
class StartStageInput:
    """Structurally a ``StartStageDraft``."""

    request_id: UUID = described(REQUEST_ID)
    stage: str = described("The stage's name.")
    stall_after: timedelta | None = stall_after("what was planned, else what the server is set to")
    resume: bool = described(
        "Continue the stage in whatever status it is: start it if it waits, retry it if it failed "
        "(the request as well), take over the attempt that runs.",
        default=False,
    )
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="How far a stage is; without any number it is a heartbeat.")
class ProgressStageInput:
    """Structurally a ``ProgressStageDraft``."""

    request_id: UUID = described(REQUEST_ID)
    stage: str = described("The stage's name.")
    fraction: float | None = described("How far it is, 0 to 1.", default=None)
    done: Long | None = described("How many of the total are done.", default=None)
    total: Long | None = described(
        "How many there are to do. With 0 the progress stays as it is.", default=None
    )
    message: str | None = described("In words.", default=None)
    data: JSON | None = described("In detail: an object.", default=None)
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A stage is done.")
class CompleteStageInput:
    """Structurally a ``CompleteStageDraft``."""

    request_id: UUID = described(REQUEST_ID)
    stage: str = described("The stage's name.")
    output: JSON | None = described("What it brought: an object.", default=None)
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A stage failed in this attempt.")
class FailStageInput:
    """Structurally a ``FailStageDraft``."""

    request_id: UUID = described(REQUEST_ID)
    stage: str = described("The stage's name.")
    message: str = described("Why, in words.")
    details: JSON | None = described("Why, in detail: an object.", default=None)
    retryable: bool = described("Whether another try is worth it.", default=True)
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A failed stage is tried again.")
class RetryStageInput:
    """Structurally a ``RetryStageDraft``."""

    request_id: UUID = described(REQUEST_ID)
    stage: str = described("The stage's name.")
    force: bool = force()
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A failed request runs again, from its error stage.")
class RetryRequestInput:
    """Structurally a ``RetryRequestDraft``."""

    request_id: UUID = described(REQUEST_ID)
    force: bool = force()
    start_stage: bool = described(
        "Whether the error stage runs at once; false leaves it to the worker to start stages.",
        default=True,
    )
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A fact for a request's log.")
class LogEventInput:
    """Structurally a ``LogEventDraft``."""

    request_id: UUID = described(REQUEST_ID)
    type: str = described("What happened, as people will search for it.")
    severity: Severity = described("How much it matters.", default=Severity.INFO)
    stage: str | None = described("The stage it is about.", default=None)
    message: str | None = described("In words.", default=None)
    data: JSON | None = described("In detail: an object.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A request is done.")
class CompleteRequestInput:
    """Structurally a ``CompleteRequestDraft``."""

    request_id: UUID = described(REQUEST_ID)
    result: JSON | None = described("What it brought: an object.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A request failed.")
class FailRequestInput:
    """Structurally a ``FailRequestDraft``."""

    request_id: UUID = described(REQUEST_ID)
    message: str = described("Why, in words.")
    stage: str | None = described(
        "The stage it failed in; default: the last that failed.", default=None
    )
    details: JSON | None = described("Why, in detail: an object.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="A request is called off.")
class CancelRequestInput:
    """Structurally a ``CancelRequestDraft``."""

    request_id: UUID = described(REQUEST_ID)
    reason: str | None = described("Why, in words.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()

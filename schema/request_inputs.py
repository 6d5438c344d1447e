"""Define inputs for requests, stages and events; structurally drafts of the store."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry

from schema.enums import Severity
from schema.hydration import described
from schema.labels import LabelsInput
from schema.scalars import JSON, Long

REQUEST_ID = "The request's uuid."
EVENT_ID = "Id of the appended event, chosen by the client, which makes retries idempotent."


def event_id() -> Any:
    """Define the id that makes retries of a command idempotent."""
    return described(EVENT_ID, default=None)


def occurred_at() -> Any:
    return described("When it happened. Defaults to now.", default=None)


def attempt() -> Any:
    """Define the attempt, which fences off messages of earlier attempts."""
    return described(
        "The attempt that the message belongs to. Messages of earlier attempts have no effect.",
        default=None,
    )


def force() -> Any:
    return described(
        "Retries even if the failure is not retryable or no attempts are left. Requires ADMIN.",
        default=False,
    )


def stall_after(default: str) -> Any:
    return described(
        f"Time without messages until it counts as stalled, PT1S to P31D. Defaults to {default}.",
        default=None,
    )


@strawberry.input(description="A planned stage.")
class PlannedStageInput:
    name: str = described("Name, unique within the request.")
    weight: float = described("Weight in the request's progress.", default=1.0)
    max_attempts: int = described("Maximum number of attempts.", default=3)
    stall_after: timedelta | None = stall_after("the server setting")


@strawberry.input(description="A new request with its planned stages.")
class CreateRequestInput:
    type: str = described("Type of work.")
    id: UUID | None = described(
        "UUIDv7 chosen by the client, which makes retries idempotent.", default=None
    )
    title: str | None = described("Display name.", default=None)
    correlation_id: str | None = described("Defaults to the id as text.", default=None)
    labels: LabelsInput | None = described("Labels of the request.", default=None)
    stages: list[PlannedStageInput] | None = described("Planned stages.", default=None)
    attributes: JSON | None = described("Custom attributes, as an object.", default=None)
    occurred_at: datetime | None = described(
        "Creation time, for past work. Defaults to now. The time in the id may differ.",
        default=None,
    )


@strawberry.input(description="Starts a request.")
class StartRequestInput:
    request_id: UUID = described(REQUEST_ID)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Starts a stage. A stage that was not planned is added.")
class StartStageInput:
    request_id: UUID = described(REQUEST_ID)
    stage: str = described("Stage name.")
    stall_after: timedelta | None = stall_after(
        "the planned value, otherwise to the server setting"
    )
    resume: bool = described(
        "Continues the stage in any status: starts it if pending, retries it (and its "
        "request) if failed, or takes over the running attempt.",
        default=False,
    )
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(
    description="Reports the progress of a stage, or a heartbeat if no number is set."
)
class ProgressStageInput:
    request_id: UUID = described(REQUEST_ID)
    stage: str = described("Stage name.")
    fraction: float | None = described("Progress from 0 to 1.", default=None)
    done: Long | None = described("Number of completed units of work.", default=None)
    total: Long | None = described(
        "Total units of work. 0 leaves the progress unchanged.", default=None
    )
    message: str | None = described("Message.", default=None)
    data: JSON | None = described("Event data, as an object.", default=None)
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Completes a stage.")
class CompleteStageInput:
    request_id: UUID = described(REQUEST_ID)
    stage: str = described("Stage name.")
    output: JSON | None = described("Output, as an object.", default=None)
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Fails the current attempt of a stage.")
class FailStageInput:
    request_id: UUID = described(REQUEST_ID)
    stage: str = described("Stage name.")
    message: str = described("Reason.")
    details: JSON | None = described("Error details, as an object.", default=None)
    retryable: bool = described("Whether the failure can be retried.", default=True)
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Retries a failed stage.")
class RetryStageInput:
    request_id: UUID = described(REQUEST_ID)
    stage: str = described("Stage name.")
    force: bool = force()
    attempt: int | None = attempt()
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Retries a failed request from its error stage.")
class RetryRequestInput:
    request_id: UUID = described(REQUEST_ID)
    force: bool = force()
    start_stage: bool = described(
        "Whether the error stage starts immediately. If false, the worker starts the stages.",
        default=True,
    )
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Appends an event to a request's log.")
class LogEventInput:
    request_id: UUID = described(REQUEST_ID)
    type: str = described("Event type, as users will search for it.")
    severity: Severity = described("Severity.", default=Severity.INFO)
    stage: str | None = described("Stage that the event concerns.", default=None)
    message: str | None = described("Message.", default=None)
    data: JSON | None = described("Event data, as an object.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Completes a request.")
class CompleteRequestInput:
    request_id: UUID = described(REQUEST_ID)
    result: JSON | None = described("Output, as an object.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Fails a request.")
class FailRequestInput:
    request_id: UUID = described(REQUEST_ID)
    message: str = described("Reason.")
    stage: str | None = described(
        "Stage that failed. Defaults to the last failed stage.", default=None
    )
    details: JSON | None = described("Error details, as an object.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()


@strawberry.input(description="Cancels a request.")
class CancelRequestInput:
    request_id: UUID = described(REQUEST_ID)
    reason: str | None = described("Reason.", default=None)
    event_id: UUID | None = event_id()
    occurred_at: datetime | None = occurred_at()

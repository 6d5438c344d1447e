"""The entries of a batch as typed values: the inputs of the server's schema, in Python's words.

Names are those of the schema in snake case; a test holds every one of them against it. What is left
out is not sent. Times are aware datetimes, durations milliseconds.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from msgspec import Struct

Kind = Literal["API", "TOOL", "LLM"]
Outcome = Literal["OK", "ERROR"]
Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
BreakerState = Literal["CLOSED", "OPEN", "HALF_OPEN"]
Json = dict[str, Any]


class Input(Struct, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Base of what is sent: camel case outside, nothing that was left out."""


class Labels(Input, kw_only=True):
    """Whose it is; what is left out is filled from the API key."""

    organization_id: str | None = None
    namespace_id: str | None = None
    workspace_id: str | None = None
    user_id: str | None = None
    developer_id: str | None = None
    api_key_id: str | None = None
    company_id: str | None = None
    subscription_id: str | None = None


class ApiCall(Input, kw_only=True):
    """What an API call has; ``status_code`` is 100 to 599."""

    route: str | None = None
    method: str | None = None
    status_code: int | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    batch_size: int | None = None
    resource_id: str | None = None


class ToolUse(Input, kw_only=True):
    """What a tool call has; tokens prevented are original - actual, and stand for one of the two."""

    tool_name: str | None = None
    operation_mode: str | None = None
    file_path: str | None = None
    parameters: Json | None = None
    tokens_original: int | None = None
    tokens_actual: int | None = None
    tokens_prevented: int | None = None


class LlmCall(Input, kw_only=True):
    """What a model call has.

    ``input_tokens`` counts those read from a cache and written to it, too, unless
    ``input_tokens_exclude_cache`` says that they come on top; ``output_tokens`` counts reasoning.
    """

    provider: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    input_tokens_exclude_cache: bool = False
    message: str | None = None
    response: str | None = None


class Interaction(Input, kw_only=True):
    """What a call counts, and how many units, from 1.

    The monthly counter always counts it, limits only where ``counts_against_limits`` says so.
    """

    type: str
    units: int = 1
    counts_against_limits: bool = True


class Entry(Input, kw_only=True):
    """Base of everything that may stand in a batch; ``field`` is its name there."""

    field: ClassVar[str]


class Operation(Entry, kw_only=True):
    """One finished call."""

    field = "operation"
    kind: Kind
    name: str
    id: UUID | None = None
    occurred_at: datetime | None = None
    operation_type: str | None = None
    outcome: Outcome = "OK"
    error: str | None = None
    duration_ms: float | None = None
    labels: Labels | None = None
    session_id: str | None = None
    request_id: UUID | None = None
    stage: str | None = None
    correlation_id: str | None = None
    trace_id: str | None = None
    client: str | None = None
    api: ApiCall | None = None
    tool: ToolUse | None = None
    llm: LlmCall | None = None
    cache_hit: bool | None = None
    interaction: Interaction | None = None
    interactions: list[Interaction] | None = None
    attributes: Json | None = None


class Session(Entry, kw_only=True):
    """A session; sent again with ``ended_at`` it ends. ``id`` is any text."""

    field = "session"
    id: str | None = None
    name: str | None = None
    client: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    labels: Labels | None = None
    attributes: Json | None = None


class Stage(Input, kw_only=True):
    """A planned stage: its share of the progress, how often it may be tried.

    ``stall_after`` is an ISO 8601 duration, such as ``PT5M``: how long it may be silent.
    """

    name: str
    weight: float = 1.0
    max_attempts: int = 3
    stall_after: str | None = None


class CreateRequest(Entry, kw_only=True):
    """A new request with its plan."""

    field = "createRequest"
    type: str
    id: UUID | None = None
    title: str | None = None
    correlation_id: str | None = None
    labels: Labels | None = None
    stages: list[Stage] | None = None
    attributes: Json | None = None
    occurred_at: datetime | None = None


class Command(Entry, kw_only=True):
    """Base of what is said to a request; ``event_id`` makes a repeat harmless."""

    request_id: UUID
    event_id: UUID | None = None
    occurred_at: datetime | None = None


class StartRequest(Command, kw_only=True):
    """The request starts."""

    field = "startRequest"


class CompleteRequest(Command, kw_only=True):
    """The request is done."""

    field = "completeRequest"
    result: Json | None = None


class FailRequest(Command, kw_only=True):
    """The request failed."""

    field = "failRequest"
    message: str
    stage: str | None = None
    details: Json | None = None


class CancelRequest(Command, kw_only=True):
    """The request is called off."""

    field = "cancelRequest"
    reason: str | None = None


class StageCommand(Command, kw_only=True):
    """Base of what is said to a stage; a message of an earlier attempt changes nothing."""

    stage: str
    attempt: int | None = None


class StartStage(StageCommand, kw_only=True):
    """The stage starts in its next attempt; ``resume`` goes on with it wherever it stands."""

    field = "startStage"
    stall_after: str | None = None
    resume: bool = False


class ProgressStage(StageCommand, kw_only=True):
    """How far the stage is: ``fraction`` 0 to 1, or ``done`` of ``total``. Bare: a heartbeat."""

    field = "progressStage"
    fraction: float | None = None
    done: int | None = None
    total: int | None = None
    message: str | None = None
    data: Json | None = None


class CompleteStage(StageCommand, kw_only=True):
    """The stage is done."""

    field = "completeStage"
    output: Json | None = None


class FailStage(StageCommand, kw_only=True):
    """The stage failed in this attempt."""

    field = "failStage"
    message: str
    details: Json | None = None
    retryable: bool = True


class RetryStage(StageCommand, kw_only=True):
    """The failed stage runs again; ``force`` (scope ADMIN) where that is not allowed otherwise."""

    field = "retryStage"
    force: bool = False


class RetryRequest(Command, kw_only=True):
    """The failed request runs again, at its error stage unless ``start_stage`` is False."""

    field = "retryRequest"
    force: bool = False
    start_stage: bool = True


class LogEvent(Command, kw_only=True):
    """A fact for the request's log."""

    field = "logEvent"
    type: str
    severity: Severity = "INFO"
    stage: str | None = None
    message: str | None = None
    data: Json | None = None


class CircuitBreaker(Entry, kw_only=True):
    """A breaker's state and totals."""

    field = "circuitBreaker"
    name: str
    state: BreakerState
    instance: str | None = None
    total_calls: int = 0
    total_failures: int = 0
    message: str | None = None
    organization_id: str | None = None
    occurred_at: datetime | None = None


class Consume(Entry, kw_only=True):
    """Units to be used."""

    field = "consume"
    interaction_type: str
    id: UUID | None = None
    operation_type: str | None = None
    units: int = 1
    labels: Labels | None = None


ENTRIES: Mapping[str, type[Entry]] = {
    entry.field: entry
    for entry in (
        Operation, Session, CreateRequest, StartRequest, StartStage, ProgressStage, CompleteStage,
        FailStage, RetryStage, RetryRequest, LogEvent, CompleteRequest, FailRequest, CancelRequest,
        CircuitBreaker, Consume,
    )
}  # fmt: skip
"""By their names in a batch."""

"""Entries of a batch as typed values: the input types of the schema in snake case.

A test compares every name with the schema. Unset fields are not sent. Times are aware datetimes,
durations are milliseconds.
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
    """Base of input types: camel case on the wire, unset fields omitted."""


class Labels(Input, kw_only=True):
    # region generated: entries LABELS
    organization_id: str | None = None
    namespace_id: str | None = None
    workspace_id: str | None = None
    user_id: str | None = None
    developer_id: str | None = None
    api_key_id: str | None = None
    company_id: str | None = None
    subscription_id: str | None = None
    # endregion


class ApiCall(Input, kw_only=True):
    """Fields of an API call; ``status_code`` is 100 to 599."""

    # region generated: entries API
    route: str | None = None
    method: str | None = None
    status_code: int | None = None
    ip_address: str | None = None
    user_agent: str | None = None
    batch_size: int | None = None
    resource_id: str | None = None
    # endregion


class ToolUse(Input, kw_only=True):
    """Fields of a tool call; ``tokens_prevented`` is original - actual, and replaces one of them."""

    # region generated: entries TOOL
    tool_name: str | None = None
    operation_mode: str | None = None
    file_path: str | None = None
    parameters: Json | None = None
    tokens_original: int | None = None
    tokens_actual: int | None = None
    tokens_prevented: int | None = None
    # endregion


class LlmCall(Input, kw_only=True):
    """Fields of a model call.

    ``input_tokens`` includes tokens read from and written to a cache, unless
    ``input_tokens_exclude_cache`` is set; ``output_tokens`` includes reasoning.
    """

    # region generated: entries LLM
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
    # endregion


class Interaction(Input, kw_only=True):
    """Type and number of units that a call counts, at least 1.

    The monthly counter always counts it; limits only if ``counts_against_limits``.
    """

    # region generated: entries INTERACTION
    type: str
    units: int = 1
    counts_against_limits: bool = True
    # endregion


class Entry(Input, kw_only=True):
    """Base of everything in a batch; ``field`` is its name there."""

    field: ClassVar[str]


class Operation(Entry, kw_only=True):
    field = "operation"
    # region generated: entries COMMON
    occurred_at: datetime | None = None
    kind: Kind
    name: str
    id: UUID | None = None
    operation_type: str | None = None
    outcome: Outcome = "OK"
    error: str | None = None
    duration_ms: float | None = None
    session_id: str | None = None
    request_id: UUID | None = None
    stage: str | None = None
    correlation_id: str | None = None
    trace_id: str | None = None
    client: str | None = None
    cache_hit: bool | None = None
    attributes: Json | None = None
    # endregion
    labels: Labels | None = None
    api: ApiCall | None = None
    tool: ToolUse | None = None
    llm: LlmCall | None = None
    interaction: Interaction | None = None
    interactions: list[Interaction] | None = None


class Session(Entry, kw_only=True):
    """A session; sending it again with ``ended_at`` ends it. ``id`` is any text."""

    field = "session"
    id: str | None = None
    name: str | None = None
    client: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    labels: Labels | None = None
    attributes: Json | None = None


class Stage(Input, kw_only=True):
    """A planned stage with its weight in the progress and its number of attempts.

    ``stall_after`` is an ISO 8601 duration such as ``PT5M``: how long it may be silent.
    """

    name: str
    weight: float = 1.0
    max_attempts: int = 3
    stall_after: str | None = None


class CreateRequest(Entry, kw_only=True):
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
    """Base of commands to a request; ``event_id`` makes a repeat harmless."""

    request_id: UUID
    event_id: UUID | None = None
    occurred_at: datetime | None = None


class StartRequest(Command, kw_only=True):
    field = "startRequest"


class CompleteRequest(Command, kw_only=True):
    field = "completeRequest"
    result: Json | None = None


class FailRequest(Command, kw_only=True):
    field = "failRequest"
    message: str
    stage: str | None = None
    details: Json | None = None


class CancelRequest(Command, kw_only=True):
    field = "cancelRequest"
    reason: str | None = None


class StageCommand(Command, kw_only=True):
    stage: str
    attempt: int | None = None


class StartStage(StageCommand, kw_only=True):
    """Starts the next attempt of a stage; ``resume`` continues from any status."""

    field = "startStage"
    stall_after: str | None = None
    resume: bool = False


class ProgressStage(StageCommand, kw_only=True):
    """Progress as ``fraction`` 0 to 1, or ``done`` of ``total``. Without either, a heartbeat."""

    field = "progressStage"
    fraction: float | None = None
    done: int | None = None
    total: int | None = None
    message: str | None = None
    data: Json | None = None


class CompleteStage(StageCommand, kw_only=True):
    field = "completeStage"
    output: Json | None = None


class FailStage(StageCommand, kw_only=True):
    field = "failStage"
    message: str
    details: Json | None = None
    retryable: bool = True


class RetryStage(StageCommand, kw_only=True):
    """Runs a failed stage again; ``force`` (scope ADMIN) overrides the rules."""

    field = "retryStage"
    force: bool = False


class RetryRequest(Command, kw_only=True):
    """Runs a failed request again, from its error stage unless ``start_stage`` is False."""

    field = "retryRequest"
    force: bool = False
    start_stage: bool = True


class LogEvent(Command, kw_only=True):
    field = "logEvent"
    type: str
    severity: Severity = "INFO"
    stage: str | None = None
    message: str | None = None
    data: Json | None = None


class CircuitBreaker(Entry, kw_only=True):
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
"""Entry types by their names in a batch."""

"""Typed keyword arguments of the recording methods, with their alternative names."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from trackstore.entries import ApiCall, Interaction, LlmCall, Outcome, ToolUse
from trackstore.labels import LabelArguments


class SharedArguments(LabelArguments, total=False):
    """What any operation may carry beside its own facts.

    ``id`` (UUIDv7, default: a new one), ``occurred_at`` (an aware datetime or a Unix timestamp;
    default: the time inside the id), ``duration_ms``, ``error`` (text or exception), ``outcome``
    (default: ERROR with an error text, else OK), ``cache_hit``, ``interaction`` (a type, or an
    ``Interaction``: what the call counts), ``interactions`` (what it counts beside that) and free
    ``attributes``. ``request_id``, ``stage``, ``session_id`` (any text), ``correlation_id`` and
    ``trace_id`` are taken from the context where they are left out.
    """

    # region generated: arguments COMMON without kind name
    occurred_at: datetime | float | str | None
    id: UUID | str | None
    operation_type: str | None
    outcome: Outcome | str | None
    error: str | BaseException | None
    duration_ms: float | timedelta | None
    session_id: UUID | str | None
    request_id: UUID | str | None
    stage: str | None
    correlation_id: str | None
    trace_id: str | None
    client: str | None
    cache_hit: bool | None
    attributes: Mapping[str, Any] | None
    # endregion
    interaction: Interaction | Mapping[str, Any] | str | None
    interactions: Sequence[Interaction | Mapping[str, Any] | str] | None
    # Names that services already have.
    latency_ms: float | timedelta | None
    response_time_ms: float | timedelta | None
    duration: float | timedelta | None
    started_at: datetime | float | None
    start_time: datetime | float | None
    timestamp: datetime | float | str | None
    created_at: datetime | float | str | None
    end_user_id: str | None
    api_key: str | None
    client_type: str | None
    tool_id: str | None
    metadata: Mapping[str, Any] | None
    error_message: str | BaseException | None
    error_details: Mapping[str, Any] | None
    stage_name: str | None


class CallFacts(TypedDict, total=False):
    # region generated: arguments API without route method
    status_code: int | None
    ip_address: str | None
    user_agent: str | None
    batch_size: int | None
    resource_id: str | None
    # endregion
    memory_id: str | None
    is_memory_operation: bool | None


class RouteFacts(TypedDict, total=False):
    route: str | None
    method: str | None
    counts_against_plan: bool


class ToolFacts(TypedDict, total=False):
    tool: ToolUse | Mapping[str, Any] | str | None
    mode: str | None
    # region generated: arguments TOOL without tool_name operation_mode tokens_prevented
    file_path: str | None
    parameters: Mapping[str, Any] | None
    tokens_original: int | None
    tokens_actual: int | None
    # endregion


class ToolNames(TypedDict, total=False):
    tool_name: str | None
    operation_mode: str | None
    tokens_prevented: int | None


class ModelFacts(TypedDict, total=False):
    # region generated: arguments LLM without model message response
    provider: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    cache_write_input_tokens: int | None
    reasoning_tokens: int | None
    audio_input_tokens: int | None
    audio_output_tokens: int | None
    input_tokens_exclude_cache: bool
    # endregion
    usage: Any
    user_email: str | None
    tokens_used: int | None


class ChatFacts(TypedDict, total=False):
    message: Any
    response: Any
    model: str | None
    email: str | None
    tokens: int | None


class Parts(TypedDict, total=False):
    api: ApiCall | Mapping[str, Any] | None
    llm: LlmCall | Mapping[str, Any] | None


class OperationArguments(
    SharedArguments, CallFacts, RouteFacts, ToolFacts, ToolNames, ModelFacts, ChatFacts, Parts,
    total=False,
):  # fmt: skip
    pass


class ApiArguments(
    SharedArguments, CallFacts, ToolFacts, ToolNames, ModelFacts, ChatFacts, Parts, total=False
):
    pass


class ToolArguments(
    SharedArguments, CallFacts, RouteFacts, ToolNames, ModelFacts, ChatFacts, Parts, total=False
):
    pass


class ChatArguments(
    SharedArguments, CallFacts, RouteFacts, ToolFacts, ToolNames, ModelFacts, Parts, total=False
):
    pass


class CallArguments(
    SharedArguments, CallFacts, RouteFacts, ToolFacts, ToolNames, ModelFacts, ChatFacts, total=False
):
    counts: bool | None

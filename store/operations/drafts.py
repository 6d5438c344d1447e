"""What an operation looks like as a caller sends it; any object with these attributes will do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from models.enums import OperationKind, Outcome
from store.auth.access import LabelsDraft


class ApiCallDraft(Protocol):
    route: str | None
    method: str | None
    status_code: int | None
    ip_address: str | None
    user_agent: str | None
    batch_size: int | None
    resource_id: str | None


class ToolUseDraft(Protocol):
    tool_name: str | None
    operation_mode: str | None
    file_path: str | None
    parameters: Any
    tokens_original: int | None
    tokens_actual: int | None
    tokens_prevented: int | None


class LlmCallDraft(Protocol):
    """What a model call has, and any operation may have.

    Cache reads, cache writes and audio input are part of ``input_tokens``, unless
    ``input_tokens_exclude_cache`` says that reads and writes come on top of it; reasoning and
    audio output are part of ``output_tokens``.
    """

    provider: str | None
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    cache_write_input_tokens: int | None
    reasoning_tokens: int | None
    audio_input_tokens: int | None
    audio_output_tokens: int | None
    input_tokens_exclude_cache: bool
    message: str | None
    response: str | None


class InteractionUseDraft(Protocol):
    type: str
    units: int
    counts_against_limits: bool


class OperationDraft(Protocol):
    id: UUID | None
    occurred_at: datetime | None
    kind: OperationKind
    name: str
    operation_type: str | None
    outcome: Outcome
    error: str | None
    duration_ms: float | None
    request_id: UUID | None
    stage: str | None
    correlation_id: str | None
    trace_id: str | None
    client: str | None
    cache_hit: bool | None
    attributes: Any

    @property
    def session_id(self) -> str | None: ...
    @property
    def labels(self) -> LabelsDraft | None: ...
    @property
    def api(self) -> ApiCallDraft | None: ...
    @property
    def tool(self) -> ToolUseDraft | None: ...
    @property
    def llm(self) -> LlmCallDraft | None: ...
    @property
    def interaction(self) -> InteractionUseDraft | None: ...
    @property
    def interactions(self) -> Sequence[InteractionUseDraft] | None: ...

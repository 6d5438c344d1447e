"""What an operation looks like as a caller sends it; any object with these attributes will do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from models.enums import OperationKind, Outcome
from store.auth.access import LabelsDraft


class ApiCallDraft(Protocol):
    # region generated: drafts API
    route: str | None
    method: str | None
    status_code: int | None
    ip_address: str | None
    user_agent: str | None
    batch_size: int | None
    resource_id: str | None
    # endregion


class ToolUseDraft(Protocol):
    # region generated: drafts TOOL
    tool_name: str | None
    operation_mode: str | None
    file_path: str | None
    parameters: Any
    tokens_original: int | None
    tokens_actual: int | None
    tokens_prevented: int | None
    # endregion


class LlmCallDraft(Protocol):
    """What a model call has, and any operation may have.

    Cache reads, cache writes and audio input are part of ``input_tokens``, unless
    ``input_tokens_exclude_cache`` says that reads and writes come on top of it; reasoning and
    audio output are part of ``output_tokens``.
    """

    # region generated: drafts LLM
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
    # endregion


class InteractionUseDraft(Protocol):
    # region generated: drafts INTERACTION
    type: str
    units: int
    counts_against_limits: bool
    # endregion


class OperationDraft(Protocol):
    # region generated: drafts COMMON
    occurred_at: datetime | None
    kind: OperationKind
    name: str
    id: UUID | None
    operation_type: str | None
    outcome: Outcome
    error: str | None
    duration_ms: float | None

    @property
    def session_id(self) -> str | None: ...

    request_id: UUID | None
    stage: str | None
    correlation_id: str | None
    trace_id: str | None
    client: str | None
    cache_hit: bool | None
    attributes: Any
    # endregion

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

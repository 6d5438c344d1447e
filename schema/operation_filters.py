"""How operations are filtered and ordered."""

from enum import StrEnum
from uuid import UUID

import strawberry

from schema.enums import Direction, OperationKind, Outcome, PriceStatus, register
from schema.filters import (
    AttributeFilter,
    FloatFilter,
    IDFilter,
    LongFilter,
    StringFilter,
    TimeFilter,
)
from schema.hydration import described
from store.records import Order


@strawberry.input(description="Which operations. All that is given must hold.")
class OperationFilter:
    """Every label, name and number of an operation."""

    and_: list["OperationFilter"] | None = described("All of these.", default=None, name="and")
    or_: list["OperationFilter"] | None = described("Any of these.", default=None, name="or")
    not_: "OperationFilter | None" = described("The opposite of this.", default=None, name="not")
    occurred_at: TimeFilter | None = described("When it was finished.", default=None)
    recorded_at: TimeFilter | None = described("When the server took it.", default=None)
    id: list[UUID] | None = described("One of these own ids (uuid).", default=None)
    kind: list[OperationKind] | None = described("One of these kinds.", default=None)
    outcome: list[Outcome] | None = described("One of these outcomes.", default=None)
    price_status: list[PriceStatus] | None = described("Priced or not.", default=None)
    name: StringFilter | None = described("By name.", default=None)
    operation_type: StringFilter | None = described("By operation type.", default=None)
    organization_id: IDFilter | None = described("By organization.", default=None)
    namespace_id: IDFilter | None = described("By namespace.", default=None)
    workspace_id: IDFilter | None = described("By workspace.", default=None)
    user_id: IDFilter | None = described("By user.", default=None)
    developer_id: IDFilter | None = described("By developer.", default=None)
    api_key_id: IDFilter | None = described("By API key label.", default=None)
    company_id: IDFilter | None = described("By company.", default=None)
    subscription_id: IDFilter | None = described("By subscription.", default=None)
    session_id: list[UUID] | None = described("One of these sessions.", default=None)
    request_id: list[UUID] | None = described("One of these requests.", default=None)
    stage: StringFilter | None = described("By stage of the request.", default=None)
    correlation_id: StringFilter | None = described("By correlation id.", default=None)
    trace_id: StringFilter | None = described("By trace.", default=None)
    client: StringFilter | None = described("By client or tool id.", default=None)
    error: StringFilter | None = described("By error text.", default=None)
    route: StringFilter | None = described("By route.", default=None)
    method: StringFilter | None = described("By HTTP method.", default=None)
    status_code: LongFilter | None = described("By HTTP status.", default=None)
    ip_address: StringFilter | None = described("By the caller's address.", default=None)
    user_agent: StringFilter | None = described("By user agent.", default=None)
    batch_size: LongFilter | None = described("By batch size.", default=None)
    resource_id: StringFilter | None = described("By resource.", default=None)
    tool_name: StringFilter | None = described("By tool.", default=None)
    operation_mode: StringFilter | None = described("By mode.", default=None)
    file_path: StringFilter | None = described("By file.", default=None)
    tokens_original: LongFilter | None = described("By original tokens.", default=None)
    tokens_actual: LongFilter | None = described("By actual tokens.", default=None)
    tokens_prevented: LongFilter | None = described("By prevented tokens.", default=None)
    provider: StringFilter | None = described("By provider.", default=None)
    model: StringFilter | None = described("By model.", default=None)
    input_tokens: LongFilter | None = described("By input tokens.", default=None)
    output_tokens: LongFilter | None = described("By output tokens.", default=None)
    cached_input_tokens: LongFilter | None = described("By cached input tokens.", default=None)
    cache_write_input_tokens: LongFilter | None = described(
        "By input tokens written to a cache.", default=None
    )
    reasoning_tokens: LongFilter | None = described("By reasoning tokens.", default=None)
    audio_input_tokens: LongFilter | None = described("By audio input tokens.", default=None)
    audio_output_tokens: LongFilter | None = described("By audio output tokens.", default=None)
    duration_ms: FloatFilter | None = described("By duration in milliseconds.", default=None)
    cache_hit: bool | None = described("Whether a cache answered.", default=None)
    interaction_type: StringFilter | None = described("By interaction type.", default=None)
    units: LongFilter | None = described("By counted units.", default=None)
    attributes: list[AttributeFilter] | None = described("By places in attributes.", default=None)


class OperationOrderField(StrEnum):
    """What operations can be ordered by; values are columns."""

    OCCURRED_AT = "occurred_at"
    DURATION_MS = "duration_ms"
    STATUS_CODE = "status_code"
    TOKENS_ORIGINAL = "tokens_original"
    TOKENS_ACTUAL = "tokens_actual"
    TOKENS_PREVENTED = "tokens_prevented"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CACHED_INPUT_TOKENS = "cached_input_tokens"
    CACHE_WRITE_INPUT_TOKENS = "cache_write_input_tokens"
    REASONING_TOKENS = "reasoning_tokens"
    AUDIO_INPUT_TOKENS = "audio_input_tokens"
    AUDIO_OUTPUT_TOKENS = "audio_output_tokens"
    COST_ACTUAL = "cost_actual"
    COST_SAVED = "cost_saved"


register(
    OperationOrderField,
    "What operations can be ordered by.",
    OCCURRED_AT="When it was finished; the default, newest first.",
    DURATION_MS="How long it took.",
    STATUS_CODE="HTTP status.",
    TOKENS_ORIGINAL="Original tokens.",
    TOKENS_ACTUAL="Actual tokens.",
    TOKENS_PREVENTED="Prevented tokens.",
    INPUT_TOKENS="Input tokens.",
    OUTPUT_TOKENS="Output tokens.",
    CACHED_INPUT_TOKENS="Input tokens read from a cache.",
    CACHE_WRITE_INPUT_TOKENS="Input tokens written to a cache.",
    REASONING_TOKENS="Reasoning tokens.",
    AUDIO_INPUT_TOKENS="Input tokens of audio.",
    AUDIO_OUTPUT_TOKENS="Output tokens of audio.",
    COST_ACTUAL="Cost.",
    COST_SAVED="Cost saved.",
)


@strawberry.input(description="One step of an order of operations.")
class OperationOrder:
    """A field and a direction."""

    field: OperationOrderField = described("What to order by.")
    direction: Direction = described("Which way.", default=Direction.DESC)

    def order(self) -> Order:
        """The same for the store."""
        return Order(self.field.value, self.direction is Direction.DESC)

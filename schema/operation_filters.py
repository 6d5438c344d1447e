"""How operations are filtered and ordered."""

from enum import StrEnum
from uuid import UUID

import strawberry

from schema.conditions import condition
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
from store.query.records import Order


@strawberry.input(description="Which operations. All that is given must hold.")
class OperationFilter:
    """Every label, name and number of an operation."""

    and_: list["OperationFilter"] | None = condition("All of these.", name="and")
    or_: list["OperationFilter"] | None = condition("Any of these.", name="or")
    not_: "OperationFilter | None" = condition("The opposite of this.", name="not")
    occurred_at: TimeFilter | None = condition("When it was finished.")
    recorded_at: TimeFilter | None = condition("When the server took it.")
    id: list[UUID] | None = condition("One of these own ids (uuid).")
    kind: list[OperationKind] | None = condition("One of these kinds.")
    outcome: list[Outcome] | None = condition("One of these outcomes.")
    price_status: list[PriceStatus] | None = condition("Priced or not.")
    name: StringFilter | None = condition("By name.")
    operation_type: StringFilter | None = condition("By operation type.")
    organization_id: IDFilter | None = condition("By organization.")
    namespace_id: IDFilter | None = condition("By namespace.")
    workspace_id: IDFilter | None = condition("By workspace.")
    user_id: IDFilter | None = condition("By user.")
    developer_id: IDFilter | None = condition("By developer.")
    api_key_id: IDFilter | None = condition("By API key label.")
    company_id: IDFilter | None = condition("By company.")
    subscription_id: IDFilter | None = condition("By subscription.")
    session_id: list[strawberry.ID] | None = condition("One of these sessions.")
    request_id: list[UUID] | None = condition("One of these requests.")
    stage: StringFilter | None = condition("By stage of the request.")
    correlation_id: StringFilter | None = condition("By correlation id.")
    trace_id: StringFilter | None = condition("By trace.")
    client: StringFilter | None = condition("By client or tool id.")
    error: StringFilter | None = condition("By error text.")
    route: StringFilter | None = condition("By route.")
    method: StringFilter | None = condition("By HTTP method.")
    status_code: LongFilter | None = condition("By HTTP status.")
    ip_address: StringFilter | None = condition("By the caller's address.")
    user_agent: StringFilter | None = condition("By user agent.")
    batch_size: LongFilter | None = condition("By batch size.")
    resource_id: StringFilter | None = condition("By resource.")
    tool_name: StringFilter | None = condition("By tool.")
    operation_mode: StringFilter | None = condition("By mode.")
    file_path: StringFilter | None = condition("By file.")
    tokens_original: LongFilter | None = condition("By original tokens.")
    tokens_actual: LongFilter | None = condition("By actual tokens.")
    tokens_prevented: LongFilter | None = condition("By prevented tokens.")
    provider: StringFilter | None = condition("By provider.")
    model: StringFilter | None = condition("By model.")
    input_tokens: LongFilter | None = condition("By input tokens.")
    output_tokens: LongFilter | None = condition("By output tokens.")
    cached_input_tokens: LongFilter | None = condition("By cached input tokens.")
    cache_write_input_tokens: LongFilter | None = condition("By input tokens written to a cache.")
    reasoning_tokens: LongFilter | None = condition("By reasoning tokens.")
    audio_input_tokens: LongFilter | None = condition("By audio input tokens.")
    audio_output_tokens: LongFilter | None = condition("By audio output tokens.")
    duration_ms: FloatFilter | None = condition("By duration in milliseconds.")
    cache_hit: bool | None = condition("Whether a cache answered.")
    interaction_type: StringFilter | None = condition(
        "By the type of the first interaction that it counted."
    )
    units: LongFilter | None = condition("By the units of that interaction.")
    counts_against_limits: bool | None = condition("Whether limits counted that interaction.")
    attributes: list[AttributeFilter] | None = condition("By places in attributes.")


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

"""How operations are filtered and ordered."""

from enum import StrEnum

import strawberry

from models.field_declarations import Role
from models.operation_fields import fields_with
from schema.conditions import condition
from schema.enums import Direction, OperationKind, Outcome, PriceStatus, register
from schema.filter_operators import (
    AttributeFilter,
    BooleanFilter,
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    LongFilter,
    StringFilter,
    UUIDFilter,
    ValueFilter,
)
from schema.hydration import described
from store.query.records import Order


@strawberry.input(description="Filters operations. Conditions are combined with AND.")
class OperationFilter:
    """Every label, name and number of an operation."""

    and_: list["OperationFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["OperationFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "OperationFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    occurred_at: DateTimeFilter | None = condition("Filters by the time it finished.")
    recorded_at: DateTimeFilter | None = condition("Filters by the time the server recorded it.")
    id: UUIDFilter | None = condition("Filters by uuid.")
    kind: ValueFilter[OperationKind] | None = condition("Filters by kind.")
    outcome: ValueFilter[Outcome] | None = condition("Filters by outcome.")
    price_status: ValueFilter[PriceStatus] | None = condition("Filters by price status.")
    name: StringFilter | None = condition("Filters by name.")
    operation_type: StringFilter | None = condition("Filters by operation type.")
    organization_id: IDFilter | None = condition("Filters by organization.")
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    user_id: IDFilter | None = condition("Filters by user.")
    developer_id: IDFilter | None = condition("Filters by developer.")
    api_key_id: IDFilter | None = condition("Filters by API key label.")
    company_id: IDFilter | None = condition("Filters by company.")
    subscription_id: IDFilter | None = condition("Filters by subscription.")
    session_id: IDFilter | None = condition("Filters by session.")
    request_id: UUIDFilter | None = condition("Filters by request.")
    stage: StringFilter | None = condition("Filters by stage of the request.")
    correlation_id: StringFilter | None = condition("Filters by correlation id.")
    trace_id: StringFilter | None = condition("Filters by trace.")
    client: StringFilter | None = condition("Filters by client or tool id.")
    error: StringFilter | None = condition("Filters by error text.")
    route: StringFilter | None = condition("Filters by route.")
    method: StringFilter | None = condition("Filters by HTTP method.")
    status_code: LongFilter | None = condition("Filters by HTTP status.")
    ip_address: StringFilter | None = condition("Filters by the caller's address.")
    user_agent: StringFilter | None = condition("Filters by user agent.")
    batch_size: LongFilter | None = condition("Filters by batch size.")
    resource_id: StringFilter | None = condition("Filters by resource.")
    tool_name: StringFilter | None = condition("Filters by tool.")
    operation_mode: StringFilter | None = condition("Filters by mode.")
    file_path: StringFilter | None = condition("Filters by file.")
    tokens_original: LongFilter | None = condition("Filters by original tokens.")
    tokens_actual: LongFilter | None = condition("Filters by actual tokens.")
    tokens_prevented: LongFilter | None = condition("Filters by prevented tokens.")
    provider: StringFilter | None = condition("Filters by provider.")
    model: StringFilter | None = condition("Filters by model.")
    input_tokens: LongFilter | None = condition("Filters by input tokens.")
    output_tokens: LongFilter | None = condition("Filters by output tokens.")
    cached_input_tokens: LongFilter | None = condition("Filters by cached input tokens.")
    cache_write_input_tokens: LongFilter | None = condition(
        "Filters by input tokens written to a cache."
    )
    reasoning_tokens: LongFilter | None = condition("Filters by reasoning tokens.")
    audio_input_tokens: LongFilter | None = condition("Filters by audio input tokens.")
    audio_output_tokens: LongFilter | None = condition("Filters by audio output tokens.")
    duration_ms: FloatFilter | None = condition("Filters by duration in milliseconds.")
    cache_hit: BooleanFilter | None = condition(
        "Filters by whether the response came from a cache."
    )
    interaction_type: StringFilter | None = condition(
        "Filters by the type of the first counted interaction."
    )
    units: LongFilter | None = condition("Filters by the units of the first counted interaction.")
    counts_against_limits: BooleanFilter | None = condition(
        "Filters by whether limits counted the first interaction."
    )
    attributes: list[AttributeFilter] | None = condition("Filters by paths in attributes.")


class OperationOrderField(StrEnum):
    """What operations can be ordered by; values are columns."""

    # region generated: order_members
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
    # endregion


register(
    OperationOrderField,
    "Fields that operations can be ordered by.",
    **{field.name.upper(): field.description for field in fields_with(Role.ORDER)},
)


@strawberry.input(description="One term of the order of operations.")
class OperationOrder:
    """A field and a direction."""

    field: OperationOrderField = described("Field to order by.")
    direction: Direction = described("Sort direction.", default=Direction.DESC)

    def order(self) -> Order:
        """The same for the store."""
        return Order(self.field.value, self.direction is Direction.DESC)

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
    # region generated: filters without attributes
    occurred_at: DateTimeFilter | None = condition("When the call finished.")
    recorded_at: DateTimeFilter | None = condition("When the server recorded it.")
    kind: ValueFilter[OperationKind] | None = condition("Main kind: API, TOOL or LLM.")
    name: StringFilter | None = condition(
        "Name of the route, tool or model call, used for grouping."
    )
    id: UUIDFilter | None = condition(
        "UUIDv7 chosen by the client, which makes retries idempotent."
    )
    operation_type: StringFilter | None = condition("Operation type, such as add_memory.")
    outcome: ValueFilter[Outcome] | None = condition("Outcome.")
    error: StringFilter | None = condition("Error text.")
    duration_ms: FloatFilter | None = condition("Duration in milliseconds.")
    organization_id: IDFilter | None = condition("Organization id.")
    namespace_id: IDFilter | None = condition("Namespace id.")
    workspace_id: IDFilter | None = condition("Workspace id.")
    user_id: IDFilter | None = condition("User id.")
    developer_id: IDFilter | None = condition("Developer id.")
    api_key_id: IDFilter | None = condition("API key label.")
    company_id: IDFilter | None = condition("Company id.")
    subscription_id: IDFilter | None = condition("Subscription id.")
    session_id: IDFilter | None = condition("Session id.")
    request_id: UUIDFilter | None = condition("The request that the call was made for.")
    stage: StringFilter | None = condition("Stage of the request.")
    correlation_id: StringFilter | None = condition(
        "Links the operation to records of other services."
    )
    trace_id: StringFilter | None = condition("Trace id.")
    client: StringFilter | None = condition("Client program: X-Client-Type or a tool id.")
    route: StringFilter | None = condition("Route, such as v1/memory.")
    method: StringFilter | None = condition("HTTP method.")
    status_code: LongFilter | None = condition("HTTP status code, 100 to 599.")
    ip_address: StringFilter | None = condition("IP address of the caller.")
    user_agent: StringFilter | None = condition("User agent of the caller.")
    batch_size: LongFilter | None = condition("Number of items in the call.")
    resource_id: StringFilter | None = condition("The resource that the call concerned.")
    tool_name: StringFilter | None = condition("Tool name.")
    operation_mode: StringFilter | None = condition("Mode of use.")
    file_path: StringFilter | None = condition("Path of the file that the tool was used on.")
    tokens_original: LongFilter | None = condition("Tokens without the tool's savings.")
    tokens_actual: LongFilter | None = condition(
        "Tokens with the tool's savings. May exceed tokensOriginal."
    )
    tokens_prevented: LongFilter | None = condition(
        "tokensOriginal - tokensActual; negative if the tool used more."
    )
    provider: StringFilter | None = condition("Provider of the model.")
    model: StringFilter | None = condition("Model name, used to look up the price.")
    input_tokens: LongFilter | None = condition(
        "All input tokens, including tokens read from and written to a cache."
    )
    output_tokens: LongFilter | None = condition("All output tokens, including reasoning tokens.")
    cached_input_tokens: LongFilter | None = condition(
        "Part of inputTokens: tokens read from a cache."
    )
    cache_write_input_tokens: LongFilter | None = condition(
        "Part of inputTokens: tokens written to a cache."
    )
    reasoning_tokens: LongFilter | None = condition("Part of outputTokens: reasoning tokens.")
    audio_input_tokens: LongFilter | None = condition("Part of inputTokens: audio tokens.")
    audio_output_tokens: LongFilter | None = condition("Part of outputTokens: audio tokens.")
    price_status: ValueFilter[PriceStatus] | None = condition(
        "Whether a price was found; null without tokens."
    )
    cache_hit: BooleanFilter | None = condition("Whether the response came from a cache.")
    interaction_type: StringFilter | None = condition(
        "Interaction type, such as mini, premium or api_operation."
    )
    units: LongFilter | None = condition("Number of units, at least 1.")
    counts_against_limits: BooleanFilter | None = condition("Whether limits also count it.")
    # endregion
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
        return Order(self.field.value, self.direction is Direction.DESC)

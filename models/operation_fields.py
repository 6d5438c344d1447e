"""Fields of an operation, each declared once: part, type, check, description, roles, bounds.

Import fields, dimensions and numbers of aggregations, the validator and the bulk loader follow from
this table when the program starts. The columns of the table, drafts, inputs, types and the client's
entries are source code, for type checkers and editors: ``make generate`` writes them.
"""

from models.field_declarations import (
    Check,
    OperationField,
    Part,
    Role,
    Storage,
    ValueType,
)

MAX_DURATION_MS = 10.0**12
MAX_BATCH_SIZE = 1_000_000_000
MIN_STATUS_CODE, MAX_STATUS_CODE = 100, 599
MAX_UNITS = 10**9
MAX_TOKENS = 10**15
"""Tokens of one call; far above any real one, far below where a month's sum could overflow."""

_COMMON, _LABELS, _API = Part.COMMON, Part.LABELS, Part.API
_TOOL, _LLM, _INTERACTION, _DERIVED = Part.TOOL, Part.LLM, Part.INTERACTION, Part.DERIVED
_TEXT, _INTEGER, _BOOLEAN, _ID = (
    ValueType.TEXT, ValueType.INTEGER, ValueType.BOOLEAN, ValueType.ID,
)  # fmt: skip
_NAME, _ANY, _RANGE, _BY_HAND = Check.NAME, Check.NONE, Check.RANGE, Check.BY_HAND
_F = Role.FILTER
_FG, _FA, _FAO = _F | Role.GROUP, _F | Role.AGGREGATE, _F | Role.AGGREGATE | Role.ORDER
_AO, _E = Role.AGGREGATE | Role.ORDER, Role.EXPORT

OPERATION_FIELDS = (
    OperationField(
        "occurred_at", _COMMON, ValueType.INSTANT, _BY_HAND,
        "When the call finished.", _F | Role.ORDER | _E,
        note="Defaults to the time in the id, otherwise to now.",
    ),
    OperationField(
        "recorded_at", _DERIVED, ValueType.INSTANT, _ANY,
        "When the server recorded it.", _F,
        is_required=True,
    ),
    OperationField(
        "kind", _COMMON, ValueType.KIND, _ANY,
        "Main kind: API, TOOL or LLM.", _FG | _E,
        note="An operation of any kind can have details of the others.",
        is_required=True,
    ),
    OperationField(
        "name", _COMMON, _TEXT, _NAME,
        "Name of the route, tool or model call, used for grouping.", _FG | _E,
        is_required=True,
    ),
    OperationField(
        "id", _COMMON, ValueType.UUID, _BY_HAND,
        "UUIDv7 chosen by the client, which makes retries idempotent.", _F,
        note="A retry must carry the same time.",
    ),
    OperationField(
        "operation_type", _COMMON, _TEXT, _NAME,
        "Operation type, such as add_memory.", _FG | _E,
    ),
    OperationField(
        "outcome", _COMMON, ValueType.OUTCOME, _ANY,
        "Outcome.", _FG | _E,
        default="Outcome.OK",
    ),
    OperationField(
        "error", _COMMON, _TEXT, Check.TRUNCATED_TEXT,
        "Error text.", _FG | _E,
        large=True,
    ),
    OperationField(
        "duration_ms", _COMMON, ValueType.MILLISECONDS, _RANGE,
        "Duration in milliseconds.", _FAO | _E,
        maximum=MAX_DURATION_MS,
    ),
    OperationField("organization_id", _LABELS, _ID, _NAME, "Organization id.", _FG | _E),
    OperationField("namespace_id", _LABELS, _ID, _NAME, "Namespace id.", _FG),
    OperationField("workspace_id", _LABELS, _ID, _NAME, "Workspace id.", _FG),
    OperationField("user_id", _LABELS, _ID, _NAME, "User id.", _FG | _E),
    OperationField("developer_id", _LABELS, _ID, _NAME, "Developer id.", _FG),
    OperationField("api_key_id", _LABELS, _ID, _NAME, "API key label.", _FG),
    OperationField("company_id", _LABELS, _ID, _NAME, "Company id.", _FG),
    OperationField("subscription_id", _LABELS, _ID, _NAME, "Subscription id.", _FG),
    OperationField(
        "session_id", _COMMON, ValueType.SESSION_ID, _NAME,
        "Session id.", _FG,
        note="Any text; a UUID is compared in lowercase.",
    ),
    OperationField(
        "request_id", _COMMON, ValueType.UUID, _ANY,
        "The request that the call was made for.", _FG,
    ),
    OperationField("stage", _COMMON, _TEXT, _NAME, "Stage of the request.", _FG),
    OperationField(
        "correlation_id", _COMMON, _TEXT, _NAME,
        "Links the operation to records of other services.", _FG,
    ),
    OperationField("trace_id", _COMMON, _TEXT, _NAME, "Trace id.", _FG),
    OperationField(
        "client", _COMMON, _TEXT, _NAME,
        "Client program: X-Client-Type or a tool id.", _FG | _E,
    ),
    OperationField("route", _API, _TEXT, Check.TEXT, "Route, such as v1/memory.", _FG | _E, large=True),
    OperationField("method", _API, _TEXT, _NAME, "HTTP method.", _FG | _E),
    OperationField(
        "status_code", _API, ValueType.INT32, _RANGE,
        "HTTP status code, 100 to 599.", _FG | _AO | _E,
        minimum=MIN_STATUS_CODE, maximum=MAX_STATUS_CODE,
    ),
    OperationField("ip_address", _API, _TEXT, _NAME, "IP address of the caller.", _FG),
    OperationField(
        "user_agent", _API, _TEXT, Check.TEXT, "User agent of the caller.", _FG, large=True
    ),
    OperationField(
        "batch_size", _API, _INTEGER, _RANGE,
        "Number of items in the call.", _FA,
        maximum=MAX_BATCH_SIZE,
    ),
    OperationField(
        "resource_id", _API, _TEXT, _NAME,
        "The resource that the call concerned.", _FG,
        large=True,
    ),
    OperationField(
        "tool_name", _TOOL, _TEXT, _NAME,
        "Tool name.", _FG | _E,
        note="Defaults to the operation's name.",
    ),
    OperationField("operation_mode", _TOOL, _TEXT, _NAME, "Mode of use.", _FG | _E),
    OperationField(
        "file_path", _TOOL, _TEXT, Check.TEXT,
        "Path of the file that the tool was used on.", _FG,
        large=True,
    ),
    OperationField(
        "parameters", _TOOL, ValueType.OBJECT, Check.OBJECT,
        "Parameters of the call, as an object.",
        large=True,
    ),
    OperationField(
        "tokens_original", _TOOL, _INTEGER, _BY_HAND,
        "Tokens without the tool's savings.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "tokens_actual", _TOOL, _INTEGER, _BY_HAND,
        "Tokens with the tool's savings. May exceed tokensOriginal.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "tokens_prevented", _TOOL, _INTEGER, _BY_HAND,
        "tokensOriginal - tokensActual; negative if the tool used more.", _FAO | _E,
        note="May replace one of the two; otherwise it must match.",
        minimum=-MAX_TOKENS, maximum=MAX_TOKENS,
    ),
    OperationField("provider", _LLM, _TEXT, _NAME, "Provider of the model.", _FG | _E),
    OperationField("model", _LLM, _TEXT, _NAME, "Model name, used to look up the price.", _FG | _E),
    OperationField(
        "input_tokens", _LLM, _INTEGER, _BY_HAND,
        "All input tokens, including tokens read from and written to a cache.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "output_tokens", _LLM, _INTEGER, _BY_HAND,
        "All output tokens, including reasoning tokens.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "cached_input_tokens", _LLM, _INTEGER, _BY_HAND,
        "Part of inputTokens: tokens read from a cache.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "cache_write_input_tokens", _LLM, _INTEGER, _BY_HAND,
        "Part of inputTokens: tokens written to a cache.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "reasoning_tokens", _LLM, _INTEGER, _BY_HAND,
        "Part of outputTokens: reasoning tokens.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "audio_input_tokens", _LLM, _INTEGER, _BY_HAND,
        "Part of inputTokens: audio tokens.", _FAO | _E,
        note="Audio tokens read from a cache may be omitted.",
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "audio_output_tokens", _LLM, _INTEGER, _BY_HAND,
        "Part of outputTokens: audio tokens.", _FAO | _E,
        maximum=MAX_TOKENS,
    ),
    OperationField(
        "input_tokens_exclude_cache", _LLM, _BOOLEAN, _BY_HAND,
        "Set to true if inputTokens excludes tokens read from and written to a cache, as the usage "
        "of Anthropic and Amazon Bedrock does. They are then added to the stored inputTokens.",
        default="False", storage=Storage.NONE,
    ),
    OperationField(
        "message", _LLM, _TEXT, Check.TRUNCATED_LONG_TEXT,
        "The user's message.",
        large=True, storage=Storage.TEXT_TABLE,
    ),
    OperationField(
        "response", _LLM, _TEXT, Check.TRUNCATED_LONG_TEXT,
        "The model's response.",
        large=True, storage=Storage.TEXT_TABLE,
    ),
    OperationField(
        "price_status", _DERIVED, ValueType.PRICE_STATUS, _ANY,
        "Whether a price was found; null without tokens.", _FG | _E,
    ),
    OperationField(
        "cache_hit", _COMMON, _BOOLEAN, _ANY, "Whether the response came from a cache.", _FG | _E
    ),
    OperationField(
        "interaction_type", _INTERACTION, _TEXT, _BY_HAND,
        "Interaction type, such as mini, premium or api_operation.", _FG,
        is_required=True, input_name="type",
    ),
    OperationField(
        "units", _INTERACTION, _INTEGER, _BY_HAND,
        "Number of units, at least 1.", _FA,
        minimum=1, maximum=MAX_UNITS, default="1",
    ),
    OperationField(
        "counts_against_limits", _INTERACTION, _BOOLEAN, _BY_HAND,
        "Whether limits also count it.", _FG,
        note="Set to false to count it only in the monthly counter, not against limits.",
        default="True",
    ),
    OperationField(
        "further_interactions", _COMMON, ValueType.LIST, _BY_HAND,
        "Additional interactions to count; at most 16 per call in total.",
        large=True, input_name="interactions",
    ),
    OperationField(
        "cost_baseline", _DERIVED, ValueType.MONEY, _ANY,
        "Cost in US dollars without savings and caches.", Role.AGGREGATE | _E,
    ),
    OperationField(
        "cost_actual", _DERIVED, ValueType.MONEY, _ANY, "Actual cost in US dollars.", _AO | _E
    ),
    OperationField(
        "cost_saved", _DERIVED, ValueType.MONEY, _ANY,
        "Savings in US dollars: baseline - actual.", _AO | _E,
    ),
    OperationField(
        "attributes", _COMMON, ValueType.OBJECT, Check.OBJECT,
        "Custom attributes, as an object.", _F,
        large=True,
    ),
    OperationField(
        "feed_position", _DERIVED, _INTEGER, _ANY, "Position in the order of commits."
    ),
)  # fmt: skip
"""Every field, in the order in which dimensions and numbers are listed."""
OPERATION_FIELD = {field.name: field for field in OPERATION_FIELDS}


def fields_with(role: Role) -> tuple[OperationField, ...]:
    return tuple(field for field in OPERATION_FIELDS if role in field.roles)


def fields_in(part: Part) -> tuple[OperationField, ...]:
    return tuple(field for field in OPERATION_FIELDS if field.part is part)

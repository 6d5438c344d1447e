"""What callers send to record operations; structurally drafts of the store."""

from datetime import datetime
from uuid import UUID

import strawberry

from schema.enums import OperationKind, OperationMode, Outcome, ToolName
from schema.hydration import described
from schema.labels import LabelsInput
from schema.scalars import JSON, Long

API_DETAILS = "Route, status and caller of a call over HTTP."
TOOL_DETAILS = "The tool that the call used and the tokens that it saved."
LLM_DETAILS = "The model that the call used and its tokens."
INTERACTIONS = "Additional interactions to count; at most 16 per call in total."


@strawberry.input(description="Details of an API call. An operation of any kind can have them.")
class ApiCallInput:
    """Structurally an ``ApiCallDraft``."""

    # region generated: inputs API
    route: str | None = described("Route, such as v1/memory.", default=None)
    method: str | None = described("HTTP method.", default=None)
    status_code: int | None = described("HTTP status code, 100 to 599.", default=None)
    ip_address: str | None = described("IP address of the caller.", default=None)
    user_agent: str | None = described("User agent of the caller.", default=None)
    batch_size: Long | None = described("Number of items in the call.", default=None)
    resource_id: str | None = described("The resource that the call concerned.", default=None)
    # endregion


@strawberry.input(description="Details of a tool call. An operation of any kind can have them.")
class ToolUseInput:
    """Structurally a ``ToolUseDraft``."""

    # region generated: inputs TOOL
    tool_name: str | None = described("Tool name. Defaults to the operation's name.", default=None)
    operation_mode: str | None = described("Mode of use.", default=None)
    file_path: str | None = described("Path of the file that the tool was used on.", default=None)
    parameters: JSON | None = described("Parameters of the call, as an object.", default=None)
    tokens_original: Long | None = described("Tokens without the tool's savings.", default=None)
    tokens_actual: Long | None = described(
        "Tokens with the tool's savings. May exceed tokensOriginal.", default=None
    )
    tokens_prevented: Long | None = described(
        "tokensOriginal - tokensActual; negative if the tool used more. May "
        "replace one of the two; otherwise it must match.",
        default=None,
    )
    # endregion


@strawberry.input(description="Details of a model call. An operation of any kind can have them.")
class LlmCallInput:
    """Structurally an ``LlmCallDraft``."""

    # region generated: inputs LLM
    provider: str | None = described("Provider of the model.", default=None)
    model: str | None = described("Model name, used to look up the price.", default=None)
    input_tokens: Long | None = described(
        "All input tokens, including tokens read from and written to a cache.", default=None
    )
    output_tokens: Long | None = described(
        "All output tokens, including reasoning tokens.", default=None
    )
    cached_input_tokens: Long | None = described(
        "Part of inputTokens: tokens read from a cache.", default=None
    )
    cache_write_input_tokens: Long | None = described(
        "Part of inputTokens: tokens written to a cache.", default=None
    )
    reasoning_tokens: Long | None = described(
        "Part of outputTokens: reasoning tokens.", default=None
    )
    audio_input_tokens: Long | None = described(
        "Part of inputTokens: audio tokens. Audio tokens read from a cache may be omitted.",
        default=None,
    )
    audio_output_tokens: Long | None = described(
        "Part of outputTokens: audio tokens.", default=None
    )
    input_tokens_exclude_cache: bool = described(
        "Set to true if inputTokens excludes tokens read from and written to a "
        "cache, as the usage of Anthropic and Amazon Bedrock does. They are "
        "then added to the stored inputTokens.",
        default=False,
    )
    message: str | None = described("The user's message.", default=None)
    response: str | None = described("The model's response.", default=None)
    # endregion


@strawberry.input(description="An interaction that a call counts, and its units.")
class InteractionUseInput:
    """Structurally an ``InteractionUseDraft``."""

    # region generated: inputs INTERACTION
    type: str = described("Interaction type, such as mini, premium or api_operation.")
    units: Long = described("Number of units, at least 1.", default=1)
    counts_against_limits: bool = described(
        "Whether limits also count it. Set to false to count it only in the "
        "monthly counter, not against limits.",
        default=True,
    )
    # endregion


@strawberry.input(description="One finished call of any kind.")
class OperationInput:
    """Structurally an ``OperationDraft``."""

    # region generated: inputs COMMON
    occurred_at: datetime | None = described(
        "When the call finished. Defaults to the time in the id, otherwise to now.", default=None
    )
    kind: OperationKind = described(
        "Main kind: API, TOOL or LLM. An operation of any kind can have details of the others."
    )
    name: str = described("Name of the route, tool or model call, used for grouping.")
    id: UUID | None = described(
        "UUIDv7 chosen by the client, which makes retries idempotent. A retry "
        "must carry the same time.",
        default=None,
    )
    operation_type: str | None = described("Operation type, such as add_memory.", default=None)
    outcome: Outcome = described("Outcome.", default=Outcome.OK)
    error: str | None = described("Error text.", default=None)
    duration_ms: float | None = described("Duration in milliseconds.", default=None)
    session_id: strawberry.ID | None = described(
        "Session id. Any text; a UUID is compared in lowercase.", default=None
    )
    request_id: UUID | None = described("The request that the call was made for.", default=None)
    stage: str | None = described("Stage of the request.", default=None)
    correlation_id: str | None = described(
        "Links the operation to records of other services.", default=None
    )
    trace_id: str | None = described("Trace id.", default=None)
    client: str | None = described("Client program: X-Client-Type or a tool id.", default=None)
    cache_hit: bool | None = described("Whether the response came from a cache.", default=None)
    attributes: JSON | None = described("Custom attributes, as an object.", default=None)
    # endregion
    labels: LabelsInput | None = described("Labels of the caller.", default=None)
    api: ApiCallInput | None = described(API_DETAILS, default=None)
    tool: ToolUseInput | None = described(TOOL_DETAILS, default=None)
    llm: LlmCallInput | None = described(LLM_DETAILS, default=None)
    interaction: InteractionUseInput | None = described(
        "Interaction that this call counts, in the monthly counter and against every limit.",
        default=None,
    )
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)


@strawberry.input(description="A finished API call, as reported by API middleware.")
class ApiOperationInput:
    """The words of an API that counts operations per route."""

    route: str = described("Route, such as v1/memory.")
    method: str = described("HTTP method.")
    operation_type: str | None = described(
        "Operation type, such as add_memory. Defaults to one inferred from method and route.",
        default=None,
    )
    # region generated: inputs API without route method
    status_code: int | None = described("HTTP status code, 100 to 599.", default=None)
    ip_address: str | None = described("IP address of the caller.", default=None)
    user_agent: str | None = described("User agent of the caller.", default=None)
    batch_size: Long | None = described("Number of items in the call.", default=None)
    resource_id: str | None = described("The resource that the call concerned.", default=None)
    # endregion
    # region generated: inputs COMMON without kind name operation_type outcome
    occurred_at: datetime | None = described(
        "When the call finished. Defaults to the time in the id, otherwise to now.", default=None
    )
    id: UUID | None = described(
        "UUIDv7 chosen by the client, which makes retries idempotent. A retry "
        "must carry the same time.",
        default=None,
    )
    error: str | None = described("Error text.", default=None)
    duration_ms: float | None = described("Duration in milliseconds.", default=None)
    session_id: strawberry.ID | None = described(
        "Session id. Any text; a UUID is compared in lowercase.", default=None
    )
    request_id: UUID | None = described("The request that the call was made for.", default=None)
    stage: str | None = described("Stage of the request.", default=None)
    correlation_id: str | None = described(
        "Links the operation to records of other services.", default=None
    )
    trace_id: str | None = described("Trace id.", default=None)
    client: str | None = described("Client program: X-Client-Type or a tool id.", default=None)
    cache_hit: bool | None = described("Whether the response came from a cache.", default=None)
    attributes: JSON | None = described("Custom attributes, as an object.", default=None)
    # endregion
    outcome: Outcome | None = described(
        "Defaults to ERROR if there is an error text or a status code of 500 or above, "
        "otherwise to OK.",
        default=None,
    )
    labels: LabelsInput | None = described("Labels of the caller.", default=None)
    counts_against_plan: bool = described(
        "Whether the call counts against limits of interaction type api_operation. The "
        "monthly counter of that type always counts one unit per call.",
        default=False,
    )
    interaction: InteractionUseInput | None = described(
        "Interaction to count instead of api_operation. It states itself whether limits count it.",
        default=None,
    )
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)
    tool: ToolUseInput | None = described(TOOL_DETAILS, default=None)
    llm: LlmCallInput | None = described(LLM_DETAILS, default=None)


@strawberry.input(description="A use of a code-reading tool.")
class ToolOperationInput:
    """The words of a tool server that measures what its modes save."""

    tool: ToolName = described("read or search.")
    mode: OperationMode = described("Mode of use.")
    # region generated: inputs TOOL without tool_name operation_mode tokens_prevented
    file_path: str | None = described("Path of the file that the tool was used on.", default=None)
    parameters: JSON | None = described("Parameters of the call, as an object.", default=None)
    tokens_original: Long | None = described("Tokens without the tool's savings.", default=None)
    tokens_actual: Long | None = described(
        "Tokens with the tool's savings. May exceed tokensOriginal.", default=None
    )
    # endregion
    tokens_prevented: Long | None = described(
        "tokensOriginal - tokensActual; negative if the tool used more. Two of the three are "
        "required.",
        default=None,
    )
    tool_id: str | None = described("Client program, such as claude-code or cursor.", default=None)
    # region generated: inputs COMMON without kind name outcome client
    occurred_at: datetime | None = described(
        "When the call finished. Defaults to the time in the id, otherwise to now.", default=None
    )
    id: UUID | None = described(
        "UUIDv7 chosen by the client, which makes retries idempotent. A retry "
        "must carry the same time.",
        default=None,
    )
    operation_type: str | None = described("Operation type, such as add_memory.", default=None)
    error: str | None = described("Error text.", default=None)
    duration_ms: float | None = described("Duration in milliseconds.", default=None)
    session_id: strawberry.ID | None = described(
        "Session id. Any text; a UUID is compared in lowercase.", default=None
    )
    request_id: UUID | None = described("The request that the call was made for.", default=None)
    stage: str | None = described("Stage of the request.", default=None)
    correlation_id: str | None = described(
        "Links the operation to records of other services.", default=None
    )
    trace_id: str | None = described("Trace id.", default=None)
    cache_hit: bool | None = described("Whether the response came from a cache.", default=None)
    attributes: JSON | None = described("Custom attributes, as an object.", default=None)
    # endregion
    outcome: Outcome | None = described(
        "Defaults to ERROR if there is an error text, otherwise to OK.", default=None
    )
    labels: LabelsInput | None = described("Labels of the use.", default=None)
    api: ApiCallInput | None = described(API_DETAILS, default=None)
    llm: LlmCallInput | None = described(LLM_DETAILS, default=None)
    interaction: InteractionUseInput | None = described(
        "Interaction that this use counts.", default=None
    )
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)


@strawberry.input(description="One exchange of a chat.")
class ChatInput:
    """The words of a chat service."""

    message: str = described("The user's message.")
    response: str | None = described("The model's response.", default=None)
    # region generated: inputs LLM without message response
    provider: str | None = described("Provider of the model.", default=None)
    model: str | None = described("Model name, used to look up the price.", default=None)
    input_tokens: Long | None = described(
        "All input tokens, including tokens read from and written to a cache.", default=None
    )
    output_tokens: Long | None = described(
        "All output tokens, including reasoning tokens.", default=None
    )
    cached_input_tokens: Long | None = described(
        "Part of inputTokens: tokens read from a cache.", default=None
    )
    cache_write_input_tokens: Long | None = described(
        "Part of inputTokens: tokens written to a cache.", default=None
    )
    reasoning_tokens: Long | None = described(
        "Part of outputTokens: reasoning tokens.", default=None
    )
    audio_input_tokens: Long | None = described(
        "Part of inputTokens: audio tokens. Audio tokens read from a cache may be omitted.",
        default=None,
    )
    audio_output_tokens: Long | None = described(
        "Part of outputTokens: audio tokens.", default=None
    )
    input_tokens_exclude_cache: bool = described(
        "Set to true if inputTokens excludes tokens read from and written to a "
        "cache, as the usage of Anthropic and Amazon Bedrock does. They are "
        "then added to the stored inputTokens.",
        default=False,
    )
    # endregion
    # region generated: inputs COMMON without kind name operation_type outcome
    occurred_at: datetime | None = described(
        "When the call finished. Defaults to the time in the id, otherwise to now.", default=None
    )
    id: UUID | None = described(
        "UUIDv7 chosen by the client, which makes retries idempotent. A retry "
        "must carry the same time.",
        default=None,
    )
    error: str | None = described("Error text.", default=None)
    duration_ms: float | None = described("Duration in milliseconds.", default=None)
    session_id: strawberry.ID | None = described(
        "Session id. Any text; a UUID is compared in lowercase.", default=None
    )
    request_id: UUID | None = described("The request that the call was made for.", default=None)
    stage: str | None = described("Stage of the request.", default=None)
    correlation_id: str | None = described(
        "Links the operation to records of other services.", default=None
    )
    trace_id: str | None = described("Trace id.", default=None)
    client: str | None = described("Client program: X-Client-Type or a tool id.", default=None)
    cache_hit: bool | None = described("Whether the response came from a cache.", default=None)
    attributes: JSON | None = described("Custom attributes, as an object.", default=None)
    # endregion
    user_id: strawberry.ID | None = described(
        "Id of the user. Takes precedence over labels.userId.", default=None
    )
    email: str | None = described(
        "Email address of the user, stored as the attribute email.", default=None
    )
    tokens: Long | None = described(
        "Total tokens if input and output are not known separately; counted as input "
        "tokens. Cannot be combined with inputTokens or outputTokens.",
        default=None,
    )
    outcome: Outcome | None = described(
        "Defaults to ERROR if there is an error text, otherwise to OK.", default=None
    )
    labels: LabelsInput | None = described("Labels of the chat.", default=None)
    api: ApiCallInput | None = described(API_DETAILS, default=None)
    tool: ToolUseInput | None = described(TOOL_DETAILS, default=None)
    interaction: InteractionUseInput | None = described(
        "Interaction that this chat counts.", default=None
    )
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)

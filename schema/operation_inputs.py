"""What callers send to record operations; structurally drafts of the store."""

from datetime import datetime
from uuid import UUID

import strawberry

from schema.enums import OperationKind, OperationMode, Outcome, ToolName
from schema.hydration import described
from schema.labels import LabelsInput
from schema.scalars import JSON, Long

OWN_ID = (
    "UUIDv7 chosen by the client: it makes a repeat harmless. A repeat must carry the same time."
)
SESSION_ID = "The session it belongs to: any text; a UUID is compared in lower case."
TOKENS_PREVENTED = "tokensOriginal - tokensActual; stands for one of the two, or must agree."
API_DETAILS = "Route, status and caller, where it was a call over HTTP."
TOOL_DETAILS = "The tool and the tokens that it saved, where it used one."
LLM_DETAILS = "The model and its tokens, where it called one."
INTERACTIONS = "Counted beside the other one; at most 16 of one call in all."
OCCURRED_AT = "When the call was finished; default: the time inside the id, else now."
INPUT_TOKENS = "All input tokens: those read from a cache and written to it are included."
OUTPUT_TOKENS = "All output tokens: reasoning tokens are included."
CACHED_INPUT_TOKENS = "Part of inputTokens: those read from a cache."
CACHE_WRITE_INPUT_TOKENS = "Part of inputTokens: those written to a cache."
REASONING_TOKENS = "Part of outputTokens: those of the model's reasoning."
AUDIO_INPUT_TOKENS = "Part of inputTokens: audio. Audio that was read from a cache may be left out."
AUDIO_OUTPUT_TOKENS = "Part of outputTokens: audio."
EXCLUDE_CACHE = (
    "Set it where inputTokens leaves out the tokens read from a cache and written to it, as the "
    "usage of Anthropic and Amazon Bedrock does: they are added to what is stored as inputTokens."
)


@strawberry.input(description="What an API call has; an operation of any kind may have it.")
class ApiCallInput:
    """Structurally an ``ApiCallDraft``."""

    route: str | None = described("The route, such as v1/memory.", default=None)
    method: str | None = described("The HTTP method.", default=None)
    status_code: int | None = described("The HTTP status, 100 to 599.", default=None)
    ip_address: str | None = described("The caller's address.", default=None)
    user_agent: str | None = described("The caller's user agent.", default=None)
    batch_size: Long | None = described("How many items the call carried.", default=None)
    resource_id: str | None = described("The record that the call was about.", default=None)


@strawberry.input(description="What a tool call has; an operation of any kind may have it.")
class ToolUseInput:
    """Structurally a ``ToolUseDraft``."""

    tool_name: str | None = described("The tool; default: the operation's name.", default=None)
    operation_mode: str | None = described("How it was used.", default=None)
    file_path: str | None = described("The file it was used on.", default=None)
    parameters: JSON | None = described("What it was called with: an object.", default=None)
    tokens_original: Long | None = described("Tokens without the tool's saving.", default=None)
    tokens_actual: Long | None = described("Tokens with it; may be the larger.", default=None)
    tokens_prevented: Long | None = described(TOKENS_PREVENTED, default=None)


@strawberry.input(description="What a model call has; an operation of any kind may have it.")
class LlmCallInput:
    """Structurally an ``LlmCallDraft``."""

    provider: str | None = described("Who runs the model.", default=None)
    model: str | None = described("The model; its price is looked up by this.", default=None)
    input_tokens: Long | None = described(INPUT_TOKENS, default=None)
    output_tokens: Long | None = described(OUTPUT_TOKENS, default=None)
    cached_input_tokens: Long | None = described(CACHED_INPUT_TOKENS, default=None)
    cache_write_input_tokens: Long | None = described(CACHE_WRITE_INPUT_TOKENS, default=None)
    reasoning_tokens: Long | None = described(REASONING_TOKENS, default=None)
    audio_input_tokens: Long | None = described(AUDIO_INPUT_TOKENS, default=None)
    audio_output_tokens: Long | None = described(AUDIO_OUTPUT_TOKENS, default=None)
    input_tokens_exclude_cache: bool = described(EXCLUDE_CACHE, default=False)
    message: str | None = described("What was asked.", default=None)
    response: str | None = described("What was answered.", default=None)


@strawberry.input(description="What a call counts against, and how much.")
class InteractionUseInput:
    """Structurally an ``InteractionUseDraft``."""

    type: str = described("The interaction, such as mini, premium or api_operation.")
    units: Long = described("How many units, from 1.", default=1)
    counts_against_limits: bool = described(
        "False: only the monthly counter counts it, no limit does.", default=True
    )


@strawberry.input(description="One finished call of any kind.")
class OperationInput:
    """Structurally an ``OperationDraft``."""

    kind: OperationKind = described("What it mainly is; it may have the details of any kind.")
    name: str = described("Route, tool or model call, as people will group it.")
    id: UUID | None = described(OWN_ID, default=None)
    occurred_at: datetime | None = described(OCCURRED_AT, default=None)
    operation_type: str | None = described("What it was for, such as add_memory.", default=None)
    outcome: Outcome = described("Whether it succeeded.", default=Outcome.OK)
    error: str | None = described("Why it failed.", default=None)
    duration_ms: float | None = described("How long it took, in milliseconds.", default=None)
    labels: LabelsInput | None = described("Whose call it was.", default=None)
    session_id: strawberry.ID | None = described(SESSION_ID, default=None)
    request_id: UUID | None = described("The request it was made for.", default=None)
    stage: str | None = described("The stage of that request.", default=None)
    correlation_id: str | None = described("Ties it to other services' records.", default=None)
    trace_id: str | None = described("The trace it is part of.", default=None)
    client: str | None = described("The program that called: X-Client-Type, tool id.", default=None)
    api: ApiCallInput | None = described(API_DETAILS, default=None)
    tool: ToolUseInput | None = described(TOOL_DETAILS, default=None)
    llm: LlmCallInput | None = described(LLM_DETAILS, default=None)
    cache_hit: bool | None = described("Whether a cache answered.", default=None)
    interaction: InteractionUseInput | None = described(
        "This call also counts: by the monthly counter, and against every limit.", default=None
    )
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)


@strawberry.input(description="A finished API call, as an API's middleware knows it.")
class ApiOperationInput:
    """The words of an API that counts operations per route."""

    route: str = described("The route, such as v1/memory.")
    method: str = described("The HTTP method.")
    id: UUID | None = described(OWN_ID, default=None)
    occurred_at: datetime | None = described(OCCURRED_AT, default=None)
    status_code: int | None = described("The HTTP status, 100 to 599.", default=None)
    duration_ms: float | None = described("Latency in milliseconds.", default=None)
    operation_type: str | None = described(
        "What it was for, such as add_memory; default: inferred from method and route.",
        default=None,
    )
    resource_id: str | None = described("The record it was about (a memory id).", default=None)
    batch_size: Long | None = described("How many items the call carried.", default=None)
    client: str | None = described("The header X-Client-Type.", default=None)
    ip_address: str | None = described("The caller's address.", default=None)
    user_agent: str | None = described("The caller's user agent.", default=None)
    outcome: Outcome | None = described(
        "Default: ERROR with an error text or a status from 500, else OK.", default=None
    )
    error: str | None = described("Why it failed.", default=None)
    labels: LabelsInput | None = described("Whose call it was.", default=None)
    request_id: UUID | None = described("The request it was made for.", default=None)
    stage: str | None = described("The stage of that request.", default=None)
    session_id: strawberry.ID | None = described(SESSION_ID, default=None)
    correlation_id: str | None = described("Ties it to other services' records.", default=None)
    trace_id: str | None = described("The trace it is part of.", default=None)
    counts_against_plan: bool = described(
        "Whether limits of interaction type api_operation count it. The monthly counter of that "
        "type counts one unit of every call.",
        default=False,
    )
    interaction: InteractionUseInput | None = described(
        "Count this instead of api_operation; says itself whether limits count it.", default=None
    )
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)
    tool: ToolUseInput | None = described(TOOL_DETAILS, default=None)
    llm: LlmCallInput | None = described(LLM_DETAILS, default=None)
    cache_hit: bool | None = described("Whether a cache answered.", default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)


@strawberry.input(description="A use of a code-reading tool, with exactly the names it knows.")
class ToolOperationInput:
    """The words of a tool server that measures what its modes save."""

    tool: ToolName = described("read or search.")
    mode: OperationMode = described("How it was used.")
    tokens_original: Long | None = described("Tokens without the tool's saving.", default=None)
    tokens_actual: Long | None = described("Tokens with it; may be the larger.", default=None)
    tokens_prevented: Long | None = described(
        f"{TOKENS_PREVENTED} Two of the three are required.", default=None
    )
    id: UUID | None = described(OWN_ID, default=None)
    occurred_at: datetime | None = described(OCCURRED_AT, default=None)
    duration_ms: float | None = described("Response time in milliseconds.", default=None)
    session_id: strawberry.ID | None = described(SESSION_ID, default=None)
    tool_id: str | None = described("The program that used it: claude-code, cursor.", default=None)
    file_path: str | None = described("The file it was used on.", default=None)
    parameters: JSON | None = described("What it was called with: an object.", default=None)
    outcome: Outcome | None = described("Default: ERROR with an error text, else OK.", default=None)
    error: str | None = described("Why it failed.", default=None)
    cache_hit: bool | None = described("Whether a cache answered.", default=None)
    labels: LabelsInput | None = described("Whose use it was.", default=None)
    request_id: UUID | None = described("The request it was made for.", default=None)
    stage: str | None = described("The stage of that request.", default=None)
    correlation_id: str | None = described("Ties it to other services' records.", default=None)
    trace_id: str | None = described("The trace it is part of.", default=None)
    operation_type: str | None = described("What it was for.", default=None)
    api: ApiCallInput | None = described(API_DETAILS, default=None)
    llm: LlmCallInput | None = described(LLM_DETAILS, default=None)
    interaction: InteractionUseInput | None = described("This use also counts.", default=None)
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)


@strawberry.input(description="One exchange of a chat.")
class ChatInput:
    """The words of a chat service."""

    message: str = described("What was asked.")
    response: str | None = described("What was answered.", default=None)
    id: UUID | None = described(OWN_ID, default=None)
    occurred_at: datetime | None = described(OCCURRED_AT, default=None)
    user_id: strawberry.ID | None = described("Who asked; goes before labels.userId.", default=None)
    email: str | None = described("Their address; kept as the attribute email.", default=None)
    session_id: strawberry.ID | None = described(SESSION_ID, default=None)
    duration_ms: float | None = described("How long it took, in milliseconds.", default=None)
    model: str | None = described("The model; its price is looked up by this.", default=None)
    provider: str | None = described("Who runs the model.", default=None)
    tokens: Long | None = described(
        "Total tokens, where input and output are not known separately: counted as input tokens. "
        "Invalid beside inputTokens or outputTokens.",
        default=None,
    )
    input_tokens: Long | None = described(INPUT_TOKENS, default=None)
    output_tokens: Long | None = described(OUTPUT_TOKENS, default=None)
    cached_input_tokens: Long | None = described(CACHED_INPUT_TOKENS, default=None)
    cache_write_input_tokens: Long | None = described(CACHE_WRITE_INPUT_TOKENS, default=None)
    reasoning_tokens: Long | None = described(REASONING_TOKENS, default=None)
    audio_input_tokens: Long | None = described(AUDIO_INPUT_TOKENS, default=None)
    audio_output_tokens: Long | None = described(AUDIO_OUTPUT_TOKENS, default=None)
    input_tokens_exclude_cache: bool = described(EXCLUDE_CACHE, default=False)
    outcome: Outcome | None = described("Default: ERROR with an error text, else OK.", default=None)
    error: str | None = described("Why it failed.", default=None)
    labels: LabelsInput | None = described("Whose chat it was.", default=None)
    request_id: UUID | None = described("The request it was made for.", default=None)
    stage: str | None = described("The stage of that request.", default=None)
    correlation_id: str | None = described("Ties it to other services' records.", default=None)
    trace_id: str | None = described("The trace it is part of.", default=None)
    cache_hit: bool | None = described("Whether a cache answered.", default=None)
    client: str | None = described("The program that called: X-Client-Type.", default=None)
    api: ApiCallInput | None = described(API_DETAILS, default=None)
    tool: ToolUseInput | None = described(TOOL_DETAILS, default=None)
    interaction: InteractionUseInput | None = described("This chat also counts.", default=None)
    interactions: list[InteractionUseInput] | None = described(INTERACTIONS, default=None)
    attributes: JSON | None = described("Free attributes: an object.", default=None)

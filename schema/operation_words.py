"""The first users' words for an operation, said as the general ``OperationInput``."""

from dataclasses import fields
from typing import Any

import strawberry

from schema.enums import OperationKind, Outcome
from schema.labels import LabelsInput
from schema.operation_inputs import (
    ApiCallInput,
    ApiOperationInput,
    ChatInput,
    InteractionUseInput,
    LlmCallInput,
    OperationInput,
    ToolOperationInput,
    ToolUseInput,
)
from schema.scalars import JSON, Long
from store.errors import InvalidInputError
from store.operations.operation_types import infer_operation_type

API_OPERATION = "api_operation"
SERVER_ERROR = 500
LABEL_NAMES = tuple(field.name for field in fields(LabelsInput))


def outcome_of(outcome: Outcome | None, error: str | None, status: int | None = None) -> Outcome:
    """What was said, else ERROR with an error text or a server's error status."""
    if outcome is not None:
        return outcome
    failed = error is not None or (status is not None and status >= SERVER_ERROR)
    return Outcome.ERROR if failed else Outcome.OK


def api_operation(call: ApiOperationInput) -> OperationInput:
    """An API call: grouped by method and route, counted as api_operation where nothing else is said."""
    interaction, operation_type = call.interaction, call.operation_type
    if operation_type is None:
        operation_type = infer_operation_type(call.method, call.route)
    if interaction is None:
        interaction = InteractionUseInput(
            type=API_OPERATION,
            units=Long(1),
            counts_against_limits=call.counts_against_plan,
        )
    return OperationInput(
        id=call.id,
        occurred_at=call.occurred_at,
        kind=OperationKind.API,
        name=f"{call.method} {call.route}",
        operation_type=operation_type,
        outcome=outcome_of(call.outcome, call.error, call.status_code),
        error=call.error,
        duration_ms=call.duration_ms,
        labels=call.labels,
        session_id=call.session_id,
        request_id=call.request_id,
        stage=call.stage,
        correlation_id=call.correlation_id,
        trace_id=call.trace_id,
        client=call.client,
        api=ApiCallInput(
            route=call.route,
            method=call.method,
            status_code=call.status_code,
            ip_address=call.ip_address,
            user_agent=call.user_agent,
            batch_size=call.batch_size,
            resource_id=call.resource_id,
        ),
        tool=call.tool,
        llm=call.llm,
        cache_hit=call.cache_hit,
        interaction=interaction,
        interactions=call.interactions,
        attributes=call.attributes,
    )


def tool_operation(use: ToolOperationInput) -> OperationInput:
    """A tool use: grouped by the tool's name."""
    counts = (use.tokens_original, use.tokens_actual, use.tokens_prevented)
    if counts.count(None) > 1:
        raise InvalidInputError(
            "Set two of tokensOriginal, tokensActual and tokensPrevented.", ("tokensOriginal",)
        )
    return OperationInput(
        id=use.id,
        occurred_at=use.occurred_at,
        kind=OperationKind.TOOL,
        name=use.tool.value,
        operation_type=use.operation_type,
        outcome=outcome_of(use.outcome, use.error),
        error=use.error,
        duration_ms=use.duration_ms,
        labels=use.labels,
        session_id=use.session_id,
        request_id=use.request_id,
        stage=use.stage,
        correlation_id=use.correlation_id,
        trace_id=use.trace_id,
        client=use.tool_id,
        tool=ToolUseInput(
            tool_name=use.tool.value,
            operation_mode=use.mode.value,
            file_path=use.file_path,
            parameters=use.parameters,
            tokens_original=use.tokens_original,
            tokens_actual=use.tokens_actual,
            tokens_prevented=use.tokens_prevented,
        ),
        api=use.api,
        llm=use.llm,
        cache_hit=use.cache_hit,
        interaction=use.interaction,
        interactions=use.interactions,
        attributes=use.attributes,
    )


def of_user(labels: LabelsInput | None, user_id: strawberry.ID) -> LabelsInput:
    """The same labels with this user."""
    given = {} if labels is None else {name: getattr(labels, name) for name in LABEL_NAMES}
    return LabelsInput(**{**given, "user_id": user_id})


def chat_operation(chat: ChatInput) -> OperationInput:
    has_parts = chat.input_tokens is not None or chat.output_tokens is not None
    if chat.tokens is not None and has_parts:
        raise InvalidInputError("Set either tokens, or inputTokens and outputTokens.", ("tokens",))
    if chat.tokens is not None and chat.input_tokens_exclude_cache:
        raise InvalidInputError(
            "tokens includes cached tokens. Use inputTokens with inputTokensExcludeCache.",
            ("tokens",),
        )
    labels = chat.labels
    if chat.user_id is not None:
        labels = of_user(labels, chat.user_id)
    return OperationInput(
        id=chat.id,
        occurred_at=chat.occurred_at,
        kind=OperationKind.LLM,
        name="chat",
        operation_type="chat",
        outcome=outcome_of(chat.outcome, chat.error),
        error=chat.error,
        duration_ms=chat.duration_ms,
        labels=labels,
        session_id=chat.session_id,
        request_id=chat.request_id,
        stage=chat.stage,
        correlation_id=chat.correlation_id,
        trace_id=chat.trace_id,
        client=chat.client,
        api=chat.api,
        tool=chat.tool,
        llm=LlmCallInput(
            provider=chat.provider,
            model=chat.model,
            input_tokens=chat.tokens if chat.tokens is not None else chat.input_tokens,
            output_tokens=chat.output_tokens,
            cached_input_tokens=chat.cached_input_tokens,
            cache_write_input_tokens=chat.cache_write_input_tokens,
            reasoning_tokens=chat.reasoning_tokens,
            audio_input_tokens=chat.audio_input_tokens,
            audio_output_tokens=chat.audio_output_tokens,
            input_tokens_exclude_cache=chat.input_tokens_exclude_cache,
            message=chat.message,
            response=chat.response,
        ),
        cache_hit=chat.cache_hit,
        interaction=chat.interaction,
        interactions=chat.interactions,
        attributes=with_email(chat.attributes, chat.email),
    )


def with_email(attributes: Any, email: str | None) -> JSON | None:
    """The attributes with the address in them; what is no object is left for the store to refuse."""
    if email is None or not (attributes is None or isinstance(attributes, dict)):
        return attributes
    return JSON({**(attributes or {}), "email": email})

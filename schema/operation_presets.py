"""Convert the typed inputs of operations to the general ``OperationInput``."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import strawberry

from models.field_declarations import Part
from models.operation_fields import fields_in
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
SHARED_FIELDS = ("labels", *(field.draft_name for field in fields_in(Part.COMMON)))
API_FIELDS, TOOL_FIELDS, LLM_FIELDS = (
    tuple(field.draft_name for field in fields_in(part)) for part in (Part.API, Part.TOOL, Part.LLM)
)


def outcome_of(outcome: Outcome | None, error: str | None, status: int | None = None) -> Outcome:
    """Return the given outcome, else ERROR with an error text or a server error status."""
    if outcome is not None:
        return outcome
    failed = error is not None or (status is not None and status >= SERVER_ERROR)
    return Outcome.ERROR if failed else Outcome.OK


def values_of(sent: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(sent, name, None) for name in names}


def operation_from(sent: Any, **differing: Any) -> OperationInput:
    return OperationInput(**{**values_of(sent, SHARED_FIELDS), **differing})


def api_operation(call: ApiOperationInput) -> OperationInput:
    """Convert an API call: grouped by method and route, counted as api_operation by default."""
    interaction, operation_type = call.interaction, call.operation_type
    if operation_type is None:
        operation_type = infer_operation_type(call.method, call.route)
    if interaction is None:
        interaction = InteractionUseInput(
            type=API_OPERATION,
            units=Long(1),
            counts_against_limits=call.counts_against_plan,
        )
    return operation_from(
        call,
        kind=OperationKind.API,
        name=f"{call.method} {call.route}",
        operation_type=operation_type,
        outcome=outcome_of(call.outcome, call.error, call.status_code),
        api=ApiCallInput(**values_of(call, API_FIELDS)),
        tool=call.tool,
        llm=call.llm,
        interaction=interaction,
    )


def tool_operation(use: ToolOperationInput) -> OperationInput:
    counts = (use.tokens_original, use.tokens_actual, use.tokens_prevented)
    if counts.count(None) > 1:
        raise InvalidInputError(
            "Set two of tokensOriginal, tokensActual and tokensPrevented.", ("tokensOriginal",)
        )
    tool = values_of(use, TOOL_FIELDS)
    tool |= {"tool_name": use.tool.value, "operation_mode": use.mode.value}
    return operation_from(
        use,
        kind=OperationKind.TOOL,
        name=use.tool.value,
        outcome=outcome_of(use.outcome, use.error),
        client=use.tool_id,
        tool=ToolUseInput(**tool),
        api=use.api,
        llm=use.llm,
        interaction=use.interaction,
    )


def of_user(labels: LabelsInput | None, user_id: strawberry.ID) -> LabelsInput:
    values = {} if labels is None else {name: getattr(labels, name) for name in LABEL_NAMES}
    return LabelsInput(**{**values, "user_id": user_id})


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
    llm_fields = values_of(chat, LLM_FIELDS)
    if chat.tokens is not None:
        llm_fields["input_tokens"] = chat.tokens
    return operation_from(
        chat,
        attributes=with_email(chat.attributes, chat.email),
        kind=OperationKind.LLM,
        name="chat",
        operation_type="chat",
        outcome=outcome_of(chat.outcome, chat.error),
        labels=labels,
        api=chat.api,
        tool=chat.tool,
        llm=LlmCallInput(**llm_fields),
        interaction=chat.interaction,
    )


def with_email(attributes: Any, email: str | None) -> JSON | None:
    """Add the address to the attributes; anything but an object is left for the store to refuse."""
    if email is None or not (attributes is None or isinstance(attributes, dict)):
        return attributes
    return JSON({**(attributes or {}), "email": email})

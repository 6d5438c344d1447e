"""Converts spans with OpenTelemetry GenAI attributes to operations."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from trackstore.entries import Labels, LlmCall, Operation, ToolUse
from trackstore.redaction import cut
from trackstore.rules import DEFAULT_ERROR_CHARS
from trackstore.token_usage import TokenUsage

OPERATION = "gen_ai.operation.name"
TOOL_OPERATION = "execute_tool"
MODEL_OPERATIONS = frozenset(
    {"chat", "text_completion", "generate_content", "embeddings", TOOL_OPERATION}
)
"""Calls of a model or tool. ``invoke_agent`` and the like only contain other calls."""

PROVIDER = ("gen_ai.provider.name", "gen_ai.system")
MODEL = ("gen_ai.response.model", "gen_ai.request.model")
INPUT_TEXT = ("gen_ai.input.messages", "gen_ai.prompt")
OUTPUT_TEXT = ("gen_ai.output.messages", "gen_ai.completion")
TOOL = ("gen_ai.tool.name",)

LABEL_ATTRIBUTES: Mapping[str, str] = {
    "organization_id": "trackstore.organization_id",
    "namespace_id": "trackstore.namespace_id",
    "workspace_id": "trackstore.workspace_id",
    "user_id": "user.id",
    "developer_id": "trackstore.developer_id",
    "api_key_id": "trackstore.api_key_id",
    "company_id": "trackstore.company_id",
    "subscription_id": "trackstore.subscription_id",
}
"""Attribute of a span, otherwise of its resource, for each label."""
ATTRIBUTE_NAMES = {
    "gen_ai.conversation.id": "conversation_id",
    "gen_ai.response.id": "response_id",
    "gen_ai.response.finish_reasons": "finish_reasons",
    "gen_ai.tool.call.id": "tool_call_id",
    "gen_ai.agent.name": "agent",
    "service.name": "service",
}
"""Further span attributes that are kept, with their names among the attributes."""
MAX_TEXT_CHARS = 65_536


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """Library-independent fields of a finished span. Times are Unix nanoseconds."""

    trace_id: int
    span_id: int
    name: str
    started_ns: int
    ended_ns: int
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]
    is_error: bool = False
    error: str | None = None


def operation_of_span(
    span: SpanFacts,
    *,
    labels: Mapping[str, str] = LABEL_ATTRIBUTES,
    keep_texts: bool = False,
) -> Operation | None:
    """Return the operation of a span, or None if it is no model or tool call.

    The id derives from time and span, so a span that is exported twice is one operation.
    ``keep_texts`` keeps prompt and response, if the span has them.
    """
    attributes = span.attributes
    done = attributes.get(OPERATION)
    if done not in MODEL_OPERATIONS:
        return None
    is_tool = done == TOOL_OPERATION
    error = attributes.get("error.type") if span.error is None else span.error
    operation = Operation(
        kind="TOOL" if is_tool else "LLM",
        name=str(_first(attributes, TOOL) or span.name) if is_tool else str(done),
        id=span_uuid(span),
        occurred_at=datetime.fromtimestamp(span.ended_ns / 1e9, UTC),
        operation_type=str(done),
        outcome="ERROR" if span.is_error or error is not None else "OK",
        error=None if error is None else cut(str(error), DEFAULT_ERROR_CHARS),
        duration_ms=max(0, span.ended_ns - span.started_ns) / 1e6,
        labels=_labels(span, labels),
        trace_id=f"{span.trace_id:032x}",
        correlation_id=f"{span.trace_id:032x}",
        attributes=_kept(span) or None,
    )
    if is_tool:
        operation.tool = ToolUse(tool_name=operation.name)
    else:
        operation.llm = _model_call(attributes, keep_texts)
    return operation


def _model_call(attributes: Mapping[str, Any], keep_texts: bool) -> LlmCall:
    call = LlmCall(
        provider=_text(_first(attributes, PROVIDER)),
        model=_text(_first(attributes, MODEL)),
        **TokenUsage.of_span(attributes).counts(),
    )
    if keep_texts:
        call.message = _text(_first(attributes, INPUT_TEXT))
        call.response = _text(_first(attributes, OUTPUT_TEXT))
    return call


def _labels(span: SpanFacts, labels: Mapping[str, str]) -> Labels | None:
    said = {}
    for label, attribute in labels.items():
        value = span.attributes.get(attribute, span.resource.get(attribute))
        if value is not None:
            said[label] = str(value)
    return Labels(**said) if said else None


def _kept(span: SpanFacts) -> dict[str, Any]:
    attributes = {}
    for attribute, name in ATTRIBUTE_NAMES.items():
        value = span.attributes.get(attribute, span.resource.get(attribute))
        if value is not None:
            attributes[name] = list(value) if isinstance(value, tuple) else value
    return attributes


def span_uuid(span: SpanFacts) -> UUID:
    """Return a UUIDv7 of the millisecond in which the span ended, and bits of trace and span id."""
    span_key = span.trace_id.to_bytes(16, "big") + span.span_id.to_bytes(8, "big")
    noise = int.from_bytes(hashlib.blake2b(span_key, digest_size=10).digest(), "big")
    high = (span.ended_ns // 1_000_000) << 80 | 0x7 << 76 | (noise >> 64 & 0xFFF) << 64
    return UUID(int=high | 0x2 << 62 | noise & (1 << 62) - 1)


def _first(attributes: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) is not None), None)


def _text(value: Any) -> str | None:
    return None if value is None else cut(str(value), MAX_TEXT_CHARS)

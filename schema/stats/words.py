"""What dimensions, numbers and flags of the catalog mean, as GraphQL describes them."""

from collections.abc import Mapping

from store.aggregation.catalog import Source

DIMENSIONS: Mapping[str, str] = {
    "api_key_id": "The key it was made with.",
    "attempt": "The present attempt, from 1; 0 before the first.",
    "cache_hit": "Whether a cache answered.",
    "cancel_reason": "Why it was called off.",
    "client": "The program that called.",
    "company_id": "The company that pays.",
    "counts_against_limits": "Whether limits count it, too; null where nothing is counted.",
    "correlation_id": "The correlation id.",
    "current_stage": "The stage that runs.",
    "developer_id": "Whose integration made the call.",
    "error": "The error text.",
    "error_message": "The error in words.",
    "error_stage": "The stage that failed.",
    "file_path": "The file.",
    "interaction_type": "What was used, such as mini or premium.",
    "ip_address": "The caller's address.",
    "kind": "API, TOOL or LLM.",
    "method": "The HTTP method.",
    "model": "The model.",
    "name": "The name.",
    "namespace_id": "A part of the organization.",
    "operation_mode": "How the tool was used.",
    "operation_type": "What it was for, such as add_memory.",
    "organization_id": "The tenant.",
    "outcome": "Whether it succeeded.",
    "price_status": "Whether its tokens had a price.",
    "provider": "The provider of the model.",
    "request_id": "The request it belongs to.",
    "request_status": "Where its request stands.",
    "request_type": "The type of its request.",
    "resource_id": "The record that the call was about.",
    "retryable": "Whether a failure was said to be worth another try.",
    "route": "The route.",
    "session_id": "The session it belongs to.",
    "severity": "How much it matters.",
    "stage": "The stage of the request.",
    "status": "Where it stands.",
    "status_code": "The HTTP status.",
    "subscription_id": "The plan it belongs to.",
    "title": "What people call it.",
    "tool_name": "The tool.",
    "trace_id": "The trace it is part of.",
    "type": "The type.",
    "user_agent": "The caller's user agent.",
    "user_id": "Who used it.",
    "workspace_id": "A workspace.",
}

NUMBERS: Mapping[str, str] = {
    "attempt": "The present attempt of each, from 1.",
    "audio_input_tokens": "Input tokens of audio.",
    "audio_output_tokens": "Output tokens of audio.",
    "batch_size": "How many items a call carried.",
    "cache_write_input_tokens": "Input tokens written to the provider's cache.",
    "cached_input_tokens": "Input tokens out of the provider's cache.",
    "cost_actual": "What it cost, in US dollars.",
    "cost_baseline": "What it would have cost, in US dollars.",
    "cost_saved": "The difference, in US dollars.",
    "duration_ms": "How long it took, in milliseconds.",
    "input_tokens": "Tokens that went in.",
    "output_tokens": "Tokens that came out.",
    "progress": "How far it is, 0 to 1.",
    "reasoning_tokens": "Output tokens of the model's reasoning.",
    "status_code": "The HTTP status.",
    "tokens_actual": "Tokens that were used.",
    "tokens_original": "Tokens that the plain way would have used.",
    "tokens_prevented": "The difference, original minus actual.",
    "units": "Units that were counted.",
    "wait_ms": "How long it waited before it was started, in milliseconds.",
}

FLAGS: Mapping[str, str] = {
    "active": "pending, running or stalled",
    "cache_hit": "answered by a cache",
    "cancelled": "called off",
    "completed": "done",
    "error": "failed",
    "retried": "in their second or a later attempt",
    "unpriced": "without a price for their tokens",
    "warning": "a warning",
}

NOUNS: Mapping[str, str] = {
    "operations": "operations",
    "requests": "requests",
    "stages": "stages",
    "events": "events",
    "interactions": "calls",
}
"""What the count of a source counts."""


def noun_of(source: Source) -> str:
    """What the count of ``source`` counts."""
    return NOUNS[source.name]

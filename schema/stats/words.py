"""What dimensions, numbers and flags of the catalog mean, as GraphQL describes them."""

from collections.abc import Mapping

from models.operation_fields import Role, fields_with
from store.aggregation.catalog import Source

DIMENSIONS: Mapping[str, str] = {
    **{field.name: field.description for field in fields_with(Role.GROUP)},
    "attempt": "The present attempt, from 1; 0 before the first.",
    "cancel_reason": "Why it was called off.",
    "current_stage": "The stage that runs.",
    "error_message": "The error in words.",
    "error_stage": "The stage that failed.",
    "request_status": "Where its request stands.",
    "request_type": "The type of its request.",
    "retryable": "Whether a failure was said to be worth another try.",
    "severity": "How much it matters.",
    "status": "Where it stands.",
    "title": "What people call it.",
    "type": "The type.",
}

NUMBERS: Mapping[str, str] = {
    **{field.name: field.description for field in fields_with(Role.AGGREGATE)},
    "attempt": "The present attempt of each, from 1.",
    "progress": "How far it is, 0 to 1.",
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

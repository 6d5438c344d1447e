"""Describe the dimensions, numbers and flags of the catalog."""

from collections.abc import Mapping

from models.field_declarations import Role
from models.operation_fields import fields_with
from store.aggregation.catalog import Source

DIMENSIONS: Mapping[str, str] = {
    **{field.name: field.description for field in fields_with(Role.GROUP)},
    "attempt": "Current attempt, starting at 1; 0 before the first.",
    "cancel_reason": "Reason for the cancellation.",
    "current_stage": "Running stage.",
    "error_message": "Error message.",
    "error_stage": "Failed stage.",
    "request_status": "Status of the request.",
    "request_type": "Type of the request.",
    "retryable": "Whether a failure was reported as retryable.",
    "severity": "Severity.",
    "status": "Current status.",
    "title": "Display name.",
    "type": "Type.",
}

NUMBERS: Mapping[str, str] = {
    **{field.name: field.description for field in fields_with(Role.AGGREGATE)},
    "attempt": "Current attempt of each stage, starting at 1.",
    "progress": "Progress from 0 to 1.",
    "wait_ms": "Time from creation to start, in milliseconds.",
}

FLAGS: Mapping[str, str] = {
    "active": "pending, running or stalled",
    "cache_hit": "answered by a cache",
    "cancelled": "cancelled",
    "completed": "completed",
    "error": "failed",
    "retried": "in their second or a later attempt",
    "unpriced": "without a price for their tokens",
    "warning": "with severity WARNING",
}

NOUNS: Mapping[str, str] = {
    "operations": "operations",
    "requests": "requests",
    "stages": "stages",
    "events": "events",
    "interactions": "calls",
}
"""Plural nouns of the records, by source."""


def noun_of(source: Source) -> str:
    """Return the plural noun of the source's records."""
    return NOUNS[source.name]

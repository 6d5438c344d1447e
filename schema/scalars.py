"""Define the scalars: what they accept, how they are written, and their error messages."""

import math
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NewType
from uuid import UUID

import msgspec
import strawberry
from graphql import Undefined, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from store.errors import InvalidInputError
from store.time_ranges import TimeRange, parse_duration, parse_time_range
from store.validation import LONG_MAX, LONG_MIN, json_kind, to_utc

if TYPE_CHECKING:
    JSON = Any
    Long = int
    Number = int | float
else:
    # Distinct names for GraphQL; type checkers see the underlying types.
    JSON = NewType("JSON", object)
    Long = NewType("Long", int)
    Number = NewType("Number", float)

RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
"""Checks the form only, to word a more precise message."""
DIGITS = re.compile(r"-?\d{1,19}", re.ASCII)
MAX_EXACT_INTEGER = 2**53
"""From here on floats do not represent every integer."""
MAX_QUOTED_CHARS = 80
"""Longest quoted part of a refused value."""


def quote_value(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float) else json_kind(value)
    return text if len(text) <= MAX_QUOTED_CHARS else text[:MAX_QUOTED_CHARS] + "..."


def parse_instant(value: Any) -> datetime:
    """Parse an RFC 3339 timestamp to UTC; the zone is required, and sub-microseconds are rounded."""
    if not isinstance(value, str):
        raise ValueError(timestamp_error(value))
    try:
        instant = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        raise ValueError(timestamp_error(value)) from None
    if instant.tzinfo is None:
        raise ValueError(
            f"{quote_value(value)} has no time zone. Add Z or an offset such as +01:00."
        )
    return to_utc(instant)


def timestamp_error(value: Any) -> str:
    if isinstance(value, str) and RFC3339.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError as error:
            return f"Invalid timestamp {quote_value(value)}: {error}."
    return f"Invalid timestamp {quote_value(value)}. Use RFC 3339, such as 2026-11-21T09:30:00Z."


def write_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_long(value: Any) -> int:
    """Parse a 64-bit integer, or its decimal digits as text."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        if MAX_EXACT_INTEGER <= abs(value) < LONG_MAX:
            raise ValueError(
                f"{quote_value(value)} may not be exact. Write integers from 2^53 on without a fraction or "
                "exponent, or as a string."
            )
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"Invalid integer {quote_value(value)}. Use a 64-bit integer, such as 42.")
    if not LONG_MIN <= value <= LONG_MAX:
        raise ValueError(f"Invalid integer {quote_value(value)}. Use a value within 64 bits.")
    return value


def write_long(value: Any) -> int:
    """Return the number; raise for sums beyond 64 bits, which clients and exports cannot hold."""
    if not LONG_MIN <= value <= LONG_MAX:
        raise InvalidInputError("The sum exceeds 64 bits. Narrow the filter or select avg.")
    return int(value)


def parse_number(value: Any) -> int | float:
    """Parse a number: an exact 64-bit integer, or a finite float."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not LONG_MIN <= value <= LONG_MAX:
            raise ValueError(f"Invalid number {quote_value(value)}. Use a value within 64 bits.")
        return value
    if not isinstance(value, float) or not math.isfinite(value):
        raise ValueError(f"Invalid number {quote_value(value)}. Use a finite number, such as 0.5.")
    return value


def parse_uuid(value: Any) -> UUID:
    if isinstance(value, str):
        with suppress(msgspec.ValidationError):
            return msgspec.convert(value, UUID)
    raise ValueError(
        f"Invalid UUID {quote_value(value)}. Use the uuid of the record, not its id, such as "
        "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f."
    )


def write_duration(value: timedelta) -> str:
    """Write ISO 8601 seconds, exact to the microsecond."""
    seconds, microseconds = divmod(value // timedelta(microseconds=1), 1_000_000)
    fraction = f".{microseconds:06}".rstrip("0") if microseconds else ""
    return f"PT{seconds}{fraction}S"


def parse_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """Return the value of a literal; an absent variable is omitted in objects and null in lists."""
    return without_absent(value_from_ast_untyped(node, variables))


def without_absent(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_absent(item) for name, item in value.items() if item is not Undefined}
    if isinstance(value, list):
        return [None if item is Undefined else without_absent(item) for item in value]
    return value


def identity(value: Any) -> Any:
    """Return JSON values unchanged; the store checks them."""
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An RFC 3339 timestamp with a time zone. Output is in UTC.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc3339",
        parse_value=parse_instant,
        serialize=write_instant,
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description="A duration such as 90m, 24h, 7d or 2w, or in ISO 8601 weeks, days, hours, "
        "minutes and seconds such as PT1H. Output is ISO 8601.",
        parse_value=parse_duration,
        serialize=write_duration,
    ),
    TimeRange: strawberry.scalar(
        name="TimeRange",
        description="A time range up to now: a duration such as 1h, 24h, 7d, 30d or PT1H, or all "
        "for all time. Output is as given in the request.",
        parse_value=parse_time_range,
        serialize=str,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A UUID as text. Ids chosen by clients should be version 7 (RFC 9562).",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc9562",
        parse_value=parse_uuid,
        serialize=str,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A 64-bit integer, written as a JSON number. Input may be a JSON number or a "
        "string of digits.",
        parse_value=parse_long,
        serialize=write_long,
    ),
    Number: strawberry.scalar(
        name="Number",
        description="A JSON number. 64-bit integers are exact; all other numbers are floats.",
        parse_value=parse_number,
        serialize=identity,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://datatracker.ietf.org/doc/html/rfc8259",
        parse_value=identity,
        parse_literal=parse_json_literal,
        serialize=identity,
    ),
}

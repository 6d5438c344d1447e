"""The operators of each kind of field: every field of a filter is an object of one of these types."""

from datetime import datetime
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

import strawberry

from schema.conditions import condition
from schema.hydration import described
from schema.scalars import JSON, Long, Number
from store.time_ranges import TimeRange

T = TypeVar("T")


@strawberry.input(
    name="Filter",
    description="Conditions on one of several values. Conditions are combined with AND.",
)
class ValueFilter(Generic[T]):
    """Filter values without an order; ``ValueFilter[Outcome]`` is named ``OutcomeFilter``."""

    eq: T | None = condition("Equal to this value.")
    ne: T | None = condition("Not equal to this value, or null.")
    in_: list[T] | None = condition("Equal to any of these values.", name="in")
    not_in: list[T] | None = condition("Not equal to any of these values, or null.")
    is_null: bool | None = condition("True matches null values, false matches all others.")


@strawberry.input(description="Conditions on true or false. Conditions are combined with AND.")
class BooleanFilter(ValueFilter[bool]):
    pass


@strawberry.input(description="Conditions on a UUID. Conditions are combined with AND.")
class UUIDFilter(ValueFilter[UUID]):
    pass


@strawberry.input
class OrderedFilter(ValueFilter[T]):
    gt: T | None = condition("Greater than this value.")
    gte: T | None = condition("Greater than or equal to this value.")
    lt: T | None = condition("Less than this value.")
    lte: T | None = condition("Less than or equal to this value.")


@strawberry.input(description="Conditions on a 32-bit integer. Conditions are combined with AND.")
class IntFilter(OrderedFilter[int]):
    pass


@strawberry.input(description="Conditions on a 64-bit integer. Conditions are combined with AND.")
class LongFilter(OrderedFilter[Long]):
    pass


@strawberry.input(description="Conditions on a number. Conditions are combined with AND.")
class FloatFilter(OrderedFilter[float]):
    pass


@strawberry.input(
    description="Conditions on a measure. Conditions are combined with AND. Money is in US dollars."
)
class NumberFilter(OrderedFilter[Number]):
    pass


@strawberry.input(description="Conditions on a time. Conditions are combined with AND.")
class DateTimeFilter(OrderedFilter[datetime]):
    since: datetime | None = condition("Start, inclusive. Same as gte.")
    until: datetime | None = condition("End, exclusive. Same as lt.")
    last: TimeRange | None = condition(
        "Time range up to now, such as 24h, 7d or PT1H; all means all time. Cannot be combined with "
        "other ranges."
    )


@strawberry.input
class TextFilter(OrderedFilter[T]):
    starts_with: T | None = condition("Starts with this text.")
    ends_with: T | None = condition("Ends with this text.")
    contains: T | None = condition("Contains this text.")
    eq_ignore_case: T | None = condition("Equal to this text, ignoring the case of ASCII letters.")
    starts_with_ignore_case: T | None = condition(
        "Starts with this text, ignoring the case of ASCII letters."
    )
    ends_with_ignore_case: T | None = condition(
        "Ends with this text, ignoring the case of ASCII letters."
    )
    contains_ignore_case: T | None = condition(
        "Contains this text, ignoring the case of ASCII letters."
    )


@strawberry.input(
    description="Conditions on a text, which is ordered by Unicode code point. Conditions are combined "
    "with AND."
)
class StringFilter(TextFilter[str]):
    pass


@strawberry.input(
    description="Conditions on an id, such as an organization's or a user's. Ids are ordered as "
    "text, by Unicode code point. Conditions are combined with AND."
)
class IDFilter(TextFilter[strawberry.ID]):
    pass


@strawberry.input(
    description="Conditions on a path inside the attributes. Conditions are combined with AND."
)
class AttributeFilter:
    NULLABLE: ClassVar[frozenset[str]] = frozenset({"eq"})

    path: str = described(
        "Object keys joined by dots, such as plan.name. Write \\. for a dot in a key."
    )
    eq: JSON | None = condition(
        "Equal to a string, number or boolean; null matches paths that hold null."
    )
    ne: JSON | None = condition("Not equal to this value, or missing.")
    in_: list[JSON] | None = condition("Equal to any of these values.", name="in")
    not_in: list[JSON] | None = condition("Not equal to any of these values, or missing.")
    is_null: bool | None = condition(
        "True matches paths that are missing or hold null, false matches all others."
    )
    gt: Number | None = condition("Greater than this number.")
    gte: Number | None = condition("Greater than or equal to this number.")
    lt: Number | None = condition("Less than this number.")
    lte: Number | None = condition("Less than or equal to this number.")
    starts_with: str | None = condition("A string that starts with this text.")
    ends_with: str | None = condition("A string that ends with this text.")
    contains: str | None = condition("A string that contains this text.")
    eq_ignore_case: str | None = condition(
        "A string equal to this text, ignoring the case of ASCII letters."
    )
    starts_with_ignore_case: str | None = condition(
        "A string that starts with this text, ignoring the case of ASCII letters."
    )
    ends_with_ignore_case: str | None = condition(
        "A string that ends with this text, ignoring the case of ASCII letters."
    )
    contains_ignore_case: str | None = condition(
        "A string that contains this text, ignoring the case of ASCII letters."
    )
    exists: bool | None = condition("True if the path must exist, false if it must not.")

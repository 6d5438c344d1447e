"""Filters of single fields, and how any filter input becomes a condition of the store."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

import strawberry

from schema.conditions import (
    Given,
    Path,
    condition,
    given_in,
    operators_in,
)
from schema.hydration import described
from schema.scalars import JSON, Long, Number
from store.errors import InvalidInputError
from store.query.filters import (
    AllOf,
    AnyOf,
    Compare,
    CompareAttribute,
    ComparisonOperator,
    Condition,
    Not,
    parse_path,
)
from store.time_ranges import TimeRange


@strawberry.input(description="A condition on a text. Conditions are combined with AND.")
class StringFilter:
    """Case-sensitive where the name does not say otherwise; no wildcards."""

    eq: str | None = condition("Equal to this value.")
    ne: str | None = condition("Not equal to this value, or null.")
    in_: list[str] | None = condition("Equal to any of these values.", name="in")
    not_in: list[str] | None = condition("Not equal to any of these values, or null.")
    starts_with: str | None = condition("Starts with this text.")
    ends_with: str | None = condition("Ends with this text.")
    contains: str | None = condition("Contains this text.")
    eq_ignore_case: str | None = condition(
        "Equal to this text, ignoring the case of ASCII letters."
    )
    starts_with_ignore_case: str | None = condition(
        "Starts with this text, ignoring the case of ASCII letters."
    )
    ends_with_ignore_case: str | None = condition(
        "Ends with this text, ignoring the case of ASCII letters."
    )
    contains_ignore_case: str | None = condition(
        "Contains this text, ignoring the case of ASCII letters."
    )
    is_null: bool | None = condition("True matches null values, false matches all others.")


@strawberry.input(
    description="A condition on a label, such as an organization's or a user's id. Conditions are "
    "combined with AND."
)
class IDFilter:
    """The operators of a text; whole numbers are taken as their digits, as everywhere with ID."""

    eq: strawberry.ID | None = condition("Equal to this value.")
    ne: strawberry.ID | None = condition("Not equal to this value, or null.")
    in_: list[strawberry.ID] | None = condition("Equal to any of these values.", name="in")
    not_in: list[strawberry.ID] | None = condition("Not equal to any of these values, or null.")
    starts_with: strawberry.ID | None = condition("Starts with this text.")
    ends_with: strawberry.ID | None = condition("Ends with this text.")
    contains: strawberry.ID | None = condition("Contains this text.")
    eq_ignore_case: strawberry.ID | None = condition(
        "Equal to this text, ignoring the case of ASCII letters."
    )
    starts_with_ignore_case: strawberry.ID | None = condition(
        "Starts with this text, ignoring the case of ASCII letters."
    )
    ends_with_ignore_case: strawberry.ID | None = condition(
        "Ends with this text, ignoring the case of ASCII letters."
    )
    contains_ignore_case: strawberry.ID | None = condition(
        "Contains this text, ignoring the case of ASCII letters."
    )
    is_null: bool | None = condition("True matches null values, false matches all others.")


@strawberry.input(description="A condition on a whole number. Conditions are combined with AND.")
class LongFilter:
    """Ranges and lists."""

    eq: Long | None = condition("Equal to this value.")
    ne: Long | None = condition("Not equal to this value, or null.")
    gt: Long | None = condition("Greater than this value.")
    gte: Long | None = condition("Greater than or equal to this value.")
    lt: Long | None = condition("Less than this value.")
    lte: Long | None = condition("Less than or equal to this value.")
    in_: list[Long] | None = condition("Equal to any of these values.", name="in")
    not_in: list[Long] | None = condition("Not equal to any of these values, or null.")
    is_null: bool | None = condition("True matches null values, false matches all others.")


@strawberry.input(description="A condition on a number. Conditions are combined with AND.")
class FloatFilter:
    """Ranges and lists."""

    eq: float | None = condition("Equal to this value.")
    ne: float | None = condition("Not equal to this value, or null.")
    gt: float | None = condition("Greater than this value.")
    gte: float | None = condition("Greater than or equal to this value.")
    lt: float | None = condition("Less than this value.")
    lte: float | None = condition("Less than or equal to this value.")
    in_: list[float] | None = condition("Equal to any of these values.", name="in")
    not_in: list[float] | None = condition("Not equal to any of these values, or null.")
    is_null: bool | None = condition("True matches null values, false matches all others.")


@strawberry.input(description="A half-open time range: [since, until).")
class TimeFilter:
    """Instants, or a duration up to now."""

    since: datetime | None = condition("Start, inclusive.")
    until: datetime | None = condition("End, exclusive.")
    last: TimeRange | None = condition(
        "Time range up to now, such as 24h, 7d or PT1H; all means all time."
    )


@strawberry.input(description="A condition on a path inside the attributes.")
class AttributeFilter:
    """A leaf of the JSON, compared by its own type."""

    NULLABLE: ClassVar[frozenset[str]] = frozenset({"eq"})

    path: str = described(
        "Object keys joined by dots, such as plan.name. Write \\. for a dot in a key."
    )
    eq: JSON | None = condition(
        "Equal to a string, number or boolean; null matches paths that hold null."
    )
    in_: list[JSON] | None = condition("Equal to any of these values.", name="in")
    gt: Number | None = condition("Greater than this number.")
    gte: Number | None = condition("Greater than or equal to this number.")
    lt: Number | None = condition("Less than this number.")
    lte: Number | None = condition("Less than or equal to this number.")
    exists: bool | None = condition("True if the path must exist, false if it must not.")


class FilterInput(Protocol):
    """Any filter input: a Strawberry input whose fields are conditions.

    Fields named in ``OWN`` are not conditions by themselves: ``own_conditions`` says what they mean.
    """


OPS = {
    "eq": ComparisonOperator.EQ,
    "ne": ComparisonOperator.NE,
    "in_": ComparisonOperator.IN,
    "not_in": ComparisonOperator.NOT_IN,
    "gt": ComparisonOperator.GT,
    "gte": ComparisonOperator.GTE,
    "lt": ComparisonOperator.LT,
    "lte": ComparisonOperator.LTE,
    "starts_with": ComparisonOperator.STARTS_WITH,
    "ends_with": ComparisonOperator.ENDS_WITH,
    "contains": ComparisonOperator.CONTAINS,
    "eq_ignore_case": ComparisonOperator.EQ_IGNORE_CASE,
    "starts_with_ignore_case": ComparisonOperator.STARTS_WITH_IGNORE_CASE,
    "ends_with_ignore_case": ComparisonOperator.ENDS_WITH_IGNORE_CASE,
    "contains_ignore_case": ComparisonOperator.CONTAINS_IGNORE_CASE,
    "is_null": ComparisonOperator.IS_NULL,
}
MAX_DEPTH = 10
"""Levels of and, or, not inside one another."""


def condition_of(
    where: FilterInput | None,
    now: datetime,
    columns: Mapping[str, str] | None = None,
    path: Path = ("where",),
) -> Condition | None:
    """Return the condition of a filter input; ``columns`` renames fields that are not named as columns.

    None, and an input without any condition, find everything. Raises ``InvalidInputError`` for a condition
    inside it that is null or empty.
    """
    if where is None:
        return None
    return FilterReader(now, columns or {}).read(where, path, 1)


class FilterReader:
    """Turns filter inputs into conditions of the store."""

    def __init__(self, now: datetime, columns: Mapping[str, str]) -> None:
        self._now = now
        self._columns = columns

    def read(self, where: Any, path: Path, depth: int) -> Condition:
        """Return the condition of one filter input; one inside another must not be empty."""
        if depth > MAX_DEPTH:
            raise InvalidInputError(
                f"and, or and not must not be nested deeper than {MAX_DEPTH} levels.", ("where",)
            )
        own: frozenset[str] = getattr(where, "OWN", frozenset())
        found = list(given_in(where, path))
        if not found and depth > 1:
            raise InvalidInputError(
                "The filter is empty and would match everything. Add a condition or omit it.",
                path,
            )
        parts: list[Condition] = list(where.own_conditions()) if own else []
        for one in found:
            if one.name in own:
                continue
            if one.name == "and_":
                parts += self._each(one, depth)
            elif one.name == "or_":
                parts.append(AnyOf(tuple(self._each(one, depth))))
            elif one.name == "not_":
                parts.append(Not(self.read(one.value, one.path, depth + 1)))
            else:
                parts += self._field(one)
        return AllOf(tuple(parts))

    def _each(self, given: Given, depth: int) -> list[Condition]:
        """Return the parts of ``and`` or ``or``: of none, all hold and not one of them does."""
        return [
            self.read(where, (*given.path, place), depth + 1)
            for place, where in enumerate(given.value)
        ]

    def _field(self, given: Given) -> list[Condition]:
        column, value, path = self._columns.get(given.name, given.name), given.value, given.path
        if given.name == "attributes":
            parts = (_attribute(column, one, (*path, i)) for i, one in enumerate(value))
            return [condition for part in parts for condition in part]
        if isinstance(value, TimeFilter):
            return _span(column, value, path, self._now)
        if isinstance(value, StringFilter | IDFilter | LongFilter | FloatFilter):
            return [Compare(column, OPS[o.name], o.value) for o in operators_in(value, path)]
        if isinstance(value, list):
            return [
                Compare(
                    column,
                    ComparisonOperator.IN,
                    [v.value if isinstance(v, Enum) else v for v in value],
                )
            ]
        return [
            Compare(
                column, ComparisonOperator.EQ, value.value if isinstance(value, Enum) else value
            )
        ]


def _span(column: str, asked: TimeFilter, path: Path, now: datetime) -> list[Condition]:
    given = {one.name: one.value for one in operators_in(asked, path)}
    if "last" in given and len(given) > 1:
        raise InvalidInputError(
            "last cannot be combined with since or until. Remove one of them.", (*path, "last")
        )
    since = given.get("since")
    if "last" in given:
        since = given["last"].since(now)
    parts: list[Condition] = []
    if since is not None:
        parts.append(Compare(column, ComparisonOperator.GTE, since))
    if "until" in given:
        parts.append(Compare(column, ComparisonOperator.LT, given["until"]))
    return parts


def _attribute(column: str, asked: AttributeFilter, place: Path) -> list[Condition]:
    path = parse_path(asked.path)
    parts: list[Condition] = []
    for one in operators_in(asked, place, apart_from=("path",)):
        if one.name == "exists":
            parts.append(CompareAttribute(column, path, ComparisonOperator.IS_NULL, not one.value))
        else:
            parts.append(CompareAttribute(column, path, OPS[one.name], one.value))
    return parts

"""How a filter input becomes a condition of the store."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from schema.conditions import (
    FieldCondition,
    Path,
    conditions_in,
    operators_in,
)
from schema.filter_operators import AttributeFilter, DateTimeFilter, ValueFilter
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


class FilterInput(Protocol):
    """Describe any filter input: a Strawberry input whose fields are conditions.

    Fields named in ``OWN`` are not conditions by themselves; ``own_conditions`` interprets them.
    """


OPERATORS = {
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
    "exists": ComparisonOperator.EXISTS,
    "since": ComparisonOperator.GTE,
    "until": ComparisonOperator.LT,
}
TIME_RANGES = frozenset({"since", "until", "gt", "gte", "lt", "lte"})
MAX_DEPTH = 10
"""Levels of and, or, not inside one another."""


def condition_of(
    where: FilterInput | None,
    now: datetime,
    path: Path = ("where",),
) -> Condition | None:
    """Return the condition of a filter input, whose fields are named as columns.

    None, and an input without any condition, find everything. Raises ``InvalidInputError`` for a condition
    inside it that is null or empty.
    """
    if where is None:
        return None
    return FilterReader(now).read(where, path, 1)


class FilterReader:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def read(self, where: Any, path: Path, depth: int) -> Condition:
        """Return the condition of one filter input; one inside another must not be empty."""
        if depth > MAX_DEPTH:
            raise InvalidInputError(
                f"and, or and not must not be nested deeper than {MAX_DEPTH} levels.", ("where",)
            )
        custom_fields: frozenset[str] = getattr(where, "OWN", frozenset())
        conditions = list(conditions_in(where, path))
        if not conditions and depth > 1:
            raise InvalidInputError(
                "The filter is empty and would match everything. Add a condition or omit it.",
                path,
            )
        parts: list[Condition] = []
        if custom_fields:
            parts += where.own_conditions(
                [part for part in conditions if part.name in custom_fields]
            )
        for part in conditions:
            if part.name in custom_fields:
                continue
            if part.name == "and_":
                parts += self._each(part, depth)
            elif part.name == "or_":
                parts.append(AnyOf(tuple(self._each(part, depth))))
            elif part.name == "not_":
                parts.append(Not(self.read(part.value, part.path, depth + 1)))
            else:
                parts += self._field(part)
        return AllOf(tuple(parts))

    def _each(self, condition: FieldCondition, depth: int) -> list[Condition]:
        """Convert ``and`` or ``or``; an empty ``and`` matches everything, an empty ``or`` nothing."""
        return [
            self.read(where, (*condition.path, place), depth + 1)
            for place, where in enumerate(condition.value)
        ]

    def _field(self, field_condition: FieldCondition) -> list[Condition]:
        column, value, path = field_condition.name, field_condition.value, field_condition.path
        if isinstance(value, list):
            parts = (
                _attribute(column, attribute_filter, (*path, i))
                for i, attribute_filter in enumerate(value)
            )
            return [condition for part in parts for condition in part]
        assert isinstance(value, ValueFilter)
        if isinstance(value, DateTimeFilter):
            return _time(column, value, path, self._now)
        return comparisons(column, operators_in(value, path))


def comparisons(column: str, operators: Iterable[FieldCondition]) -> list[Condition]:
    """Return a comparison of the column for each operator."""
    return [Compare(column, OPERATORS[o.name], stored_value(o.value)) for o in operators]


def stored_value(value: Any) -> Any:
    """Return an enum member, or each member of a list, as its column holds it."""
    if isinstance(value, list):
        return [stored_value(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _time(column: str, time_filter: DateTimeFilter, path: Path, now: datetime) -> list[Condition]:
    operators = operators_in(time_filter, path)
    last = next((operator for operator in operators if operator.name == "last"), None)
    if last is None:
        return comparisons(column, operators)
    if any(operator.name in TIME_RANGES for operator in operators):
        raise InvalidInputError(
            "last cannot be combined with since, until, gt, gte, lt or lte. Remove one of them.",
            last.path,
        )
    parts = comparisons(column, (operator for operator in operators if operator is not last))
    since = last.value.since(now)
    if since is not None:
        parts.append(Compare(column, ComparisonOperator.GTE, since))
    return parts


def _attribute(column: str, attribute_filter: AttributeFilter, place: Path) -> list[Condition]:
    path = parse_path(attribute_filter.path)
    return [
        CompareAttribute(column, path, OPERATORS[operator.name], operator.value)
        for operator in operators_in(attribute_filter, place, apart_from=("path",))
    ]

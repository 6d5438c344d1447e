"""How a filter input becomes a condition of the store."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from schema.conditions import (
    Given,
    Path,
    given_in,
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
    """Any filter input: a Strawberry input whose fields are conditions.

    Fields named in ``OWN`` are not conditions by themselves: ``own_conditions`` says what they mean.
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
        parts: list[Condition] = []
        if own:
            parts += where.own_conditions([one for one in found if one.name in own])
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
        assert isinstance(value, ValueFilter)
        if isinstance(value, DateTimeFilter):
            return _time(column, value, path, self._now)
        return comparisons(column, operators_in(value, path))


def comparisons(column: str, operators: Iterable[Given]) -> list[Condition]:
    """Return a comparison of the column for each operator."""
    return [Compare(column, OPERATORS[o.name], stored_value(o.value)) for o in operators]


def stored_value(value: Any) -> Any:
    """Return an enum member, or each member of a list, as its column holds it."""
    if isinstance(value, list):
        return [stored_value(one) for one in value]
    return value.value if isinstance(value, Enum) else value


def _time(column: str, asked: DateTimeFilter, path: Path, now: datetime) -> list[Condition]:
    operators = operators_in(asked, path)
    last = next((one for one in operators if one.name == "last"), None)
    if last is None:
        return comparisons(column, operators)
    if any(one.name in TIME_RANGES for one in operators):
        raise InvalidInputError(
            "last cannot be combined with since, until, gt, gte, lt or lte. Remove one of them.",
            last.path,
        )
    parts = comparisons(column, (one for one in operators if one is not last))
    since = last.value.since(now)
    if since is not None:
        parts.append(Compare(column, ComparisonOperator.GTE, since))
    return parts


def _attribute(column: str, asked: AttributeFilter, place: Path) -> list[Condition]:
    path = parse_path(asked.path)
    return [
        CompareAttribute(column, path, OPERATORS[one.name], one.value)
        for one in operators_in(asked, place, apart_from=("path",))
    ]

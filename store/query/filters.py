"""Conditions on records as frozen values, and their one translation to SQL.

Comparisons are two-valued: where a field is null a comparison is false, so its negation is true.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Text, and_, false, func, literal, not_, or_, true

from models.types import CleanText, JsonNumber, clean_text
from store.dialects import DatabaseDialect, JsonLeaf
from store.errors import InvalidInputError
from store.validation import LONG_MAX, LONG_MIN

MAX_CONDITIONS = 200
"""Comparisons in one filter; more is a program's mistake, and a planner's nightmare."""
MAX_VALUES = 1_000
"""Values in one list."""
MAX_FILTER_VALUES = 10_000
"""Values in all lists of one filter."""
MAX_EXPANDED_VALUES = 500
"""Values in the lists of a filter up to which each is a parameter of its own.

An aggregation repeats a filter up to some twenty times in one statement, which can have 32,766
parameters on SQLite and 32,767 on PostgreSQL. In a filter with more values each list is one.
"""
MAX_PATH_STEPS = 8
"""Object keys in one attribute path."""
MAX_PATH_SHOWN = 80
"""Characters of a refused path that a message repeats."""


class ComparisonOperator(StrEnum):
    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "notIn"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"
    EQ_IGNORE_CASE = "eqIgnoreCase"
    STARTS_WITH_IGNORE_CASE = "startsWithIgnoreCase"
    ENDS_WITH_IGNORE_CASE = "endsWithIgnoreCase"
    CONTAINS_IGNORE_CASE = "containsIgnoreCase"
    IS_NULL = "isNull"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against a value (a list for IN and NOT_IN, a boolean for IS_NULL).

    Texts are ordered by code point.
    """

    field: str
    op: ComparisonOperator
    value: Any


@dataclass(frozen=True, slots=True)
class CompareAttribute:
    """A place in a record's attributes; ``path`` are object keys.

    EXISTS is true of a path that holds anything, IS_NULL of one that is missing or holds null.
    """

    field: str
    path: tuple[str, ...]
    op: ComparisonOperator
    value: Any


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts; false when there is none."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition = Compare | CompareAttribute | AllOf | AnyOf | Not
Fields = Mapping[str, ColumnElement[Any]]


def parse_path(path: str) -> tuple[str, ...]:
    steps, step, escaped = [], "", False
    for character in clean_text(path):
        if escaped:
            step, escaped = step + character, False
        elif character == "\\":
            escaped = True
        elif character == ".":
            steps.append(step)
            step = ""
        else:
            step += character
    steps.append(step)
    if escaped or not all(steps) or len(steps) > MAX_PATH_STEPS:
        raise InvalidInputError(
            f"Invalid attribute path {path[:MAX_PATH_SHOWN]!r}. Use 1 to {MAX_PATH_STEPS} keys joined "
            "by dots.",
            ("path",),
        )
    return tuple(steps)


def count_values(condition: Condition) -> int:
    match condition:
        case Compare() | CompareAttribute():
            return len(condition.value) if isinstance(condition.value, list | tuple) else 1
        case AllOf() | AnyOf():
            return sum(map(count_values, condition.parts))
        case Not():
            return count_values(condition.part)
        case _:
            assert_never(condition)


class ConditionCompiler:
    def __init__(
        self, fields: Fields, dialect: DatabaseDialect, max_values: int = MAX_FILTER_VALUES
    ) -> None:
        self._fields = fields
        self._dialect = dialect
        self._max_values = max_values
        self._count = 0
        self._is_long = False

    def compile(self, condition: Condition) -> ColumnElement[bool]:
        """Compile the condition to SQL; raise ``InvalidInputError`` if it is too large."""
        values = count_values(condition)
        self._is_long = values > MAX_EXPANDED_VALUES
        compiled = self._compile(condition)
        if values > self._max_values:
            raise InvalidInputError(
                f"A filter must not hold more than {self._max_values:,} values (got {values:,}). "
                "Split the query."
            )
        return compiled

    def _compile(self, condition: Condition) -> ColumnElement[bool]:
        match condition:
            case Compare():
                self._admit(condition.value)
                return self._compare(self._fields[condition.field], condition)
            case CompareAttribute():
                self._admit(condition.value)
                return self._attribute(condition)
            case AllOf():
                return and_(true(), *map(self._compile, condition.parts))
            case AnyOf():
                return or_(false(), *map(self._compile, condition.parts))
            case Not():
                return not_(func.coalesce(self._compile(condition.part), false()))
            case _:
                assert_never(condition)

    def _one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        return (
            self._dialect.expressions.one_of(column, values)
            if self._is_long
            else column.in_(values)
        )

    def _admit(self, value: Any) -> None:
        self._count += 1
        if self._count > MAX_CONDITIONS:
            raise InvalidInputError(
                f"A filter must not hold more than {MAX_CONDITIONS} comparisons. Split the query."
            )
        if isinstance(value, list | tuple) and len(value) > MAX_VALUES:
            raise InvalidInputError(
                f"A list must not hold more than {MAX_VALUES:,} values (got {len(value):,}). "
                "Split the query."
            )

    def _compare(self, column: ColumnElement[Any], comparison: Compare) -> ColumnElement[bool]:
        if comparison.op in RANGES:
            if isinstance(column.type, Text | CleanText):
                # Otherwise PostgreSQL compares as the language of the database does.
                column = self._dialect.expressions.by_code_point(column)
            return RANGES[comparison.op](column, comparison.value)
        if comparison.op in IGNORING_CASE:
            folded = self._dialect.expressions.fold_ascii_case(column)
            op = IGNORING_CASE[comparison.op]
            text = fold_ascii_case(clean_text(comparison.value))
            return self._compare(folded, Compare(comparison.field, op, text))
        if comparison.op is ComparisonOperator.STARTS_WITH:
            return self._dialect.expressions.starts_with(column, clean_text(comparison.value))
        if comparison.op is ComparisonOperator.ENDS_WITH:
            return self._dialect.expressions.ends_with(column, clean_text(comparison.value))
        if comparison.op is ComparisonOperator.CONTAINS:
            return self._dialect.expressions.contains(column, clean_text(comparison.value))
        if comparison.op is ComparisonOperator.IN:
            return self._one_of(column, comparison.value)
        if comparison.op is ComparisonOperator.NOT_IN:
            return or_(column.is_(None), not_(self._one_of(column, comparison.value)))
        return _matches_sql(column, comparison.op, comparison.value)

    def _attribute(self, comparison: CompareAttribute) -> ColumnElement[bool]:
        if any('"' in key for key in comparison.path):
            # Older versions of SQLite have no way to say such a path.
            raise InvalidInputError("Attribute keys must not contain a quotation mark.", ("path",))
        leaf = self._dialect.expressions.json_leaf(self._fields[comparison.field], comparison.path)
        match comparison.op:
            case ComparisonOperator.EXISTS:
                return leaf.kind.is_not(None) if comparison.value else leaf.kind.is_(None)
            case ComparisonOperator.IS_NULL:
                missing = func.coalesce(leaf.kind, "null") == "null"
                return missing if comparison.value else not_(missing)
            case ComparisonOperator.EQ:
                return self._leaf_in(leaf, [comparison.value])
            case ComparisonOperator.NE:
                return not_(func.coalesce(self._leaf_in(leaf, [comparison.value]), false()))
            case ComparisonOperator.IN:
                return self._leaf_in(leaf, comparison.value)
            case ComparisonOperator.NOT_IN:
                return not_(func.coalesce(self._leaf_in(leaf, comparison.value), false()))
            case op if op in RANGES:
                return RANGES[op](leaf.number, literal(comparison.value, JsonNumber()))
            case op:
                return self._compare(leaf.text, Compare(comparison.field, op, comparison.value))

    def _leaf_in(self, leaf: JsonLeaf, values: Sequence[Any]) -> ColumnElement[bool]:
        if any(isinstance(v, dict | list) for v in values):
            raise InvalidInputError(
                "Attributes are compared with a string, number, boolean or null. Name the path inside "
                "the object.",
                ("attributes",),
            )
        if any(isinstance(v, int) and not LONG_MIN <= v <= LONG_MAX for v in values):
            raise InvalidInputError(
                "Attributes are compared with 64-bit integers. No other integers are recorded.",
                ("attributes",),
            )
        clean = [clean_text(v) if isinstance(v, str) else v for v in values]
        return or_(false(), *leaf.one_of(clean, self._one_of))


RANGES: dict[ComparisonOperator, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    ComparisonOperator.GT: operator.gt,
    ComparisonOperator.GTE: operator.ge,
    ComparisonOperator.LT: operator.lt,
    ComparisonOperator.LTE: operator.le,
}

IGNORING_CASE = {
    ComparisonOperator.EQ_IGNORE_CASE: ComparisonOperator.EQ,
    ComparisonOperator.STARTS_WITH_IGNORE_CASE: ComparisonOperator.STARTS_WITH,
    ComparisonOperator.ENDS_WITH_IGNORE_CASE: ComparisonOperator.ENDS_WITH,
    ComparisonOperator.CONTAINS_IGNORE_CASE: ComparisonOperator.CONTAINS,
}
"""The comparison of texts whose letters A to Z are in lower case, by the one that ignores case."""
LOWER_CASE = str.maketrans(ascii_uppercase, ascii_lowercase)


def fold_ascii_case(text: str) -> str:
    """Return a text with A to Z in lower case, and any other letter unchanged, as SQL folds it."""
    return text.translate(LOWER_CASE)


def _matches_sql(
    column: ColumnElement[Any], op: ComparisonOperator, value: Any
) -> ColumnElement[bool]:
    if op is ComparisonOperator.EQ:
        equal: ColumnElement[bool] = column == value  # IS NULL where the value is None
        return equal
    if op is ComparisonOperator.NE:
        return column.is_distinct_from(value)
    return column.is_(None) if value else column.is_not(None)

"""What filters mean, in plain Python, and filters as hypothesis makes them."""

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from hypothesis import strategies as st

from models.enums import OperationKind, Outcome
from models.types import clean_text
from store.query.filters import (
    AllOf,
    AnyOf,
    Compare,
    CompareAttribute,
    ComparisonOperator,
    Condition,
    Not,
)
from tests.unit.store.rows import MONTH, v7_at

RANGES: dict[ComparisonOperator, Callable[[Any, Any], bool]] = {
    ComparisonOperator.GT: operator.gt,
    ComparisonOperator.GTE: operator.ge,
    ComparisonOperator.LT: operator.lt,
    ComparisonOperator.LTE: operator.le,
}
SENSITIVE = {
    ComparisonOperator.EQ_IGNORE_CASE: ComparisonOperator.EQ,
    ComparisonOperator.STARTS_WITH_IGNORE_CASE: ComparisonOperator.STARTS_WITH,
    ComparisonOperator.ENDS_WITH_IGNORE_CASE: ComparisonOperator.ENDS_WITH,
    ComparisonOperator.CONTAINS_IGNORE_CASE: ComparisonOperator.CONTAINS,
}
TEXT_OPERATORS = (
    ComparisonOperator.STARTS_WITH,
    ComparisonOperator.ENDS_WITH,
    ComparisonOperator.CONTAINS,
    *SENSITIVE,
)
MISSING = object()


def matches(condition: Condition, row: Mapping[str, Any]) -> bool:
    """Whether a row satisfies a condition; comparisons are true or false, never neither."""
    match condition:
        case Compare():
            return compares(row[condition.field], condition.op, _clean(condition.value))
        case CompareAttribute():
            leaf = row[condition.field]
            for key in condition.path:
                leaf = leaf.get(key, MISSING) if isinstance(leaf, dict) else MISSING
            return _attribute(MISSING if leaf is None and row[condition.field] is None else leaf,
                              condition.op, _clean(condition.value))  # fmt: skip
        case AllOf():
            return all(matches(part, row) for part in condition.parts)
        case AnyOf():
            return any(matches(part, row) for part in condition.parts)
        case Not():
            return not matches(condition.part, row)
        case _:
            assert_never(condition)


def _clean(value: Any) -> Any:
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return clean_text(value) if isinstance(value, str) else value


def compares(value: Any, op: ComparisonOperator, asked: Any) -> bool:
    if op is ComparisonOperator.IS_NULL:
        return asked is (value is None)
    if op is ComparisonOperator.NE:
        return bool(value != asked)
    if op is ComparisonOperator.NOT_IN:
        return value not in asked
    if value is None:
        return False
    return _of_present(value, op, asked)


def _of_present(value: Any, op: ComparisonOperator, asked: Any) -> bool:
    if op in RANGES:
        return RANGES[op](value, asked)
    if op is ComparisonOperator.STARTS_WITH:
        return bool(value.startswith(asked))
    if op is ComparisonOperator.ENDS_WITH:
        return bool(value.endswith(asked))
    if op is ComparisonOperator.CONTAINS:
        return asked in value
    if op in SENSITIVE:
        return _of_present(_ascii_lower(value), SENSITIVE[op], _ascii_lower(asked))
    return value in asked if op is ComparisonOperator.IN else bool(value == asked)


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _attribute(leaf: Any, op: ComparisonOperator, asked: Any) -> bool:
    if op is ComparisonOperator.EXISTS:
        return asked is (leaf is not MISSING)
    if op is ComparisonOperator.IS_NULL:
        return asked is (leaf is MISSING or leaf is None)
    if op in RANGES:
        return kind_of(leaf) == "number" and RANGES[op](float(leaf), asked)
    if op in TEXT_OPERATORS:
        return isinstance(leaf, str) and _of_present(leaf, op, asked)
    values = asked if op in (ComparisonOperator.IN, ComparisonOperator.NOT_IN) else [asked]
    is_negated = op in (ComparisonOperator.NE, ComparisonOperator.NOT_IN)
    return any(_same_leaf(leaf, value) for value in values) is not is_negated


def _same_leaf(leaf: Any, value: Any) -> bool:
    if kind_of(leaf) != kind_of(value):
        return False
    if kind_of(leaf) == "number":
        return float(leaf) == float(value)  # numbers in attributes are floats of 64 bits
    return bool(leaf == value)


def kind_of(value: Any) -> str:
    """The JSON kind of a value; booleans are no numbers."""
    if isinstance(value, bool):
        return "boolean"
    kinds = {str: "string", int: "number", float: "number", type(None): "null"}
    return kinds.get(type(value), "other")


# --- operations and filters; from few values, so that they meet ------------------------------------

WORDS = st.sampled_from(
    ["", "a", "A", "ab", "a%b", "a_b", "axb", "%", "_", "a\\b", "\\", "'", "é", "É", "e\u0301",
     "ß", "ss", "😀", "a😀b", "a\0b", "a\ufffdb", "\ud800", " a", "NULL", "1", "true"]
)  # fmt: skip
STORED_WORDS = WORDS.map(clean_text)
NUMBERS = st.sampled_from([-(2**63), -1, 0, 1, 2, 100, 499, 2**53, 2**53 + 1, 2**63 - 1])
FLOATS = st.sampled_from([-1.5, -0.0, 0.0, 0.1, 0.5, 1.0, 1e-300, 1e300, 2.0**53])
MOMENTS = st.sampled_from(
    [MONTH + timedelta(days=d, microseconds=m) for d in (0, 1, 20) for m in (0, 1, 999_999)]
)
IDS = st.sampled_from([v7_at(MONTH, n) for n in range(3)] + [UUID(int=0), UUID(int=2**128 - 1)])
KEYS = st.sampled_from(["a", "b", "a.b", "0", "é", "a b", "s\\l", "$", "[0]", "*", "'"])
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, FLOATS, STORED_WORDS)
ATTRIBUTES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
TEXT_FIELDS = ("name", "operation_type", "route", "error", "user_id", "model")
LONG_FIELDS = ("status_code", "tokens_original", "tokens_prevented", "units")
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(TEXT_FIELDS, WORDS),
    **dict.fromkeys(LONG_FIELDS, NUMBERS),
    "duration_ms": FLOATS,
    "occurred_at": MOMENTS,
    "recorded_at": MOMENTS | st.just(datetime(1, 1, 2, tzinfo=UTC)),
    "session_id": IDS.map(str),
    "request_id": IDS,
    "kind": st.sampled_from([kind.value for kind in OperationKind]),
    "outcome": st.sampled_from([outcome.value for outcome in Outcome]),
    "cache_hit": st.booleans(),
}
EQUALITY = (
    ComparisonOperator.EQ,
    ComparisonOperator.NE,
    ComparisonOperator.IN,
    ComparisonOperator.NOT_IN,
)


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    """A comparison of a column."""
    name = draw(st.sampled_from(sorted(FIELDS)))
    ops = [*EQUALITY, ComparisonOperator.IS_NULL]
    if name in TEXT_FIELDS:
        ops += [*TEXT_OPERATORS, *RANGES]
    elif name not in ("request_id", "kind", "outcome", "cache_hit"):
        ops += RANGES
    op = draw(st.sampled_from(ops))
    if op is ComparisonOperator.IS_NULL:
        return Compare(name, op, draw(st.booleans()))
    if op in (ComparisonOperator.IN, ComparisonOperator.NOT_IN):
        return Compare(name, op, draw(st.lists(FIELDS[name], max_size=3)))
    return Compare(name, op, draw(FIELDS[name]))


@st.composite
def attribute_comparisons(draw: st.DrawFn) -> Condition:
    """A comparison of a place in the attributes."""
    path = tuple(draw(st.lists(KEYS, min_size=1, max_size=3)))
    flags = (ComparisonOperator.IS_NULL, ComparisonOperator.EXISTS)
    op = draw(st.sampled_from([*EQUALITY, *flags, *RANGES, *TEXT_OPERATORS]))
    leaf = st.one_of(LEAVES, WORDS)
    if op in TEXT_OPERATORS:
        return CompareAttribute("attributes", path, op, draw(WORDS))
    if op in flags:
        return CompareAttribute("attributes", path, op, draw(st.booleans()))
    if op in RANGES:
        return CompareAttribute("attributes", path, op, draw(FLOATS))
    is_list = op in (ComparisonOperator.IN, ComparisonOperator.NOT_IN)
    values = st.lists(leaf, max_size=3) if is_list else leaf
    return CompareAttribute("attributes", path, op, draw(values))


def trees() -> st.SearchStrategy[Condition]:
    """Comparisons joined by and, or and not."""

    def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, max_size=3).map(tuple)
        return st.one_of(st.builds(AllOf, parts), st.builds(AnyOf, parts), st.builds(Not, inner))

    return st.recursive(comparisons() | attribute_comparisons(), joined, max_leaves=8)

"""Filters of single fields, and how any filter input becomes a condition of the store."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

import strawberry
from strawberry.types.base import get_object_definition

from schema.hydration import described
from schema.scalars import JSON, Long, Number
from store.errors import BadInput
from store.filters import AllOf, AnyOf, Compare, CompareAttribute, Condition, Not, Op, parse_path
from store.time_ranges import TimeRange


@strawberry.input(description="A condition on a text. All that is given must hold.")
class StringFilter:
    """Case-sensitive; no wildcards."""

    eq: str | None = described("Equal.", default=None)
    ne: str | None = described("Not equal, or null.", default=None)
    in_: list[str] | None = described("One of these.", default=None, name="in")
    not_in: list[str] | None = described("None of these, or null.", default=None)
    starts_with: str | None = described("Starts with.", default=None)
    contains: str | None = described("Contains.", default=None)
    is_null: bool | None = described("Is not there (true), or is (false).", default=None)


@strawberry.input(
    description="A condition on a label, such as an organization's or a user's id. All that is given "
    "must hold."
)
class IDFilter:
    """The operators of a text; whole numbers are taken as their digits, as everywhere with ID."""

    eq: strawberry.ID | None = described("Equal.", default=None)
    ne: strawberry.ID | None = described("Not equal, or null.", default=None)
    in_: list[strawberry.ID] | None = described("One of these.", default=None, name="in")
    not_in: list[strawberry.ID] | None = described("None of these, or null.", default=None)
    starts_with: strawberry.ID | None = described("Starts with.", default=None)
    contains: strawberry.ID | None = described("Contains.", default=None)
    is_null: bool | None = described("Is not there (true), or is (false).", default=None)


@strawberry.input(description="A condition on a whole number. All that is given must hold.")
class LongFilter:
    """Ranges and lists."""

    eq: Long | None = described("Equal.", default=None)
    gt: Long | None = described("Greater.", default=None)
    gte: Long | None = described("Greater or equal.", default=None)
    lt: Long | None = described("Less.", default=None)
    lte: Long | None = described("Less or equal.", default=None)
    in_: list[Long] | None = described("One of these.", default=None, name="in")
    is_null: bool | None = described("Is not there (true), or is (false).", default=None)


@strawberry.input(description="A condition on a number. All that is given must hold.")
class FloatFilter:
    """Ranges."""

    eq: float | None = described("Equal.", default=None)
    gt: float | None = described("Greater.", default=None)
    gte: float | None = described("Greater or equal.", default=None)
    lt: float | None = described("Less.", default=None)
    lte: float | None = described("Less or equal.", default=None)
    is_null: bool | None = described("Is not there (true), or is (false).", default=None)


@strawberry.input(description="A span of time, half open: [since, until).")
class TimeFilter:
    """Instants, or a duration up to now."""

    since: datetime | None = described("From this instant on.", default=None)
    until: datetime | None = described("Before this instant.", default=None)
    last: TimeRange | None = described(
        "From so long ago on, such as 24h, 7d or PT1H; all is everything.", default=None
    )


@strawberry.input(description="A condition on a place inside the attributes.")
class AttributeFilter:
    """A leaf of the JSON, compared by its own type."""

    path: str = described("Object keys joined by dots, such as plan.name; \\. is a dot in a key.")
    eq: JSON | None = described("Equal: a string, number or boolean.", default=strawberry.UNSET)
    in_: list[JSON] | None = described("One of these.", default=None, name="in")
    gt: Number | None = described("A greater number.", default=None)
    gte: Number | None = described("A greater or equal number.", default=None)
    lt: Number | None = described("A smaller number.", default=None)
    lte: Number | None = described("A smaller or equal number.", default=None)
    exists: bool | None = described("Is there (true), or is not (false).", default=None)


class FilterInput(Protocol):
    """Any filter input: a Strawberry input whose fields are conditions.

    Fields named in ``OWN`` are not conditions by themselves: ``own_conditions`` says what they mean.
    """


OPS = {
    "eq": Op.EQ,
    "ne": Op.NE,
    "in_": Op.IN,
    "not_in": Op.NOT_IN,
    "gt": Op.GT,
    "gte": Op.GTE,
    "lt": Op.LT,
    "lte": Op.LTE,
    "starts_with": Op.STARTS_WITH,
    "contains": Op.CONTAINS,
    "is_null": Op.IS_NULL,
}
MAX_DEPTH = 10
"""Levels of and, or, not inside one another."""


def condition_of(
    where: FilterInput | None, now: datetime, columns: Mapping[str, str] | None = None
) -> Condition | None:
    """The condition a filter input says; ``columns`` renames fields that are not named as columns."""
    if where is None:
        return None
    return _condition(where, now, columns or {}, 1)


def _condition(where: Any, now: datetime, columns: Mapping[str, str], depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise BadInput(f"and, or, not are nested deeper than {MAX_DEPTH} levels", ("where",))
    definition = get_object_definition(type(where), strict=True)
    parts: list[Condition] = []
    own: frozenset[str] = getattr(where, "OWN", frozenset())
    if own:
        parts += where.own_conditions()
    for field in definition.fields:
        name = field.python_name
        value = getattr(where, name)
        if value is None or value is strawberry.UNSET or name in own:
            continue
        if name == "and_":
            parts += [_condition(part, now, columns, depth + 1) for part in value]
        elif name == "or_":
            parts.append(AnyOf(tuple(_condition(p, now, columns, depth + 1) for p in value)))
        elif name == "not_":
            parts.append(Not(_condition(value, now, columns, depth + 1)))
        elif name == "attributes":
            column = columns.get(name, name)
            parts += [part for asked in value for part in _attribute(column, asked)]
        else:
            parts += _field(columns.get(name, name), value, now)
    return AllOf(tuple(parts))


def _field(column: str, value: Any, now: datetime) -> list[Condition]:
    if isinstance(value, TimeFilter):
        return list(_span(column, value, now))
    if isinstance(value, StringFilter | IDFilter | LongFilter | FloatFilter):
        return [
            Compare(column, op, asked)
            for name, op in OPS.items()
            if (asked := getattr(value, name, None)) is not None
        ]
    if isinstance(value, list):
        return [Compare(column, Op.IN, [v.value if isinstance(v, Enum) else v for v in value])]
    return [Compare(column, Op.EQ, value.value if isinstance(value, Enum) else value)]


def _span(column: str, asked: TimeFilter, now: datetime) -> list[Condition]:
    if asked.last is not None and (asked.since is not None or asked.until is not None):
        raise BadInput("last excludes since and until: leave one out", ("where", "last"))
    since = asked.since
    if asked.last is not None:
        since = asked.last.since(now)
    parts: list[Condition] = []
    if since is not None:
        parts.append(Compare(column, Op.GTE, since))
    if asked.until is not None:
        parts.append(Compare(column, Op.LT, asked.until))
    return parts


def _attribute(column: str, asked: AttributeFilter) -> list[Condition]:
    path = parse_path(asked.path)
    parts: list[Condition] = []
    if asked.eq is not strawberry.UNSET:
        parts.append(CompareAttribute(column, path, Op.EQ, asked.eq))
    for name in ("in_", "gt", "gte", "lt", "lte"):
        value = getattr(asked, name)
        if value is not None:
            parts.append(CompareAttribute(column, path, OPS[name], value))
    if asked.exists is not None:
        parts.append(CompareAttribute(column, path, Op.IS_NULL, not asked.exists))
    return parts

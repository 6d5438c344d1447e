"""Answers as frozen values: rows, what was left out, totals, and what they were computed from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.aggregation.buckets import BucketSpan
from store.aggregation.measures import Measure, Value
from store.aggregation.queries import AggregationQuery, Span

RAW = "RAW"
"""The coverage of an answer that was computed from the records themselves."""

Values = tuple[Value, ...]
"""Values in the order of the question's measures. Money is in nano-dollars."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an answer was computed from.

    ``source`` is RAW or a rollup's name; ``quantile_error`` the relative error of quantiles, None
    where they are exact; ``as_of`` the instant up to which records are in it.
    """

    source: str
    as_of: datetime
    quantile_error: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    values: Values
    previous: Values | None = None


@dataclass(frozen=True, slots=True)
class Row(Group):
    """One group: ``key`` holds a value per item of the question's ``group_by``, in its order."""

    key: tuple[Any, ...] = ()
    bucket: BucketSpan | None = None


@dataclass(frozen=True, slots=True)
class AggregationResult:
    """The answer to a question. ``truncated`` says that the limit cut rows off."""

    question: AggregationQuery
    rows: tuple[Row, ...]
    coverage: Coverage
    span: Span
    others: Group | None = None
    totals: Group | None = None
    compared: Span | None = None
    truncated: bool = False

    def value(self, group: Group, measure: Measure) -> Value:
        return group.values[self.question.measures.index(measure)]


@dataclass(frozen=True, slots=True)
class Change:
    delta: int | float | None
    ratio: float | None


def change(value: Value, previous: Value) -> Change:
    """Return the change from ``previous`` to ``value``; the ratio of anything to zero is null."""
    if value is None or previous is None:
        return Change(None, None)
    return Change(value - previous, value / previous if previous else None)

"""How reports ask: spans of time, conditions, and values out of answers."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from store.aggregation.measures import Measure, Value
from store.aggregation.queries import AggregationQuery
from store.aggregation.results import AggregationResult, Group
from store.pricing.prices import NANOS_PER_DOLLAR
from store.query.filters import AllOf, Compare, ComparisonOperator, Condition

Ask = Callable[[AggregationQuery], Awaitable[AggregationResult]]
"""Asks within the bounds of one caller."""


def all_of(since: tuple[str, datetime | None], **equal: Any) -> Condition:
    column, instant = since
    parts = [
        Compare(name, ComparisonOperator.EQ, value)
        for name, value in equal.items()
        if value is not None
    ]
    if instant is not None:
        parts.append(Compare(column, ComparisonOperator.GTE, instant))
    return AllOf(tuple(parts))


class Values:
    def __init__(self, answer: AggregationResult, group: Group) -> None:
        self._answer = answer
        self._group = group

    def get(self, measure: Measure) -> Value:
        return self._answer.value(self._group, measure)

    def count(self, measure: Measure) -> int:
        return int(self.get(measure) or 0)

    def number(self, measure: Measure) -> float | None:
        value = self.get(measure)
        return None if value is None else float(value)

    def dollars(self, measure: Measure) -> float:
        return (self.get(measure) or 0) / NANOS_PER_DOLLAR


def totals_of(answer: AggregationResult) -> Values:
    assert answer.totals is not None
    return Values(answer, answer.totals)

"""Whether the store and a statement by hand say the same: nothing else may be compared by time."""

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.questions import Asked
from store.aggregation.results import AggregationResult

OTHERS = ("others",)
ROUNDING = 0.002
"""What rollups call zero, and a little more."""
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


class DifferentAnswers(RuntimeError):
    """They do not say the same."""


def require_same(asked: Asked, answer: AggregationResult, fetched: Sequence[Sequence[Any]]) -> None:
    """Raise ``DifferentAnswers`` unless every key has the same values."""
    mine, theirs = answered(answer), by_hand(asked, fetched)
    if mine.keys() != theirs.keys():
        odd = list(mine.keys() ^ theirs.keys())[:5]
        raise DifferentAnswers(f"{asked.name}: one of both does not know {odd}")
    for key, values in mine.items():
        pairs = zip(values, theirs[key], strict=True)
        if not all(same(one, other, asked.error) for one, other in pairs):
            raise DifferentAnswers(f"{asked.name}: {key} has {values}, by hand {theirs[key]}")


def answered(answer: AggregationResult) -> Rows:
    """The rows of an answer by their key; slices of time by their place, without empty ones."""
    if answer.question.bucket is not None:
        full = [row.values for row in answer.rows if row.values[0]]
        return {(place,): values for place, values in enumerate(full)}
    rows: Rows = {row.key: row.values for row in answer.rows}
    if answer.others is not None:
        rows[OTHERS] = answer.others.values
    return rows


def by_hand(asked: Asked, fetched: Sequence[Sequence[Any]]) -> Rows:
    """The same of what the driver gave."""
    if asked.question.bucket is not None:
        in_order = sorted(fetched, key=lambda row: row[0])
        return {(place,): tuple(row)[1:] for place, row in enumerate(in_order)}
    groups = len(asked.question.group_by)
    return {tuple(row)[:groups]: tuple(row)[groups:] for row in fetched}


def same(one: Any, other: Any, error: float) -> bool:
    """Whether two values are equal but for the error; the sum of nothing is nothing."""
    if one is None or other is None:
        return one is None and other is None
    return math.isclose(one, other, rel_tol=error, abs_tol=ROUNDING)

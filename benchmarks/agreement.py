"""Check that the store and a hand-written statement agree before their times are compared."""

import math
from collections.abc import Sequence
from typing import Any

from benchmarks.questions import Question
from store.aggregation.results import AggregationResult

OTHERS_KEY = ("others",)
ROUNDING = 0.002
"""Slightly more than what rollups round to zero."""
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


class DifferentAnswersError(RuntimeError):
    pass


def require_same(
    question: Question, answer: AggregationResult, fetched: Sequence[Sequence[Any]]
) -> None:
    store_rows, sql_rows = rows_of_answer(answer), rows_by_hand(question, fetched)
    if store_rows.keys() != sql_rows.keys():
        missing_keys = list(store_rows.keys() ^ sql_rows.keys())[:5]
        raise DifferentAnswersError(f"{question.name}: only one side has the keys {missing_keys}")
    for key, values in store_rows.items():
        pairs = zip(values, sql_rows[key], strict=True)
        if not all(equal_values(value, sql_value, question.error) for value, sql_value in pairs):
            raise DifferentAnswersError(
                f"{question.name}: {key} has {values}, by hand {sql_rows[key]}"
            )


def rows_of_answer(answer: AggregationResult) -> Rows:
    """Return the rows by key; time buckets by position, without empty ones."""
    if answer.question.bucket is not None:
        filled = [row.values for row in answer.rows if row.values[0]]
        return {(position,): values for position, values in enumerate(filled)}
    rows: Rows = {row.key: row.values for row in answer.rows}
    if answer.others is not None:
        rows[OTHERS_KEY] = answer.others.values
    return rows


def rows_by_hand(question: Question, fetched: Sequence[Sequence[Any]]) -> Rows:
    if question.question.bucket is not None:
        in_order = sorted(fetched, key=lambda row: row[0])
        return {(position,): tuple(row)[1:] for position, row in enumerate(in_order)}
    groups = len(question.question.group_by)
    return {tuple(row)[:groups]: tuple(row)[groups:] for row in fetched}


def equal_values(value: Any, other_value: Any, error: float) -> bool:
    """Return whether two values agree within the error; the sum of no values is null."""
    if value is None or other_value is None:
        return value is None and other_value is None
    return math.isclose(value, other_value, rel_tol=error, abs_tol=ROUNDING)

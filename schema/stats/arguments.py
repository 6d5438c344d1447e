"""Convert the arguments of a ``...Stats`` field to a query of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from schema.conditions import Path
from schema.filters import condition_of
from schema.selection import Selection
from schema.stats.answers import StatsSelection
from schema.stats.having import HavingReader, attribute_at
from schema.stats.inputs import BucketInput, CompareInput, StatsOrder, TopInput
from schema.stats.types import SourceTypes
from store.aggregation.queries import AggregationQuery, Group
from store.errors import InvalidInputError, Problem
from store.query.filters import Condition

DEFAULT_LIMIT = 1_000
"""Rows of an answer without a limit; the maximum is a setting."""


@dataclass(frozen=True, slots=True)
class Arguments:
    group_by: Sequence[Any] | None
    bucket: BucketInput | None
    having: Any
    order_by: Sequence[StatsOrder] | None
    top: TopInput | None
    compare: CompareInput | None
    limit: int


async def run_stats(
    info: strawberry.Info[Any, Any], types: SourceTypes, where: Any, arguments: Arguments
) -> Any:
    """Compute exactly what is selected, within the caller's bounds."""
    context = info.context
    context.reader()
    if arguments.bucket is not None:
        context.use_zone(arguments.bucket.zone)
    selection = StatsSelection(types, Selection.of(info))
    condition = condition_of(where, context.now())
    question, having_paths = question_of(types, condition, arguments, selection)
    try:
        result = await context.aggregate(question)
    except InvalidInputError as error:
        raise relocate_problems(error, having_paths) from None
    return selection.show(result)


def question_of(
    types: SourceTypes, where: Condition | None, arguments: Arguments, selection: StatsSelection
) -> tuple[AggregationQuery, list[Path]]:
    """Return the query, and the path in ``having`` of each of its conditions."""
    having = HavingReader(types.fields)
    if arguments.having is not None:
        having.read(arguments.having)
    question = AggregationQuery(
        source=types.source,
        where=where,
        group_by=tuple(
            _group(group_input, i) for i, group_input in enumerate(arguments.group_by or ())
        ),
        bucket=arguments.bucket.bucket() if arguments.bucket else None,
        measures=selection.measures,
        having=tuple(having.having),
        order_by=tuple(o.order(("orderBy", i)) for i, o in enumerate(arguments.order_by or ())),
        top=arguments.top.top(selection.has_others) if arguments.top else None,
        compare=arguments.compare.compare() if arguments.compare else None,
        totals=selection.has_totals,
        limit=arguments.limit,
    )
    return question, having.paths


def _group(group_input: Any, index: int) -> Group:
    if group_input.field is not strawberry.UNSET and group_input.field is not None:
        name: str = group_input.field.value
        return name
    return attribute_at(group_input.attribute, ("groupBy", index, "attribute"))


def relocate_problems(error: InvalidInputError, having: Sequence[Path]) -> InvalidInputError:
    """Return the error with the paths in ``having`` as the caller sent them."""
    return InvalidInputError([_relocate_problem(problem, having) for problem in error.problems])


def _relocate_problem(problem: Problem, having: Sequence[Path]) -> Problem:
    if len(problem.path) < 2 or problem.path[0] != "having":
        return problem
    index = problem.path[1]
    assert isinstance(index, int)
    return Problem(problem.code, problem.message, having[index])

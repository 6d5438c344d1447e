"""From the arguments of a ``...Stats`` field to a question of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from schema.conditions import Path
from schema.filters import condition_of
from schema.selection import Selection
from schema.stats.answers import Wanted
from schema.stats.having import HavingReader, attribute_at
from schema.stats.inputs import BucketInput, CompareInput, StatsOrder, TopInput
from schema.stats.types import SourceTypes
from store.aggregation.queries import AggregationQuery, Group
from store.errors import InvalidInputError, Problem
from store.query.filters import Condition

DEFAULT_LIMIT = 1_000
"""Rows of an answer where the caller names no limit; how many may be asked for is a setting."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a question but its filter, as they came."""

    group_by: Sequence[Any] | None
    bucket: BucketInput | None
    having: Any
    order_by: Sequence[StatsOrder] | None
    top: TopInput | None
    compare: CompareInput | None
    limit: int


async def answer(
    info: strawberry.Info[Any, Any], types: SourceTypes, where: Any, asked: Arguments
) -> Any:
    """Ask the store for exactly what is selected, within the caller's bounds."""
    store, bounds = info.context.store, info.context.reader()
    if asked.bucket is not None:
        info.context.use_zone(asked.bucket.zone)
    wanted = Wanted(types, Selection.of(info))
    condition = condition_of(
        where, store.now(), {"attributes": types.source.attributes or "attributes"}
    )
    question, places = question_of(types, condition, asked, wanted)
    try:
        found = await store.aggregation.ask(question, bounds)
    except InvalidInputError as error:
        raise placed(error, places) from None
    return wanted.show(found)


def question_of(
    types: SourceTypes, where: Condition | None, asked: Arguments, wanted: Wanted
) -> tuple[AggregationQuery, list[Path]]:
    """The question, and where in ``having`` each of its conditions stands."""
    having = HavingReader(types.fields)
    if asked.having is not None:
        having.read(asked.having)
    question = AggregationQuery(
        source=types.source,
        where=where,
        group_by=tuple(_group(one, i) for i, one in enumerate(asked.group_by or ())),
        bucket=asked.bucket.bucket() if asked.bucket else None,
        measures=wanted.measures,
        having=tuple(having.having),
        order_by=tuple(o.order(("orderBy", i)) for i, o in enumerate(asked.order_by or ())),
        top=asked.top.top(wanted.has_others) if asked.top else None,
        compare=asked.compare.compare() if asked.compare else None,
        totals=wanted.has_totals,
        limit=asked.limit,
    )
    return question, having.paths


def _group(asked: Any, place: int) -> Group:
    if asked.field is not strawberry.UNSET and asked.field is not None:
        name: str = asked.field.value
        return name
    return attribute_at(asked.attribute, ("groupBy", place, "attribute"))


def placed(error: InvalidInputError, having: Sequence[Path]) -> InvalidInputError:
    """The same with the places of ``having`` as the caller knows them."""
    return InvalidInputError([_placed(problem, having) for problem in error.problems])


def _placed(problem: Problem, having: Sequence[Path]) -> Problem:
    if len(problem.path) < 2 or problem.path[0] != "having":
        return problem
    place = problem.path[1]
    assert isinstance(place, int)
    return Problem(problem.code, problem.message, having[place])

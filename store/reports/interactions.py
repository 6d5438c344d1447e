"""What was used in one calendar month, in all and by what it was used for."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from store.aggregation.catalog import Stat
from store.aggregation.measures import COUNT, Statistic
from store.aggregation.queries import AggregationQuery, OrderBy
from store.aggregation.results import AggregationResult
from store.aggregation.sources import INTERACTIONS
from store.errors import InvalidInputError
from store.query.filters import AllOf, Compare, ComparisonOperator
from store.reports.arguments import Ask, Values, totals_of

UNITS = Statistic("units", Stat.SUM)


@dataclass(frozen=True, slots=True)
class InteractionPart:
    name: str | None
    units: int
    calls: int


@dataclass(frozen=True, slots=True)
class InteractionTotals:
    year: int
    month: int
    units: int
    calls: int
    units_against_limits: int
    by_operation_type: list[InteractionPart]
    by_interaction_type: list[InteractionPart]


async def interaction_totals(ask: Ask, year: int, month: int, **labels: Any) -> InteractionTotals:
    """Return the counters of a month; raise ``InvalidInputError`` for an invalid month."""
    try:
        first = date(year, month, 1)
    except (ValueError, OverflowError):
        message = f"Invalid month {month} of year {year}. Use months 1 to 12 and years 1 to 9999."
        raise InvalidInputError(message, ("month",)) from None
    named = [Compare(n, ComparisonOperator.EQ, v) for n, v in labels.items() if v is not None]
    where = AllOf((Compare("month", ComparisonOperator.EQ, first), *named))

    async def by(dimension: str, totals: bool = False) -> AggregationResult:
        return await ask(
            AggregationQuery(
                INTERACTIONS,
                where,
                group_by=(dimension,),
                measures=(UNITS, COUNT),
                order_by=(OrderBy(UNITS, descending=True),),
                totals=totals,
            )
        )

    operations = await by("operation_type", totals=True)
    all_operations = totals_of(operations)
    return InteractionTotals(
        year=year,
        month=month,
        units=all_operations.count(UNITS),
        calls=all_operations.count(COUNT),
        units_against_limits=sum(
            part.units for part in _parts(await by("counts_against_limits")) if part.name
        ),
        by_operation_type=_parts(operations),
        by_interaction_type=_parts(await by("interaction_type")),
    )


def _parts(answer: AggregationResult) -> list[InteractionPart]:
    parts = []
    for row in answer.rows:
        values = Values(answer, row)
        parts.append(InteractionPart(row.key[0], values.count(UNITS), values.count(COUNT)))
    return parts

"""Define arguments that aggregations of all sources share: buckets, orders, top, comparison."""

from datetime import datetime

import strawberry

from schema.conditions import Path
from schema.enums import Direction
from schema.hydration import described
from schema.stats.having import attribute_at
from schema.stats.shapes import QUANTILES, STATS, NumberStat
from schema.stats.vocabulary import (
    MODEL_TEXT,
    PATH_TEXT,
    PLAIN_MEASURES,
    StatsDimension,
    StatsMeasure,
    StatsNumber,
)
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit
from store.aggregation.measures import (
    CostPart,
    Distinct,
    Measure,
    Operand,
    Quantile,
    Statistic,
    cost_at,
)
from store.aggregation.queries import ByBucket, ByGroup, ComparisonPeriod, OrderBy, Span, Top
from store.errors import InvalidInputError


@strawberry.input(description="Time buckets.")
class BucketInput:
    unit: BucketUnit = described("Unit of the bucket width.")
    every: int = described("Number of units per bucket.", default=1)
    zone: str = described("IANA time zone, such as Europe/Berlin.", default="UTC")
    fill: bool = described(
        "Whether to include buckets without records. Not available when measures select "
        "or order the rows.",
        default=True,
    )

    def bucket(self) -> Bucket:
        return Bucket(self.unit, self.every, self.zone, self.fill)


@strawberry.input(description="A statistic of a number of the source.")
class NumberMeasureInput:
    field: StatsNumber = described("The number.")
    stat: NumberStat = described("The statistic to compute.", default=NumberStat.SUM)
    q: float | None = described("Quantile from 0 to 1. Requires stat: QUANTILE.", default=None)


@strawberry.input(description="A statistic of the numbers at a path in the attributes.")
class AttributeMeasureInput:
    path: str = described(PATH_TEXT)
    stat: NumberStat = described("The statistic to compute.", default=NumberStat.SUM)
    q: float | None = described("Quantile from 0 to 1. Requires stat: QUANTILE.", default=None)


@strawberry.input(description="A cost at a model's prices.")
class CostAtMeasureInput:
    model: str = described(MODEL_TEXT)
    part: CostPart = described("The cost to compute.", default=CostPart.ACTUAL)


@strawberry.input(description="A measure by name. Set exactly one field.", one_of=True)
class StatsMeasureInput:
    measure: StatsMeasure | None = described(
        "A measure without arguments.", default=strawberry.UNSET
    )
    number: NumberMeasureInput | None = described(
        "A statistic of a number.", default=strawberry.UNSET
    )
    attribute: AttributeMeasureInput | None = described(
        "A statistic of an attribute.", default=strawberry.UNSET
    )
    distinct: StatsDimension | None = described(
        "Number of distinct values of a dimension.", default=strawberry.UNSET
    )
    cost_at: CostAtMeasureInput | None = described(
        "Cost of the same tokens at a model's prices.", default=strawberry.UNSET
    )

    def read(self, path: Path) -> Measure:
        if self.measure:
            return PLAIN_MEASURES[self.measure.value]
        if self.number:
            return measure_of(self.number.field.value, self.number, (*path, "number"))
        if self.attribute:
            attribute_path = (*path, "attribute")
            return measure_of(
                attribute_at(self.attribute.path, attribute_path), self.attribute, attribute_path
            )
        if self.cost_at:
            return cost_at(self.cost_at.model, self.cost_at.part)
        assert self.distinct
        return Distinct(self.distinct.value)


@strawberry.input(
    description="The dimension or attribute that rows are grouped by. Set exactly one field.",
    one_of=True,
)
class GroupOrderInput:
    field: StatsDimension | None = described("A dimension from groupBy.", default=strawberry.UNSET)
    attribute: str | None = described("An attribute from groupBy.", default=strawberry.UNSET)


@strawberry.input(
    description="The key that rows are ordered by. Set exactly one field.", one_of=True
)
class StatsOrderKey(StatsMeasureInput):
    group: GroupOrderInput | None = described(
        "A dimension or attribute that rows are grouped by.", default=strawberry.UNSET
    )
    bucket: bool | None = described("Set to true to order by time.", default=strawberry.UNSET)


@strawberry.input(description="One term of the row order. Null values come last.")
class StatsOrder:
    by: StatsOrderKey = described("Field to order by.")
    direction: Direction = described("Sort direction.", default=Direction.DESC)

    def order(self, path: Path) -> OrderBy:
        key_path = (*path, "by")
        descending = self.direction is Direction.DESC
        if self.by.group:
            name = self.by.group.field
            group = name.value if name else attribute_at(self.by.group.attribute or "", key_path)
            return OrderBy(ByGroup(group), descending)
        if self.by.bucket is not None and self.by.bucket is not strawberry.UNSET:
            return OrderBy(ByBucket(), descending)
        return OrderBy(self.by.read(key_path), descending)


@strawberry.input(description="Selects the keys with the largest values over the whole time range.")
class TopInput:
    n: int = described("Number of keys.")
    by: StatsMeasureInput = described("The measure that selects the keys.")
    others: bool = described("Whether to return all other keys combined.", default=True)

    def top(self, others: bool) -> Top:
        """Convert to the store's ``Top``; others are computed only if selected."""
        return Top(self.n, self.by.read(("top", "by")), self.others and others)


@strawberry.input(description="A time range: [since, until).")
class TimeRangeInput:
    since: datetime = described("Start, inclusive.")
    until: datetime = described("End, exclusive.")


@strawberry.input(description="The time range to compare with. Set exactly one field.", one_of=True)
class CompareInput:
    previous: ComparisonPeriod | None = described(
        "A time range derived from the requested one.", default=strawberry.UNSET
    )
    range: TimeRangeInput | None = described("A custom time range.", default=strawberry.UNSET)

    def compare(self) -> ComparisonPeriod | Span:
        if self.range:
            return Span(self.range.since, self.range.until)
        assert self.previous
        return self.previous


def measure_of(
    of: Operand, measure_input: NumberMeasureInput | AttributeMeasureInput, path: Path
) -> Measure:
    name = measure_input.stat.value
    if measure_input.stat is NumberStat.QUANTILE:
        if measure_input.q is None:
            raise InvalidInputError(
                "stat: QUANTILE requires q, such as 0.95 for p95.", (*path, "q")
            )
        return Quantile(of, measure_input.q)
    if measure_input.q is not None:
        raise InvalidInputError("q requires stat: QUANTILE. Remove q or change stat.", (*path, "q"))
    return Quantile(of, QUANTILES[name]) if name in QUANTILES else Statistic(of, STATS[name])

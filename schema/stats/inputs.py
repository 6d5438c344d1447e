"""Arguments that questions about all sources share: buckets, orders, top, comparison."""

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
    PLAIN,
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
    """Minutes to years, in any zone."""

    unit: BucketUnit = described("Unit of the bucket width.")
    every: int = described("Number of units per bucket.", default=1)
    zone: str = described("IANA time zone, such as Europe/Berlin.", default="UTC")
    fill: bool = described(
        "Whether to include buckets without records. Not available when measures select "
        "or order the rows.",
        default=True,
    )

    def bucket(self) -> Bucket:
        """The same for the store."""
        return Bucket(self.unit, self.every, self.zone, self.fill)


@strawberry.input(description="A statistic of a number of the source.")
class NumberMeasureInput:
    """A catalog number."""

    field: StatsNumber = described("The number.")
    stat: NumberStat = described("The statistic to compute.", default=NumberStat.SUM)
    q: float | None = described("Quantile from 0 to 1. Requires stat: QUANTILE.", default=None)


@strawberry.input(description="A statistic of the numbers at a path in the attributes.")
class AttributeMeasureInput:
    """An attribute."""

    path: str = described(PATH_TEXT)
    stat: NumberStat = described("The statistic to compute.", default=NumberStat.SUM)
    q: float | None = described("Quantile from 0 to 1. Requires stat: QUANTILE.", default=None)


@strawberry.input(description="A cost at a model's prices.")
class CostAtMeasureInput:
    """One of its parts."""

    model: str = described(MODEL_TEXT)
    part: CostPart = described("The cost to compute.", default=CostPart.ACTUAL)


@strawberry.input(description="A measure by name. Set exactly one field.", one_of=True)
class StatsMeasureInput:
    """What ``top`` chooses by."""

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
        """The same for the store."""
        if self.measure:
            return PLAIN[self.measure.value]
        if self.number:
            return measure_of(self.number.field.value, self.number, (*path, "number"))
        if self.attribute:
            place = (*path, "attribute")
            return measure_of(attribute_at(self.attribute.path, place), self.attribute, place)
        if self.cost_at:
            return cost_at(self.cost_at.model, self.cost_at.part)
        assert self.distinct
        return Distinct(self.distinct.value)


@strawberry.input(
    description="The dimension or attribute that rows are grouped by. Set exactly one field.",
    one_of=True,
)
class GroupOrderInput:
    """As in groupBy."""

    field: StatsDimension | None = described("A dimension from groupBy.", default=strawberry.UNSET)
    attribute: str | None = described("An attribute from groupBy.", default=strawberry.UNSET)


@strawberry.input(
    description="The key that rows are ordered by. Set exactly one field.", one_of=True
)
class StatsOrderKey(StatsMeasureInput):
    """A measure, the key or the time."""

    group: GroupOrderInput | None = described(
        "A dimension or attribute that rows are grouped by.", default=strawberry.UNSET
    )
    bucket: bool | None = described("Set to true to order by time.", default=strawberry.UNSET)


@strawberry.input(description="One term of the row order. Null values come last.")
class StatsOrder:
    """A measure, key or time, and a direction."""

    by: StatsOrderKey = described("Field to order by.")
    direction: Direction = described("Sort direction.", default=Direction.DESC)

    def order(self, path: Path) -> OrderBy:
        """The same for the store."""
        place = (*path, "by")
        descending = self.direction is Direction.DESC
        if self.by.group:
            name = self.by.group.field
            group = name.value if name else attribute_at(self.by.group.attribute or "", place)
            return OrderBy(ByGroup(group), descending)
        if self.by.bucket is not None and self.by.bucket is not strawberry.UNSET:
            return OrderBy(ByBucket(), descending)
        return OrderBy(self.by.read(place), descending)


@strawberry.input(description="Selects the keys with the largest values over the whole time range.")
class TopInput:
    """How many, and by which measure."""

    n: int = described("Number of keys.")
    by: StatsMeasureInput = described("The measure that selects the keys.")
    others: bool = described("Whether to return all other keys combined.", default=True)

    def top(self, others: bool) -> Top:
        """The same for the store; others are computed only where they are selected."""
        return Top(self.n, self.by.read(("top", "by")), self.others and others)


@strawberry.input(description="A time range: [since, until).")
class TimeRangeInput:
    """Both ends are named."""

    since: datetime = described("Start, inclusive.")
    until: datetime = described("End, exclusive.")


@strawberry.input(description="The time range to compare with. Set exactly one field.", one_of=True)
class CompareInput:
    """An earlier span."""

    previous: ComparisonPeriod | None = described(
        "A time range derived from the requested one.", default=strawberry.UNSET
    )
    range: TimeRangeInput | None = described("A custom time range.", default=strawberry.UNSET)

    def compare(self) -> ComparisonPeriod | Span:
        """The same for the store."""
        if self.range:
            return Span(self.range.since, self.range.until)
        assert self.previous
        return self.previous


def measure_of(
    of: Operand, asked: NumberMeasureInput | AttributeMeasureInput, path: Path
) -> Measure:
    """The fold that is asked for."""
    name = asked.stat.value
    if asked.stat is NumberStat.QUANTILE:
        if asked.q is None:
            raise InvalidInputError(
                "stat: QUANTILE requires q, such as 0.95 for p95.", (*path, "q")
            )
        return Quantile(of, asked.q)
    if asked.q is not None:
        raise InvalidInputError("q requires stat: QUANTILE. Remove q or change stat.", (*path, "q"))
    return Quantile(of, QUANTILES[name]) if name in QUANTILES else Statistic(of, STATS[name])

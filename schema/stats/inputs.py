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


@strawberry.input(description="Slices of time.")
class BucketInput:
    """Minutes to years, in any zone."""

    unit: BucketUnit = described("The unit.")
    every: int = described("How many of them make a slice.", default=1)
    zone: str = described("An IANA time zone, such as Europe/Berlin.", default="UTC")
    fill: bool = described(
        "Whether slices without records are shown; not where measures choose or order the rows.",
        default=True,
    )

    def bucket(self) -> Bucket:
        """The same for the store."""
        return Bucket(self.unit, self.every, self.zone, self.fill)


@strawberry.input(description="A fold of a number of the source.")
class NumberMeasureInput:
    """A catalog number."""

    field: StatsNumber = described("Which number.")
    stat: NumberStat = described("How it is folded.", default=NumberStat.SUM)
    q: float | None = described("Which quantile, 0 to 1, with stat: QUANTILE.", default=None)


@strawberry.input(description="A fold of the numbers at a place in the attributes.")
class AttributeMeasureInput:
    """An attribute."""

    path: str = described(PATH_TEXT)
    stat: NumberStat = described("How they are folded.", default=NumberStat.SUM)
    q: float | None = described("Which quantile, 0 to 1, with stat: QUANTILE.", default=None)


@strawberry.input(description="A cost at the prices of a model.")
class CostAtMeasureInput:
    """One of its parts."""

    model: str = described(MODEL_TEXT)
    part: CostPart = described("Which part.", default=CostPart.ACTUAL)


@strawberry.input(description="A measure by name: exactly one of these.", one_of=True)
class StatsMeasureInput:
    """What ``top`` chooses by."""

    measure: StatsMeasure | None = described(
        "One that needs nothing else.", default=strawberry.UNSET
    )
    number: NumberMeasureInput | None = described("Of a number.", default=strawberry.UNSET)
    attribute: AttributeMeasureInput | None = described(
        "Of an attribute.", default=strawberry.UNSET
    )
    distinct: StatsDimension | None = described(
        "How many different values a dimension has.", default=strawberry.UNSET
    )
    cost_at: CostAtMeasureInput | None = described(
        "Of the same tokens at the prices of a model.", default=strawberry.UNSET
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


@strawberry.input(description="What rows are grouped by: exactly one of these.", one_of=True)
class GroupOrderInput:
    """As in groupBy."""

    field: StatsDimension | None = described("A dimension of groupBy.", default=strawberry.UNSET)
    attribute: str | None = described("An attribute of groupBy.", default=strawberry.UNSET)


@strawberry.input(description="What rows are ordered by: exactly one of these.", one_of=True)
class StatsOrderKey(StatsMeasureInput):
    """A measure, the key or the time."""

    group: GroupOrderInput | None = described(
        "Something that rows are grouped by.", default=strawberry.UNSET
    )
    bucket: bool | None = described("The time: true.", default=strawberry.UNSET)


@strawberry.input(description="One step of an order of rows; nulls come last.")
class StatsOrder:
    """A measure, key or time, and a direction."""

    by: StatsOrderKey = described("What to order by.")
    direction: Direction = described("Which way.", default=Direction.DESC)

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


@strawberry.input(description="Keep the greatest keys over the whole span.")
class TopInput:
    """How many, and by which measure."""

    n: int = described("How many keys.")
    by: StatsMeasureInput = described("The measure they are chosen by.")
    others: bool = described("Whether all others are answered for together.", default=True)

    def top(self, others: bool) -> Top:
        """The same for the store; others are computed only where they are selected."""
        return Top(self.n, self.by.read(("top", "by")), self.others and others)


@strawberry.input(description="A span of time: [since, until).")
class TimeRangeInput:
    """Both ends are named."""

    since: datetime = described("From this instant on.")
    until: datetime = described("Before this instant.")


@strawberry.input(description="What to compare with: exactly one of these.", one_of=True)
class CompareInput:
    """An earlier span."""

    previous: ComparisonPeriod | None = described(
        "A span that follows from the asked one.", default=strawberry.UNSET
    )
    range: TimeRangeInput | None = described("A span of your own.", default=strawberry.UNSET)

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
            raise InvalidInputError("which quantile? write q, such as 0.95 for p95", (*path, "q"))
        return Quantile(of, asked.q)
    if asked.q is not None:
        raise InvalidInputError("q goes with stat: QUANTILE only: leave it out", (*path, "q"))
    return Quantile(of, QUANTILES[name]) if name in QUANTILES else Statistic(of, STATS[name])

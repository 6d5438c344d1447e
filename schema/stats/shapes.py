"""The parts of answers that all sources share: numbers, costs, buckets, coverage."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from schema.arguments import about
from schema.enums import register
from schema.hydration import described
from schema.scalars import Long, Number
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.queries import ComparisonPeriod

Q = Annotated[float, about("Which quantile, 0 to 1: 0.95 is the value that 95 % do not pass.")]
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
STATS = {"sum": Stat.SUM, "avg": Stat.AVG, "min": Stat.MIN, "max": Stat.MAX}
QUANTILE_TEXT = "A quantile of your choice, by linear interpolation."


@strawberry.type(description="Folds of a number; each is null where no record has the number.")
class NumberStats:
    """Only the folds that were selected are there."""

    sum: float | None = described("All together.")
    avg: float | None = described("The mean of those that are there.")
    min: float | None = described("The least.")
    max: float | None = described("The greatest.")
    p50: float | None = described("The median.")
    p90: float | None = described("What 90 % do not pass.")
    p95: float | None = described("What 95 % do not pass.")
    p99: float | None = described("What 99 % do not pass.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        """Computed together with all others."""
        return self.quantiles[q]


@strawberry.type(
    description="Folds of the numbers at a place in the attributes; each is null where there is none."
)
class AttributeStats:
    """Only the folds that were selected are there."""

    sum: Number | None = described("All together.")
    avg: float | None = described("The mean of those that are there.")
    min: Number | None = described("The least.")
    max: Number | None = described("The greatest.")
    p50: float | None = described("The median.")
    p90: float | None = described("What 90 % do not pass.")
    p95: float | None = described("What 95 % do not pass.")
    p99: float | None = described("What 99 % do not pass.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        """Computed together with all others."""
        return self.quantiles[q]


@strawberry.type(
    description="How folds of a whole number moved; null where either side is not there."
)
class WholeChanges:
    """Only the folds that were selected are there."""

    sum: Number | None = described("All together.")
    avg: float | None = described("The mean of those that are there.")
    min: Number | None = described("The least.")
    max: Number | None = described("The greatest.")
    p50: float | None = described("The median.")
    p90: float | None = described("What 90 % do not pass.")
    p95: float | None = described("What 95 % do not pass.")
    p99: float | None = described("What 99 % do not pass.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        """Computed together with all others."""
        return self.quantiles[q]


@strawberry.type(
    description="Folds of a whole number; each is null where no record has the number."
)
class WholeStats:
    """Only the folds that were selected are there."""

    sum: Long | None = described("All together.")
    avg: float | None = described("The mean of those that are there.")
    min: Long | None = described("The least.")
    max: Long | None = described("The greatest.")
    p50: float | None = described("The median.")
    p90: float | None = described("What 90 % do not pass.")
    p95: float | None = described("What 95 % do not pass.")
    p99: float | None = described("What 99 % do not pass.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        """Computed together with all others."""
        return self.quantiles[q]


@strawberry.type(description="Folds of a whole number that is known as a sum only.")
class SumStats:
    """Only the folds that were selected are there."""

    sum: Long | None = described("All together.")
    avg: float | None = described("The mean per counter.")


@strawberry.type(description="How folds moved; null where either side is not there.")
class SumChanges:
    """Only the folds that were selected are there."""

    sum: Number | None = described("Of the sum.")
    avg: float | None = described("Of the mean.")


@strawberry.type(description="Costs in US dollars; null where no record has a cost.")
class CostStats:
    """Sums; each number of it can be folded otherwise by its own field."""

    baseline: float | None = described("What it would have cost.")
    actual: float | None = described("What it cost.")
    saved: float | None = described("The difference.")
    unpriced_count: Long = described("How many had no price: their cost is unknown, not zero.")


@strawberry.type(description="How costs moved, in US dollars or as a quotient.")
class CostChanges:
    """Null where either side is not there."""

    baseline: float | None = described("Of the baseline.")
    actual: float | None = described("Of the cost.")
    saved: float | None = described("Of what was saved.")
    unpriced_count: float | None = described("Of the records without a price.")


@strawberry.type(description="A slice of time: [start, end).")
class Bucket:
    """Instants in UTC; where they lie is a matter of the zone asked for."""

    start: datetime = described("Its first instant.")
    end: datetime = described("The first instant after it.")


@strawberry.type(description="A span of time: [since, until).")
class StatsSpan:
    """What a question asked."""

    since: datetime | None = described("Its first instant; null where it is open.")
    until: datetime | None = described("The first instant after it; null where it is open.")


@strawberry.type(description="What an answer was computed from, and how exact it is.")
class StatsCoverage:
    """Records themselves, or a rollup of them."""

    source: str = described("RAW for the records themselves, or the name of a rollup.")
    quantile_error: float | None = described("The relative error of quantiles; null: exact.")
    as_of: datetime = described("Records up to this instant are in it.")


class NumberStat(StrEnum):
    """How a number is folded, in one word."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    P50 = "p50"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"
    QUANTILE = "quantile"


register(
    NumberStat,
    "How a number is folded.",
    SUM="All together.",
    AVG="The mean.",
    MIN="The least.",
    MAX="The greatest.",
    P50="The median.",
    P90="What 90 % do not pass.",
    P95="What 95 % do not pass.",
    P99="What 99 % do not pass.",
    QUANTILE="The quantile that q names.",
)
register(
    BucketUnit,
    "The unit of a slice of time.",
    MINUTE="Minutes of elapsed time, in step with the zone's clock.",
    HOUR="Hours of elapsed time, in step with the zone's clock.",
    DAY="Days of the zone's calendar, 23 to 25 hours.",
    WEEK="Weeks of the zone's calendar, from Monday.",
    MONTH="Months of the zone's calendar.",
    QUARTER="Quarters of the zone's calendar.",
    YEAR="Years of the zone's calendar.",
)
register(
    ComparisonPeriod,
    "An earlier span that follows from the asked one.",
    graphql_name="PreviousPeriod",
    PREVIOUS="As long, and right before.",
    LAST_YEAR="The same local times one calendar year before.",
)

"""Define the parts of answers that all sources share: numbers, costs, buckets, coverage."""

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

Q = Annotated[float, about("Quantile from 0 to 1, such as 0.95 for the 95th percentile.")]
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
STATS = {"sum": Stat.SUM, "avg": Stat.AVG, "min": Stat.MIN, "max": Stat.MAX}
QUANTILE_TEXT = "A quantile, computed by linear interpolation."


@strawberry.type(description="Statistics of a number; null if no record has it.")
class NumberStats:
    sum: float | None = described("Sum of the values.")
    avg: float | None = described("Mean of the values that are present.")
    min: float | None = described("Smallest value.")
    max: float | None = described("Largest value.")
    p50: float | None = described("The median.")
    p90: float | None = described("90th percentile.")
    p95: float | None = described("95th percentile.")
    p99: float | None = described("99th percentile.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        return self.quantiles[q]


@strawberry.type(
    description="Statistics of the numbers at a path in the attributes; null if there are none."
)
class AttributeStats:
    sum: Number | None = described("Sum of the values.")
    avg: float | None = described("Mean of the values that are present.")
    min: Number | None = described("Smallest value.")
    max: Number | None = described("Largest value.")
    p50: float | None = described("The median.")
    p90: float | None = described("90th percentile.")
    p95: float | None = described("95th percentile.")
    p99: float | None = described("99th percentile.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        return self.quantiles[q]


@strawberry.type(
    description="Changes of statistics of an integer; null if either value is missing."
)
class WholeChanges:
    sum: Number | None = described("Sum of the values.")
    avg: float | None = described("Mean of the values that are present.")
    min: Number | None = described("Smallest value.")
    max: Number | None = described("Largest value.")
    p50: float | None = described("The median.")
    p90: float | None = described("90th percentile.")
    p95: float | None = described("95th percentile.")
    p99: float | None = described("99th percentile.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        return self.quantiles[q]


@strawberry.type(description="Statistics of an integer; null if no record has it.")
class WholeStats:
    sum: Long | None = described("Sum of the values.")
    avg: float | None = described("Mean of the values that are present.")
    min: Long | None = described("Smallest value.")
    max: Long | None = described("Largest value.")
    p50: float | None = described("The median.")
    p90: float | None = described("90th percentile.")
    p95: float | None = described("95th percentile.")
    p99: float | None = described("99th percentile.")
    quantiles: strawberry.Private[dict[float, float | None]]

    @strawberry.field(description=QUANTILE_TEXT)
    def quantile(self, q: Q) -> float | None:
        return self.quantiles[q]


@strawberry.type(description="Statistics of an integer that is stored only as a sum.")
class SumStats:
    sum: Long | None = described("Sum of the values.")
    avg: float | None = described("Mean per counter.")


@strawberry.type(description="Changes of statistics; null if either value is missing.")
class SumChanges:
    sum: Number | None = described("Change of the sum.")
    avg: float | None = described("Change of the mean.")


@strawberry.type(description="Costs in US dollars; null if no record has a cost.")
class CostStats:
    baseline: float | None = described("Hypothetical cost.")
    actual: float | None = described("Actual cost.")
    saved: float | None = described("Difference between baseline and actual.")
    unpriced_count: Long = described(
        "Number of records without a price. Their cost is unknown, not zero."
    )


@strawberry.type(description="Changes of costs, in US dollars or as a ratio.")
class CostChanges:
    baseline: float | None = described("Change of the baseline.")
    actual: float | None = described("Change of the actual cost.")
    saved: float | None = described("Change of the savings.")
    unpriced_count: float | None = described("Change of the number of records without a price.")


@strawberry.type(description="A time bucket: [start, end).")
class Bucket:
    start: datetime = described("Start, inclusive.")
    end: datetime = described("End, exclusive.")


@strawberry.type(description="A time range: [since, until).")
class StatsSpan:
    since: datetime | None = described("Start, inclusive; null if unbounded.")
    until: datetime | None = described("End, exclusive; null if unbounded.")


@strawberry.type(description="The source of an answer and its accuracy.")
class StatsCoverage:
    source: str = described("RAW for the records themselves, or the name of a rollup.")
    quantile_error: float | None = described("Relative error of quantiles; null if exact.")
    as_of: datetime = described("The answer includes records up to this time.")


class NumberStat(StrEnum):
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
    "A statistic of a number.",
    SUM="Sum of the values.",
    AVG="Mean of the values.",
    MIN="Smallest value.",
    MAX="Largest value.",
    P50="The median.",
    P90="90th percentile.",
    P95="95th percentile.",
    P99="99th percentile.",
    QUANTILE="The quantile set by q.",
)
register(
    BucketUnit,
    "Unit of a time bucket.",
    MINUTE="Minutes of elapsed time, aligned to the zone's clock.",
    HOUR="Hours of elapsed time, aligned to the zone's clock.",
    DAY="Calendar days in the zone, 23 to 25 hours long.",
    WEEK="Calendar weeks in the zone, starting on Monday.",
    MONTH="Calendar months in the zone.",
    QUARTER="Calendar quarters in the zone.",
    YEAR="Calendar years in the zone.",
)
register(
    ComparisonPeriod,
    "An earlier time range derived from the requested one.",
    graphql_name="PreviousPeriod",
    PREVIOUS="The preceding time range of the same length.",
    LAST_YEAR="The same local times one calendar year earlier.",
)

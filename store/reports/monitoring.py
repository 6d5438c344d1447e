"""What operators look at: requests by hour and state, stages, breakers, and what needs a look."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import RequestStatus
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.measures import (
    COUNT,
    ERROR_COUNT,
    FlagCount,
    Measure,
    Quantile,
    Statistic,
)
from store.aggregation.queries import AggregationQuery, ByGroup, OrderBy
from store.aggregation.results import AggregationResult, Group
from store.aggregation.sources import ACTIVE_STATUSES, REQUESTS, STAGES
from store.circuit_breakers import WARNING_FAILURE_RATE, warnings_of
from store.database import Row
from store.errors import InvalidInputError
from store.query.filters import AllOf, Compare, ComparisonOperator
from store.reports.arguments import Ask, Values, all_of, totals_of
from store.time_ranges import TimeRange

COMPLETED, CANCELLED, ACTIVE = (FlagCount(f) for f in ("completed", "cancelled", "active"))
RETRIED = FlagCount("retried")
MEAN = Statistic("duration_ms", Stat.AVG)
P50, P95 = Quantile("duration_ms", 0.5), Quantile("duration_ms", 0.95)
ATTEMPTS, MAX_ATTEMPTS = Statistic("attempt", Stat.AVG), Statistic("attempt", Stat.MAX)
OF_REQUESTS: tuple[Measure, ...] = (
    COUNT, COMPLETED, ERROR_COUNT, CANCELLED, ACTIVE, MEAN, P50, P95,
)  # fmt: skip
OF_STAGES: tuple[Measure, ...] = (
    COUNT, COMPLETED, ERROR_COUNT, RETRIED, MEAN, P50, P95, ATTEMPTS, MAX_ATTEMPTS,
)  # fmt: skip
ListBreakers = Callable[[], Awaitable[list[Row]]]
MAX_HOURS = 24 * 31
MAX_STAGE_ROWS = 1_000
MAX_WARNINGS = 20
"""Stages in one list of warnings."""


@dataclass(frozen=True, slots=True)
class RequestNumbers:
    count: int
    completed: int
    failed: int
    cancelled: int
    active: int
    average_duration_ms: float | None
    p50_duration_ms: float | None
    p95_duration_ms: float | None

    @property
    def failure_rate(self) -> float | None:
        return rate(self.failed, self.completed)


@dataclass(frozen=True, slots=True)
class RequestHour:
    start: datetime
    end: datetime
    numbers: RequestNumbers


@dataclass(frozen=True, slots=True)
class StageNumbers:
    name: str
    count: int
    completed: int
    failed: int
    retried: int
    average_duration_ms: float | None
    p50_duration_ms: float | None
    p95_duration_ms: float | None
    average_attempts: float | None
    most_attempts: int

    @property
    def failure_rate(self) -> float | None:
        return rate(self.failed, self.completed)


class Monitoring:
    """``breakers`` lists the circuit breakers that the caller may see."""

    def __init__(
        self,
        ask: Ask,
        breakers: ListBreakers,
        now: datetime,
        span: TimeRange,
        type: str | None = None,
    ) -> None:
        length = span.length
        if length is None or not timedelta(hours=1) <= length <= timedelta(hours=MAX_HOURS):
            message = f"Invalid time range '{span.name}'. Use 1h to {MAX_HOURS}h."
            raise InvalidInputError(message, ("timeRange",))
        self._ask = ask
        self.breakers = breakers
        self.now = now
        self.time_range = span
        self.type = type
        self.since = now - length
        self.hours = length / timedelta(hours=1)

    async def requests(self) -> RequestNumbers:
        where = all_of(("created_at", self.since), type=self.type)
        answer = await self._ask(
            AggregationQuery(REQUESTS, where, measures=OF_REQUESTS, totals=True)
        )
        return numbers_of(totals_of(answer))

    async def active(self) -> int:
        return await self._with_status(ACTIVE_STATUSES)

    async def stalled(self) -> int:
        return await self._with_status([RequestStatus.STALLED.value])

    async def _with_status(self, states: Sequence[str]) -> int:
        where = AllOf(
            (
                Compare("status", ComparisonOperator.IN, list(states)),
                all_of(("created_at", None), type=self.type),
            )
        )
        answer = await self._ask(AggregationQuery(REQUESTS, where, measures=(COUNT,), totals=True))
        return totals_of(answer).count(COUNT)

    async def by_hour(self, zone: str) -> list[RequestHour]:
        answer = await self._ask(
            AggregationQuery(
                REQUESTS,
                all_of(("created_at", self.since), type=self.type),
                bucket=Bucket(BucketUnit.HOUR, zone=zone),
                measures=OF_REQUESTS,
            )
        )
        return [
            RequestHour(row.bucket.start, row.bucket.end, numbers_of(Values(answer, row)))
            for row in answer.rows
            if row.bucket is not None
        ]

    async def stages(self) -> list[StageNumbers]:
        answer = await self._ask(
            AggregationQuery(
                STAGES,
                all_of(("started_at", self.since), request_type=self.type),
                group_by=("name",),
                measures=OF_STAGES,
                order_by=(OrderBy(ByGroup("name")),),
                limit=MAX_STAGE_ROWS,
            )
        )
        return [_stage(answer, row, row.key[0]) for row in answer.rows]

    async def warnings(self) -> list[str]:
        """Breakers that are not closed, requests that stand still, and whatever fails in more than
        one of ten cases.
        """
        warnings = [warning for row in await self.breakers() for warning in warnings_of(row)]
        if stalled := await self.stalled():
            warnings.append(
                f"{stalled:,} {'request is' if stalled == 1 else 'requests are'} stalled"
            )
        failing = (await self.requests()).failure_rate
        if failing is not None and failing > WARNING_FAILURE_RATE:
            warnings.append(f"{failing:.1%} of the requests of the last {self.hours:g} h failed")
        suspects = [s for s in await self.stages() if (s.failure_rate or 0) > WARNING_FAILURE_RATE]
        return warnings + [
            f"stage {stage.name} fails in {stage.failure_rate:.1%} of its runs"
            for stage in suspects[:MAX_WARNINGS]
        ]


def rate(failed: int, completed: int) -> float | None:
    """Return the failure rate; None if nothing has ended."""
    return failed / (failed + completed) if failed + completed else None


def numbers_of(values: Values) -> RequestNumbers:
    return RequestNumbers(
        count=values.count(COUNT),
        completed=values.count(COMPLETED),
        failed=values.count(ERROR_COUNT),
        cancelled=values.count(CANCELLED),
        active=values.count(ACTIVE),
        average_duration_ms=values.number(MEAN),
        p50_duration_ms=values.number(P50),
        p95_duration_ms=values.number(P95),
    )


def _stage(answer: AggregationResult, group: Group, name: str) -> StageNumbers:
    values = Values(answer, group)
    return StageNumbers(
        name=name,
        count=values.count(COUNT),
        completed=values.count(COMPLETED),
        failed=values.count(ERROR_COUNT),
        retried=values.count(RETRIED),
        average_duration_ms=values.number(MEAN),
        p50_duration_ms=values.number(P50),
        p95_duration_ms=values.number(P95),
        average_attempts=values.number(ATTEMPTS),
        most_attempts=values.count(MAX_ATTEMPTS),
    )

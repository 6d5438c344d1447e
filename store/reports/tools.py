"""What tools were used for, and what their modes saved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from models.enums import OperationKind
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.measures import COUNT, Measure, Statistic
from store.aggregation.queries import AggregationQuery, ByGroup, Group, OrderBy
from store.aggregation.results import AggregationResult, Row
from store.aggregation.sources import OPERATIONS
from store.query.filters import Condition
from store.reports.arguments import Ask, Values, all_of, totals_of
from store.time_ranges import TimeRange

TOKENS_ORIGINAL = Statistic("tokens_original", Stat.SUM)
TOKENS_ACTUAL = Statistic("tokens_actual", Stat.SUM)
TOKENS_PREVENTED = Statistic("tokens_prevented", Stat.SUM)
DURATION = Statistic("duration_ms", Stat.AVG)
BASELINE = Statistic("cost_baseline", Stat.SUM)
ACTUAL = Statistic("cost_actual", Stat.SUM)
SAVED = Statistic("cost_saved", Stat.SUM)
USE: tuple[Measure, ...] = (
    COUNT, TOKENS_ORIGINAL, TOKENS_ACTUAL, TOKENS_PREVENTED, DURATION, SAVED,
)  # fmt: skip
SAVINGS: tuple[Measure, ...] = (
    COUNT, TOKENS_ORIGINAL, TOKENS_ACTUAL, TOKENS_PREVENTED, BASELINE, ACTUAL, SAVED,
)  # fmt: skip
TREND_UNITS = ((timedelta(days=2), BucketUnit.HOUR), (timedelta(days=60), BucketUnit.DAY))
"""The longest range of each unit of a trend; longer ones go by month."""
PERCENT_DIGITS = 4
"""Digits of a percentage behind the point: more would show the noise of floats."""
MAX_REPORT_ROWS = 1_000
"""Tools, and pairs of tool and mode; the answer says where there are more."""


@dataclass(frozen=True, slots=True)
class ModeUse:
    mode: str | None
    operations: int
    tokens_prevented: int
    average_duration_ms: float | None


@dataclass(frozen=True, slots=True)
class ToolUse:
    tool: str | None
    operations: int
    tokens_original: int
    tokens_actual: int
    tokens_prevented: int
    average_duration_ms: float | None
    modes: list[ModeUse]


@dataclass(frozen=True, slots=True)
class ToolBreakdown:
    time_range: TimeRange
    since: datetime | None
    calculated_at: datetime
    operations: int
    tokens_prevented: int
    cost_saved: float
    tools: list[ToolUse]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Savings:
    operations: int
    tokens_original: int
    tokens_processed: int
    tokens_prevented: int
    cost_baseline: float
    cost_actual: float
    cost_saved: float

    @property
    def saved_percent(self) -> float | None:
        if not self.cost_baseline:
            return None
        return round(self.cost_saved / self.cost_baseline * 100, PERCENT_DIGITS)


@dataclass(frozen=True, slots=True)
class SavingsPart:
    name: str | None
    savings: Savings


@dataclass(frozen=True, slots=True)
class SavingsPoint:
    start: datetime
    end: datetime
    savings: Savings


class ToolReports:
    def __init__(self, ask: Ask, now: datetime, span: TimeRange, client: str | None) -> None:
        self._ask = ask
        self.now = now
        self.time_range = span
        self.client = client
        self.since = span.since(now)

    async def breakdown(self) -> ToolBreakdown:
        tools = await self._ask(self._question(("tool_name",), USE, totals=True))
        modes = await self._ask(self._question(("tool_name", "operation_mode"), USE))
        by_tool = {
            tool: [_mode(modes, row) for row in rows]
            for tool, rows in groupby(modes.rows, key=_first)
        }
        totals = totals_of(tools)
        return ToolBreakdown(
            time_range=self.time_range,
            since=self.since,
            calculated_at=self.now,
            operations=totals.count(COUNT),
            tokens_prevented=totals.count(TOKENS_PREVENTED),
            cost_saved=totals.dollars(SAVED),
            tools=[_tool(tools, row, by_tool.get(row.key[0], [])) for row in tools.rows],
            truncated=tools.truncated or modes.truncated,
        )

    async def savings(self) -> Savings:
        return savings_of(totals_of(await self._ask(self._question((), SAVINGS, totals=True))))

    async def savings_by(self, dimension: str) -> list[SavingsPart]:
        answer = await self._ask(self._question((dimension,), SAVINGS))
        return [SavingsPart(row.key[0], savings_of(Values(answer, row))) for row in answer.rows]

    async def trend(self, zone: str) -> list[SavingsPoint]:
        bucket = Bucket(trend_unit(self.time_range), zone=zone)
        answer = await self._ask(
            AggregationQuery(OPERATIONS, self._where(), bucket=bucket, measures=SAVINGS)
        )
        return [
            SavingsPoint(row.bucket.start, row.bucket.end, savings_of(Values(answer, row)))
            for row in answer.rows
            if row.bucket is not None
        ]

    def _where(self) -> Condition:
        kind = OperationKind.TOOL.value
        return all_of(("occurred_at", self.since), kind=kind, client=self.client)

    def _question(
        self, groups: tuple[Group, ...], measures: tuple[Measure, ...], totals: bool = False
    ) -> AggregationQuery:
        return AggregationQuery(
            OPERATIONS,
            self._where(),
            group_by=groups,
            measures=measures,
            order_by=tuple(OrderBy(ByGroup(group)) for group in groups),
            totals=totals,
            limit=MAX_REPORT_ROWS,
        )


def trend_unit(time_range: TimeRange) -> BucketUnit:
    if time_range.length is not None:
        for longest, unit in TREND_UNITS:
            if time_range.length <= longest:
                return unit
    return BucketUnit.MONTH


def _first(row: Row) -> str | None:
    name: str | None = row.key[0]
    return name


def _mode(answer: AggregationResult, row: Row) -> ModeUse:
    values = Values(answer, row)
    return ModeUse(
        row.key[1], values.count(COUNT), values.count(TOKENS_PREVENTED), values.number(DURATION)
    )


def _tool(answer: AggregationResult, row: Row, modes: list[ModeUse]) -> ToolUse:
    values = Values(answer, row)
    return ToolUse(
        tool=row.key[0],
        operations=values.count(COUNT),
        tokens_original=values.count(TOKENS_ORIGINAL),
        tokens_actual=values.count(TOKENS_ACTUAL),
        tokens_prevented=values.count(TOKENS_PREVENTED),
        average_duration_ms=values.number(DURATION),
        modes=modes,
    )


def savings_of(values: Values) -> Savings:
    return Savings(
        operations=values.count(COUNT),
        tokens_original=values.count(TOKENS_ORIGINAL),
        tokens_processed=values.count(TOKENS_ORIGINAL),
        tokens_prevented=values.count(TOKENS_PREVENTED),
        cost_baseline=values.dollars(BASELINE),
        cost_actual=values.dollars(ACTUAL),
        cost_saved=values.dollars(SAVED),
    )

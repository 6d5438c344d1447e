"""Define the aggregations of the stats case, as the store, GraphQL and hand-written SQL ask them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.bench import POSTGRESQL
from benchmarks.requests import Document
from models.types import to_microseconds
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.measures import (
    COUNT,
    ERROR_COUNT,
    Distinct,
    Measure,
    Quantile,
    Statistic,
)
from store.aggregation.queries import AggregationQuery, OrderBy, Top
from store.aggregation.sources import OPERATIONS
from store.query.filters import AllOf, Compare, ComparisonOperator

ZONE = "Europe/Berlin"
EXPECTED = b'{"data":{"operationStats":{"rows":[{'
MAX_ROWS = 100
"""Requested rows of a long answer."""
DURATION = Statistic("duration_ms", Stat.SUM)


@dataclass(frozen=True, slots=True)
class Question:
    """Hold one question in three languages; ``covered`` says that a rollup can answer it."""

    name: str
    covered: bool
    question: AggregationQuery
    sql: str
    document: Document
    error: float = 1e-6
    """Allowed relative difference."""


@dataclass(frozen=True, slots=True)
class Month:
    """Hold the requested time range, and how a database expresses it."""

    database: str
    since: datetime
    until: datetime

    @property
    def is_postgresql(self) -> bool:
        return self.database == POSTGRESQL

    def instant(self, at: datetime) -> str:
        return f"timestamptz '{at.isoformat()}'" if self.is_postgresql else str(to_microseconds(at))

    def within(self, since: datetime | None = None) -> str:
        return (
            f"FROM operations WHERE occurred_at >= {self.instant(since or self.since)} "
            f"AND occurred_at < {self.instant(self.until)}"
        )

    def local_day(self) -> str:
        """Return the local day as SQL; SQLite knows no zones, so offsets are added by hand."""
        if self.is_postgresql:
            return f"date_trunc('day', occurred_at, '{ZONE}')"
        cases = [f"WHEN occurred_at < {to_microseconds(at)} THEN {n}" for at, n in self._offsets()]
        return f"(occurred_at / 1000000 + CASE {' '.join(cases)} END) / 86400"

    def _offsets(self) -> Iterator[tuple[datetime, int]]:
        at, zone = self.since.replace(minute=0, second=0, microsecond=0), ZoneInfo(ZONE)
        last = at.astimezone(zone).utcoffset()
        while at < self.until:
            at += timedelta(hours=1)
            offset = at.astimezone(zone).utcoffset()
            if offset != last or at >= self.until:
                assert last is not None
                yield at, int(last.total_seconds())
                last = offset

    def minute(self) -> str:
        if self.is_postgresql:
            return "date_trunc('minute', occurred_at)"
        return "occurred_at / 60000000"

    def p95(self, key: str) -> str:
        """Return the 95th percentile of durations per column, as percentile_cont defines it."""
        if self.is_postgresql:
            p95 = "percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms)"
            return f"SELECT {key}, {p95} {self.within()} GROUP BY {key}"
        ranked = (
            f"SELECT {key} AS k, duration_ms AS v, count(*) OVER (PARTITION BY {key}) AS n, "
            f"row_number() OVER (PARTITION BY {key} ORDER BY duration_ms) - 1 AS place "
            f"{self.within()} AND duration_ms IS NOT NULL"
        )
        return (
            "SELECT k, sum(v * (1 - abs(place - 0.95 * (n - 1)))) "  # noqa: S608  # our own names
            f"FROM ({ranked}) WHERE abs(place - 0.95 * (n - 1)) < 1 GROUP BY k"
        )


def total(field: str) -> Statistic:
    return Statistic(field, Stat.SUM)


def ask(
    month: Month,
    group_by: Sequence[str],
    measures: Sequence[Measure],
    *,
    since: datetime | None = None,
    bucket: Bucket | None = None,
    top: Top | None = None,
) -> AggregationQuery:
    where = AllOf(
        (
            Compare("occurred_at", ComparisonOperator.GTE, since or month.since),
            Compare("occurred_at", ComparisonOperator.LT, month.until),
        )
    )
    query = AggregationQuery(OPERATIONS, where, tuple(group_by), bucket, tuple(measures), top=top)
    return replace(query, limit=10_000)


def stats(month: Month, arguments: str, selection: str, since: datetime | None = None) -> Document:
    span = f'since: "{(since or month.since).isoformat()}", until: "{month.until.isoformat()}"'
    where = f"where: {{occurredAt: {{{span}}}}}, limit: 10000"
    text = f"{{ operationStats({where}{arguments}) {{ {selection} }} }}"
    return Document(text, EXPECTED)


def by_tool_and_mode(month: Month) -> Question:
    document = stats(
        month,
        ", groupBy: [{field: TOOL_NAME}, {field: OPERATION_MODE}]",
        "rows { key { toolName operationMode } count tokensPrevented { sum } cost { saved } }",
    )
    sql = (
        "SELECT tool_name, operation_mode, count(*), sum(tokens_prevented), sum(cost_saved) "
        f"{month.within()} GROUP BY tool_name, operation_mode"
    )
    measures = (COUNT, total("tokens_prevented"), total("cost_saved"))
    question = ask(month, ("tool_name", "operation_mode"), measures)
    return Question("calls, tokens and savings by tool and mode", True, question, sql, document)


def by_local_day(month: Month) -> Question:
    document = stats(
        month,
        f', bucket: {{unit: DAY, zone: "{ZONE}"}}',
        "rows { bucket { start } count tokensActual { sum } }",
    )
    day = month.local_day()
    sql = f"SELECT {day}, count(*), sum(tokens_actual) {month.within()} GROUP BY 1"
    measures = (COUNT, total("tokens_actual"))
    question = ask(month, (), measures, bucket=Bucket(BucketUnit.DAY, zone=ZONE))
    return Question(f"calls and tokens by day in {ZONE}", True, question, sql, document)


def p95_by_tool(month: Month) -> Question:
    document = stats(
        month, ", groupBy: [{field: TOOL_NAME}]", "rows { key { toolName } durationMs { p95 } }"
    )
    question = ask(month, ("tool_name",), (Quantile("duration_ms", 0.95),))
    sql = month.p95("tool_name")
    return Question("p95 of the duration by tool", True, question, sql, document, error=0.021)


def errors_by_route(month: Month) -> Question:
    document = stats(
        month,
        ", groupBy: [{field: ROUTE}, {field: STATUS_CODE}]",
        "rows { key { route statusCode } count errorCount }",
    )
    sql = (
        "SELECT route, status_code, count(*), sum(CASE WHEN outcome = 'ERROR' THEN 1 ELSE 0 END) "
        f"{month.within()} GROUP BY route, status_code"
    )
    question = ask(month, ("route", "status_code"), (COUNT, ERROR_COUNT))
    return Question("errors by route and status", True, question, sql, document)


def ragged_week(month: Month) -> Question:
    """Ask for seven days that start inside an hour: the first minutes come from records."""
    since = month.until - timedelta(days=7, minutes=23)
    document = stats(
        month,
        ", groupBy: [{field: CLIENT}]",
        "rows { key { client } count tokensOriginal { sum } }",
        since,
    )
    sql = f"SELECT client, count(*), sum(tokens_original) {month.within(since)} GROUP BY client"
    question = ask(month, ("client",), (COUNT, total("tokens_original")), since=since)
    return Question("last 7 days by client, from inside an hour", True, question, sql, document)


def totals(month: Month) -> Question:
    document = stats(
        month, "", "rows { count errorCount tokensPrevented { sum } durationMs { sum } }"
    )
    sql = (
        "SELECT count(*), sum(CASE WHEN outcome = 'ERROR' THEN 1 ELSE 0 END), "
        f"sum(tokens_prevented), sum(duration_ms) {month.within()}"
    )
    measures = (COUNT, ERROR_COUNT, total("tokens_prevented"), DURATION)
    return Question("totals", True, ask(month, (), measures), sql, document)


def top_models(month: Month) -> Question:
    document = stats(
        month,
        ", groupBy: [{field: MODEL}], top: {n: 10, by: {number: {field: OUTPUT_TOKENS}}}",
        "rows { key { model } count outputTokens { sum } } "
        "others { count outputTokens { sum } }",
    )  # fmt: skip
    sql = (
        "WITH g AS (SELECT model, count(*) AS n, sum(output_tokens) AS tokens "  # noqa: S608
        f"{month.within()} GROUP BY model), "
        "r AS (SELECT g.*, row_number() OVER (ORDER BY tokens DESC NULLS LAST) AS place FROM g) "
        "SELECT model, n, tokens FROM r WHERE place <= 10 "
        "UNION ALL SELECT 'others', sum(n), sum(tokens) FROM r WHERE place > 10"
    )
    tokens = total("output_tokens")
    question = ask(month, ("model",), (COUNT, tokens), top=Top(10, tokens, others=True))
    return Question("top 10 models, and others", True, question, sql, document)


def by_user_and_workspace(month: Month) -> Question:
    sql = (
        "SELECT user_id, workspace_id, count(*), sum(duration_ms) "
        f"{month.within()} GROUP BY user_id, workspace_id ORDER BY 4 DESC LIMIT {MAX_ROWS}"
    )
    question = replace(
        ask(month, ("user_id", "workspace_id"), (COUNT, DURATION)),
        order_by=(OrderBy(DURATION, descending=True),),
        limit=MAX_ROWS,
    )
    return Question("the greatest users and workspaces", False, question, sql, NO_DOCUMENT)


def by_minute(month: Month) -> Question:
    since = month.until - timedelta(days=1)
    sql = (
        f"SELECT {month.minute()}, count(*), sum(input_tokens) "
        f"{month.within(since)} GROUP BY 1 ORDER BY 1"
    )
    measures = (COUNT, total("input_tokens"))
    bucket = Bucket(BucketUnit.MINUTE, fill=False)
    question = ask(month, (), measures, since=since, bucket=bucket)
    return Question("calls and tokens by minute of a day", False, question, sql, NO_DOCUMENT)


def exact_p95(month: Month) -> Question:
    question = ask(month, ("client",), (Quantile("duration_ms", 0.95),))
    return Question(
        "p95 of the duration by client", False, question, month.p95("client"), NO_DOCUMENT
    )


def distinct_users(month: Month) -> Question:
    sql = f"SELECT tool_name, count(DISTINCT user_id) {month.within()} GROUP BY tool_name"
    question = ask(month, ("tool_name",), (Distinct("user_id"),))
    return Question("distinct users by tool", False, question, sql, NO_DOCUMENT)


NO_DOCUMENT = Document("", EXPECTED)
COVERED: Sequence[Callable[[Month], Question]] = (
    by_tool_and_mode, by_local_day, p95_by_tool, errors_by_route, ragged_week, totals, top_models,
)  # fmt: skip
UNCOVERED: Sequence[Callable[[Month], Question]] = (
    by_user_and_workspace, by_minute, exact_p95, distinct_users,
)  # fmt: skip

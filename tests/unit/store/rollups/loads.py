"""Operations and the questions that rollups cover, as hypothesis makes them; and how they are recorded."""

import math
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from models import Operation, table_of
from models.rollups import SUMS
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.measures import (
    CACHE_HIT_RATE,
    COUNT,
    ERROR_COUNT,
    ERROR_RATE,
    SAVINGS_RATE,
    UNPRICED_COUNT,
    Measure,
    Quantile,
    Ratio,
    Statistic,
)
from store.aggregation.queries import (
    AggregationQuery,
    ComparisonPeriod,
    OrderBy,
    Span,
    Top,
)
from store.aggregation.sources import OPERATIONS
from store.database import ContentionError, Database
from store.histograms import RELATIVE_ERROR
from store.maintenance.partitions import Partitions, month_of
from store.operations.bulk.frames import Frame
from store.operations.columns import COLUMNS
from store.query.filters import AllOf, AnyOf, Compare, ComparisonOperator, Condition, Not
from store.rollups.folding import Folding
from tests.unit.store.aggregation.generated_queries import conditions_on
from tests.unit.store.aggregation.oracle import Truth, same
from tests.unit.store.rows import Row, v7_at

TABLE = table_of(Operation)
NOW = datetime(2026, 3, 30, 12, 34, 56, 789, tzinfo=UTC)
"""A day after the clocks of Europe were moved."""
TURNS = 20
COUNTS = st.none() | st.sampled_from([0, 1, 2, 7, 100, 2**40 + 1])
WORDS = st.sampled_from(["a", "b", None])
DIMENSIONS = ("tool_name", "operation_mode", "client", "provider", "model", "route", "method")
EXACT: tuple[Measure, ...] = (
    COUNT,
    ERROR_COUNT,
    ERROR_RATE,
    CACHE_HIT_RATE,
    UNPRICED_COUNT,
    SAVINGS_RATE,
    Ratio("tokens_actual", "tokens_original"),
    Statistic("tokens_original", Stat.SUM),
    Statistic("tokens_prevented", Stat.AVG),
    Statistic("duration_ms", Stat.MIN),
    Statistic("duration_ms", Stat.MAX),
    Statistic("duration_ms", Stat.AVG),
    Statistic("input_tokens", Stat.MAX),
    Statistic("cost_saved", Stat.SUM),
)
QUANTILES = tuple(
    Quantile(of, q) for of in ("duration_ms", "output_tokens") for q in (0, 0.25, 0.5, 0.95, 1)
)


@st.composite
def operations(draw: st.DrawFn, latest: datetime = NOW) -> Row:
    """An operation of the last days."""
    row: Row = dict.fromkeys(COLUMNS)
    near = st.timedeltas(timedelta(0), timedelta(hours=5))
    far = st.timedeltas(timedelta(0), timedelta(days=3))
    edges = st.sampled_from([timedelta(minutes=34, seconds=56, microseconds=789)])
    at = latest - draw(near | far | edges)
    row |= {
        "id": v7_at(at, draw(st.integers(0, 2**62 - 1))),
        "occurred_at": at,
        "recorded_at": at,
        "kind": draw(st.sampled_from(["TOOL", "LLM"])),
        "name": draw(st.sampled_from("ab")),
        "outcome": draw(st.sampled_from(["OK", "OK", "ERROR"])),
        "status_code": draw(st.none() | st.sampled_from([200, 404])),
        "cache_hit": draw(st.none() | st.booleans()),
        "price_status": draw(st.sampled_from([None, "PRICED", "UNPRICED"])),
        "duration_ms": draw(st.none() | st.sampled_from([0.0, 0.25, 1.5, 7.0, 1024.75, 1e9])),
        **{name: draw(WORDS) for name in (*DIMENSIONS, "workspace_id", "operation_type")},
    }
    for name in ("tokens_original", "tokens_actual", "tokens_prevented", "input_tokens"):
        row[name] = draw(COUNTS)
    for name in ("output_tokens", "cost_saved", "cost_baseline"):
        row[name] = draw(COUNTS)
    return row


@st.composite
def spans(draw: st.DrawFn) -> list[Condition]:
    """A span that ends now or before, or none."""
    if not draw(st.booleans()):
        return []
    lengths = st.sampled_from([1, 2, 24, 25, 48, 72]) | st.integers(1, 80)
    until = NOW - draw(st.timedeltas(timedelta(0), timedelta(hours=30)))
    since = until - timedelta(hours=draw(lengths))
    if draw(st.booleans()):
        since = since.replace(minute=0, second=0, microsecond=0)
    found: list[Condition] = [Compare("occurred_at", ComparisonOperator.GTE, since)]
    if draw(st.booleans()):
        found.append(Compare("occurred_at", ComparisonOperator.LT, until))
    return found


BUCKETS = st.none() | st.builds(
    Bucket,
    st.sampled_from([BucketUnit.HOUR, BucketUnit.DAY, BucketUnit.WEEK, BucketUnit.MONTH]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
    st.booleans(),
)


@st.composite
def asked(draw: st.DrawFn) -> AggregationQuery:
    """A question that a rollup covers, unless its zone has another grid."""
    rollup = draw(st.sampled_from(SUMS))
    names = st.sampled_from(rollup.dimensions[1:] or rollup.dimensions)
    groups: tuple[str, ...] = tuple(draw(st.lists(names, max_size=2, unique=True)))
    conditions: st.SearchStrategy[Condition] = names.flatmap(
        lambda name: st.sampled_from(
            [
                Compare(name, ComparisonOperator.IS_NULL, False),
                Not(Compare(name, ComparisonOperator.IS_NULL, True)),
                AnyOf(
                    (
                        Compare(name, ComparisonOperator.IS_NULL, True),
                        Compare("kind", ComparisonOperator.EQ, "LLM"),
                    )
                ),
                *([] if name == "status_code" else [Compare(name, ComparisonOperator.EQ, "a")]),
            ]
        )
    )
    limits: list[Condition] = draw(spans())
    where = AllOf((*limits, *draw(st.lists(conditions, max_size=2))))
    bucket = draw(BUCKETS)
    exact = st.sampled_from(EXACT)
    top = None
    if groups and draw(st.sampled_from([True, False])):
        top = Top(draw(st.integers(1, 2)), draw(exact), draw(st.booleans()))
    having = draw(st.lists(conditions_on(exact, (1,)), max_size=1))
    compare = st.sampled_from(
        [*ComparisonPeriod, Span(NOW - timedelta(days=3), NOW - timedelta(hours=30))]
    )
    return AggregationQuery(
        OPERATIONS,
        where=where,
        group_by=groups,
        bucket=bucket,
        measures=tuple(draw(st.lists(exact | st.sampled_from(QUANTILES), max_size=4, unique=True))),
        having=tuple(having),
        order_by=tuple(draw(st.lists(st.builds(OrderBy, exact, st.booleans()), max_size=1))),
        top=top,
        compare=draw(st.none() | compare) if limits else None,
        totals=draw(st.booleans()),
        limit=1_000,
    )


async def record(database: Database, rows: Sequence[Row], fold: bool = True) -> None:
    """Write operations as one flush, and fold them into the rollups where there are any."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row["occurred_at"])
    frame = Frame.of_rows([[row[name] for name in COLUMNS] for row in ordered])
    months = {(TABLE, month_of(row["occurred_at"])) for row in rows}
    await Partitions(database.dialect, lambda: NOW).ensure(months)
    assert await database.write_columns(TABLE, frame.columns)
    if fold:
        await fold_all(database)


async def fold_all(database: Database) -> None:
    """Fold as the background does, which tries again where another server takes too long."""
    folding = Folding(database)
    for _ in range(TURNS):
        with suppress(ContentionError):
            await folding.run_once()
            return
    raise AssertionError("no turn to fold")


def agree(question: AggregationQuery, raw: Truth, rolled: Truth) -> bool:
    """Whether two answers are the same, quantiles within the stated error."""
    measures = question.measures

    def values(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return one is other
        return all(
            near(a, b) if isinstance(measure, Quantile) else same(a, b)
            for measure, a, b in zip(measures, one, other, strict=True)
        )

    def told(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return one is other
        *key, here, before = one
        *other_key, there, earlier = other
        return key == other_key and values(here, there) and values(before, earlier)

    return (
        raw.truncated is rolled.truncated
        and len(raw.rows) == len(rolled.rows)
        and all(map(told, raw.rows, rolled.rows))
        and told(raw.others, rolled.others)
        and told(raw.totals, rolled.totals)
    )


def near(raw: Any, rolled: Any) -> bool:
    """Whether a quantile is within the stated error."""
    if raw is None or rolled is None:
        return raw is rolled
    return math.isclose(raw, rolled, rel_tol=RELATIVE_ERROR * (1 + 1e-6))

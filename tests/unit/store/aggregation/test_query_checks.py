"""Questions are checked as a whole: every problem, with its place and its mend."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models import Operation, table_of
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.checks import ResultLimits, check_query, find_problems
from store.aggregation.measures import (
    CACHE_HIT_RATE,
    COUNT,
    ERROR_RATE,
    PER_SECOND,
    SAVINGS_RATE,
    Attribute,
    Distinct,
    FlagCount,
    Fold,
    Measure,
    Part,
    Quantile,
    Ratio,
    Statistic,
    Value,
    empty_value,
    formula_of,
    parts_of,
)
from store.aggregation.periods import earlier, split
from store.aggregation.queries import (
    AggregationQuery,
    ByBucket,
    ByGroup,
    ComparisonPeriod,
    Having,
    OrderBy,
    Span,
    Top,
)
from store.aggregation.results import Change, change
from store.aggregation.sources import EVENTS, INTERACTIONS, OPERATIONS, SOURCES
from store.errors import InvalidInputError
from store.query.filters import AllOf, AnyOf, Compare, ComparisonOperator, Condition

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def since(days: float) -> Compare:
    """From so many days before noon on."""
    return Compare("occurred_at", ComparisonOperator.GTE, NOON - timedelta(days=days))


DAY = Compare("occurred_at", ComparisonOperator.GTE, NOON - timedelta(days=1))


def said(question: AggregationQuery, limits: ResultLimits | None = None) -> list[tuple[str, str]]:
    """The problems of a question: where, and what."""
    found = find_problems(question, NOON, limits or ResultLimits())
    return [(".".join(map(str, p.path)), p.message) for p in found]


def test_a_good_question_has_no_problem() -> None:
    question = AggregationQuery(
        OPERATIONS,
        where=DAY,
        group_by=("tool_name", Attribute(("plan", "name"))),
        bucket=Bucket(BucketUnit.HOUR, zone="Europe/Berlin"),
        measures=(COUNT, ERROR_RATE, Quantile("duration_ms", 0.95), Distinct("user_id")),
        having=(Having(COUNT, ComparisonOperator.GT, 1),),
        order_by=(OrderBy(ByBucket()), OrderBy(COUNT, True), OrderBy(ByGroup("tool_name"))),
        top=Top(3, Statistic("tokens_prevented", Stat.SUM), others=True),
        compare=ComparisonPeriod.PREVIOUS,
        totals=True,
    )
    assert said(question) == []
    check_query(question, NOON, ResultLimits())


def test_every_problem_is_told_at_once() -> None:
    question = AggregationQuery(
        OPERATIONS,
        where=AnyOf((Compare("nothing", ComparisonOperator.EQ, 1), DAY)),
        group_by=("nothing", "tool_name", "tool_name", Attribute(())),
        bucket=Bucket(BucketUnit.DAY, every=0, zone="Mars/Olympus"),
        measures=(Quantile("duration_ms", 1.5), FlagCount("nothing")),
        having=(
            Having(COUNT, ComparisonOperator.GT, float("nan")),
            Having(PER_SECOND, ComparisonOperator.GT, 1),
        ),
        order_by=(OrderBy(ByGroup("model")), OrderBy(Statistic("name", Stat.SUM))),
        compare=ComparisonPeriod.PREVIOUS,
        limit=0,
    )
    places = [place for place, _ in said(question)]
    assert places == [
        "where",
        "groupBy.0",
        "groupBy.2",
        "groupBy.3",
        "bucket.every",
        "bucket.zone",
        "",
        "",
        "having.0.value",
        "having.1.by",
        "orderBy.0.by",
        "orderBy.1.by",
        "where",
        "compare",
        "limit",
    ]
    with pytest.raises(InvalidInputError) as refused:
        check_query(question, NOON, ResultLimits())
    assert refused.value.code == "BAD_USER_INPUT"
    assert len(refused.value.problems) == len(places)


MINUTE, BERLIN = Bucket(BucketUnit.MINUTE), Bucket(BucketUnit.MONTH, zone="Europe/Berlin")
BEFORE = Compare("occurred_at", ComparisonOperator.LT, NOON - timedelta(days=3))
COUNTED: dict[str, Any] = {"source": INTERACTIONS}
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"bucket": MINUTE, "where": since(2)}, "bucket", "1,500 buckets (got 2,880)"),
    ({"bucket": MINUTE, "where": since(9_000)}, "bucket", "or a shorter range."),
    ({"order_by": (OrderBy(ByBucket()),)}, "orderBy.0.by", "Rows without buckets cannot"),
    ({"top": Top(3, COUNT)}, "top", "top requires groupBy."),
    ({"top": Top(0, COUNT), "group_by": ("name",)}, "top.n", "n must be from 1 to 10,000 (got 0)."),
    ({"top": Top(1, Distinct("nothing")), "group_by": ("name",)}, "top.by", "Invalid dimension"),
    ({"limit": 10_001}, "limit", "(got 10,001)"),
    ({"compare": ComparisonPeriod.PREVIOUS}, "compare", "compare requires a start of"),
    ({"compare": Span(NOON, NOON)}, "compare.range", "since must be before until."),
    (
        {"compare": ComparisonPeriod.PREVIOUS, "where": AllOf((DAY, BEFORE))},
        "where.occurred_at",
        "Empty range.",
    ),
    (COUNTED | {"bucket": Bucket(BucketUnit.DAY)}, "bucket.unit", "Use MONTH, QUARTER, YEAR."),
    (COUNTED | {"bucket": BERLIN}, "bucket.zone", "UTC month"),
    (COUNTED | {"measures": (Quantile("units", 0.5),)}, "", "has no quantile. Use one of avg, sum."),
    (COUNTED | {"group_by": (Attribute(("a",)),)}, "groupBy.0", "no attributes"),
    ({"group_by": (Attribute(('a"',)),)}, "groupBy.0", "quotation mark"),
    ({"group_by": tuple(sorted(OPERATIONS.dimensions)[:9])}, "groupBy", "must not exceed 8 groups"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "place", "message"), REFUSED)
def test_what_is_refused(asked: Mapping[str, Any], place: str, message: str) -> None:
    ((where, told),) = said(AggregationQuery(**{"source": OPERATIONS} | dict(asked)))
    assert where == place
    assert message in told


def test_limits_are_settings() -> None:
    question = AggregationQuery(OPERATIONS, where=DAY, bucket=Bucket(BucketUnit.HOUR), limit=11)
    assert [place for place, _ in said(question, ResultLimits(10, 20))] == ["bucket", "limit"]


# --- spans ---------------------------------------------------------------------------------------

OTHER = Compare("name", ComparisonOperator.EQ, "n")


def test_the_span_is_taken_out_of_the_filter() -> None:
    until = Compare("occurred_at", ComparisonOperator.LT, NOON)
    found = split(AllOf((DAY, AllOf((until, OTHER)))), "occurred_at")
    assert found.span == Span(NOON - timedelta(days=1), NOON)
    assert found.remaining == AllOf((AllOf((OTHER,)),))
    assert not found.elsewhere
    assert split(AllOf((DAY,)), "occurred_at").remaining is None
    assert split(None, "occurred_at").span == Span()
    assert split(AnyOf((DAY, OTHER)), "occurred_at").elsewhere


def test_spans_meet_and_close() -> None:
    tick = timedelta(microseconds=1)
    where = AllOf(
        (
            DAY,
            Compare("occurred_at", ComparisonOperator.GT, NOON),
            Compare("occurred_at", ComparisonOperator.LTE, NOON),
        )
    )
    assert split(where, "occurred_at").span == Span(NOON + tick, NOON + tick)
    month: Condition = Compare("month", ComparisonOperator.EQ, date(2026, 11, 1))
    assert split(month, "month").span.since == datetime(2026, 11, 1, tzinfo=UTC)


def test_earlier_spans() -> None:
    first, last = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    month = Bucket(BucketUnit.MONTH)
    assert earlier(first, last, ComparisonPeriod.PREVIOUS, month) == Span(
        datetime(2026, 9, 1, tzinfo=UTC), first
    )
    assert earlier(first, last, ComparisonPeriod.PREVIOUS, None).since == datetime(
        2026, 8, 31, tzinfo=UTC
    )
    assert earlier(first, last, ComparisonPeriod.LAST_YEAR, month).since == datetime(
        2025, 10, 1, tzinfo=UTC
    )
    assert earlier(first, last, Span(first, first), None) == Span(first, first)
    ragged = earlier(
        NOON - timedelta(hours=24), NOON, ComparisonPeriod.PREVIOUS, Bucket(BucketUnit.DAY)
    )
    assert ragged == Span(NOON - timedelta(hours=48), NOON - timedelta(hours=24))


# --- measures ------------------------------------------------------------------------------------

VALUES: list[tuple[Measure, dict[Part, Value], Value]] = [
    (COUNT, {Part(Fold.ROWS): 3}, 3),
    (ERROR_RATE, {Part(Fold.TRUE_COUNT, "error"): 1, Part(Fold.ANSWERED_COUNT, "error"): 4}, 0.25),
    (
        CACHE_HIT_RATE,
        {Part(Fold.TRUE_COUNT, "cache_hit"): 0, Part(Fold.ANSWERED_COUNT, "cache_hit"): 0},
        None,
    ),
    (SAVINGS_RATE, {Part(Fold.SUM, "cost_saved"): 9, Part(Fold.SUM, "cost_baseline"): 10}, 0.9),
    (SAVINGS_RATE, {Part(Fold.SUM, "cost_saved"): None, Part(Fold.SUM, "cost_baseline"): 0}, None),
    (Statistic("units", Stat.AVG), {Part(Fold.SUM, "units"): 3, Part(Fold.NON_NULL_COUNT, "units"): 2}, 1.5),
    (Quantile("units", 0.5), {Part(Fold.QUANTILE, "units", 0.5): 2.5}, 2.5),
    (PER_SECOND, {Part(Fold.ROWS): 3}, 0.3),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "parts", "value"), VALUES)
def test_values_come_from_parts(measure: Measure, parts: dict[Part, Value], value: Value) -> None:
    assert set(parts_of((measure,))) == set(parts)
    formula = formula_of(measure)
    under = None if formula.denominator is None else parts[formula.denominator]
    assert formula.value(parts[formula.numerator], under, 10) == value


def test_nothing_counts_as_zero_and_means_as_null() -> None:
    assert empty_value(COUNT) == 0
    assert empty_value(Distinct("name")) == 0
    assert empty_value(ERROR_RATE) is None
    assert empty_value(Statistic("units", Stat.SUM)) is None
    assert empty_value(PER_SECOND, 60.0) == 0
    assert empty_value(PER_SECOND) is None


def test_parts_are_shared() -> None:
    measures = (COUNT, PER_SECOND, Statistic("units", Stat.SUM), Statistic("units", Stat.AVG))
    assert len(parts_of(measures)) == 3
    assert not formula_of(Quantile("units", 0.5)).numerator.mergeable
    assert formula_of(Ratio("units", "units")).numerator.mergeable


def test_changes() -> None:
    assert change(3, 2) == Change(1, 1.5)
    assert change(3, 0) == Change(3, None)
    assert change(None, 1) == change(1, None) == Change(None, None)


# --- sources -------------------------------------------------------------------------------------


def test_sources_name_columns() -> None:
    assert set(SOURCES) == {"operations", "requests", "stages", "events", "interactions"}
    for source in SOURCES.values():
        assert source.time_column.table is source.table
        assert all(name == d.name for name, d in source.dimensions.items())
        assert all(name == n.name for name, n in source.numbers.items())
        assert all(name == f.name for name, f in source.flags.items())
        if source.attributes is not None:
            assert source.attributes in source.table.columns
        assert "organization_id" in source.dimensions
    assert set(OPERATIONS.numbers) < {c.name for c in table_of(Operation).columns}
    assert EVENTS.filter_columns["type"].table is EVENTS.table
    assert EVENTS.filter_columns["user_id"].table is not EVENTS.table

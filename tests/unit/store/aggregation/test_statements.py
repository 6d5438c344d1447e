"""Statements: only what is asked for is computed, by one statement, as plain as by hand."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Source, Stat
from store.aggregation.checks import MAX_MEASURES, ResultLimits
from store.aggregation.engine import Aggregation, spans_of
from store.aggregation.measures import (
    COUNT,
    ERROR_COUNT,
    ERROR_RATE,
    SAVINGS_RATE,
    Attribute,
    CostPart,
    Distinct,
    Measure,
    PerSecond,
    Quantile,
    Statistic,
    cost_at,
)
from store.aggregation.queries import AggregationQuery, ComparisonPeriod, OrderBy, Top
from store.aggregation.sources import EVENTS, INTERACTIONS, OPERATIONS, REQUESTS, STAGES
from store.auth.access import TenantBounds
from store.database import Database
from store.query.filters import Compare, ComparisonOperator

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = Compare("occurred_at", ComparisonOperator.GTE, NOON - timedelta(days=1))
ACME = TenantBounds("acme")


def sql(database: Database, question: AggregationQuery, bounds: TenantBounds = ACME) -> str:
    """The statement of a question on one line, without casts of parameters."""
    aggregation = Aggregation(database, lambda: NOON, ResultLimits())
    compiled = aggregation.compile(question, bounds, spans_of(question, NOON))
    text = str(compiled.statement.compile(database.dialect.connections.read_engine.sync_engine))
    return re.sub(r"\s+", " ", re.sub(r"::[A-Z ]+[A-Z]", "", text))


SEEN: list[tuple[Measure, str]] = [
    (ERROR_COUNT, "outcome"),
    (Statistic("tokens_prevented", Stat.SUM), "tokens_prevented"),
    (Statistic("duration_ms", Stat.MAX), "duration_ms"),
    (Statistic(Attribute(("plan",)), Stat.SUM), "attributes"),
    (Quantile("input_tokens", 0.95), "input_tokens"),
    (Distinct("user_id"), "user_id"),
    (SAVINGS_RATE, "cost_saved"),
    (cost_at("gpt", CostPart.ACTUAL), "prices"),
]


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(("measure", "column"), SEEN)
async def test_a_measure_that_is_not_asked_for_is_not_computed(
    database: Database, measure: Measure, column: str, beside: bool
) -> None:
    def asked(*measures: Measure) -> AggregationQuery:
        compare = ComparisonPeriod.PREVIOUS if beside else None
        top = Top(3, COUNT, others=True) if beside else None
        return AggregationQuery(
            OPERATIONS, DAY, ("name",), None, measures, top=top, totals=beside, compare=compare
        )

    assert column in sql(database, asked(COUNT, measure))
    without = sql(database, asked(COUNT))
    assert [c for _, c in SEEN if c in without] == []
    assert "count(*)" in without
    assert "count(" not in sql(database, AggregationQuery(OPERATIONS, DAY, ("name",)))


async def test_rows_alone_are_as_plain_as_by_hand(database: Database) -> None:
    text = sql(
        database, AggregationQuery(OPERATIONS, DAY, ("tool_name",), measures=(COUNT, ERROR_RATE))
    )
    assert "WITH" not in text
    assert text.count("FROM operations") == 1
    assert "WINDOW" not in text
    assert "OVER" not in text
    single = sql(database, AggregationQuery(OPERATIONS, DAY, measures=(COUNT,)))
    assert "ORDER BY" not in single


async def test_values_are_counted_in_the_way_that_is_fast(database: Database) -> None:
    def asked(*measures: Measure) -> str:
        question = AggregationQuery(OPERATIONS, DAY, ("tool_name",), measures=(COUNT, *measures))
        return sql(database, question).upper()

    one = asked(Distinct("user_id"))
    assert ("COUNT(DISTINCT" in one) is (database.dialect.name == "sqlite")
    assert one.count("FROM OPERATIONS") == 1
    assert asked(Distinct("user_id"), Distinct("name")).count("COUNT(DISTINCT") == 2
    assert "COUNT(DISTINCT" in asked(Distinct("user_id"), Quantile("duration_ms", 0.5))


async def test_several_quantiles_of_a_value_are_found_in_one_pass(database: Database) -> None:
    quantiles = [Quantile("duration_ms", q) for q in (0.5, 0.95)]
    text = sql(
        database, AggregationQuery(OPERATIONS, DAY, ("tool_name",), measures=tuple(quantiles))
    )
    assert "OVER" not in text
    if database.dialect.name == "sqlite":
        assert text.count("trackstore_exact(operations.duration_ms, '0.5 0.95')") == 2


async def test_a_rate_of_all_time_is_no_order(database: Database) -> None:
    """It is null everywhere: there is no span to divide by."""
    orders = (OrderBy(PerSecond()), OrderBy(PerSecond(), descending=True))
    question = AggregationQuery(OPERATIONS, None, ("name",), measures=(COUNT,), order_by=orders)
    aggregation = Aggregation(database, lambda: NOON, ResultLimits())
    assert (await aggregation.ask(question, ACME)).rows == ()


async def test_totals_and_others_of_sums_read_the_records_once(database: Database) -> None:
    question = AggregationQuery(
        OPERATIONS,
        DAY,
        ("tool_name",),
        Bucket(BucketUnit.DAY),
        (COUNT, ERROR_RATE),
        top=Top(3, COUNT, others=True),
        totals=True,
    )
    assert sql(database, question).count("FROM operations") == 1


async def test_a_bucket_without_changes_of_the_clock_has_no_cases(database: Database) -> None:
    hour = Bucket(BucketUnit.HOUR, zone="Europe/Berlin")
    assert "CASE" not in sql(database, AggregationQuery(OPERATIONS, DAY, (), hour, (COUNT,)))
    wide = Compare("occurred_at", ComparisonOperator.GTE, NOON - timedelta(days=400))
    day = Bucket(BucketUnit.DAY, zone="Europe/Berlin")
    assert "CASE" in sql(database, AggregationQuery(OPERATIONS, wide, (), day, (COUNT,)))


@pytest.mark.parametrize("source", [OPERATIONS, REQUESTS, STAGES, EVENTS, INTERACTIONS])
async def test_every_statement_stays_within_bounds(database: Database, source: Source) -> None:
    question = AggregationQuery(
        source, group_by=("organization_id",), measures=(COUNT,), totals=True
    )
    text = sql(database, question, TenantBounds("acme", "n", "w"))
    assert re.search(r"WHERE \w+\.organization_id = ", text)
    assert re.search(r"\.namespace_id = ", text)
    assert re.search(r"\.workspace_id = ", text)
    joined = "JOIN requests" in text
    assert joined is (source in (STAGES, EVENTS))
    assert "JOIN" not in sql(database, question)


async def test_every_number_dimension_and_flag_can_be_asked_for(database: Database) -> None:
    aggregation = Aggregation(database, lambda: NOON, ResultLimits())
    for source in (OPERATIONS, REQUESTS, STAGES, EVENTS, INTERACTIONS):
        measures: list[Measure] = []
        for name, number in source.numbers.items():
            measures += [Statistic(name, s) for s in sorted(number.stats - {Stat.QUANTILE})]
            measures += [Quantile(name, 0.5)] if Stat.QUANTILE in number.stats else []
        measures += [Distinct(name) for name in source.dimensions]
        names = sorted(source.dimensions)
        for start in range(0, len(names), 8):
            groups = tuple(names[start : start + 8])
            for first in range(0, len(measures), MAX_MEASURES - 1):
                some = measures[first : first + MAX_MEASURES - 1]
                question = AggregationQuery(
                    source, None, groups, Bucket(BucketUnit.MONTH), (COUNT, *some), totals=True
                )
                answer = await aggregation.ask(question, ACME)
                assert answer.rows == ()
                assert answer.totals is not None
                assert answer.value(answer.totals, COUNT) == 0

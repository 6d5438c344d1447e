"""Answers of the other sources, and of what is rare: large sums, long statements, cut rows."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from models import InteractionCounter, Operation, Request, RequestStage, table_of
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.checks import ResultLimits
from store.aggregation.engine import Aggregation
from store.aggregation.measures import (
    COUNT,
    ERROR_RATE,
    Attribute,
    Quantile,
    Statistic,
)
from store.aggregation.queries import AggregationQuery, ComparisonPeriod, OrderBy, Top
from store.aggregation.results import RAW
from store.aggregation.sources import INTERACTIONS, OPERATIONS, STAGES
from store.auth.access import UNRESTRICTED, TenantBounds
from store.database import Database
from store.dialects import PoolSettings
from store.errors import InvalidInputError, QueryTimeoutError
from store.query.filters import AllOf, Compare, ComparisonOperator
from tests.unit.store.rows import MONTH, Row, insert, v7_at

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACME = TenantBounds("acme")
UNITS = Statistic("units", Stat.SUM)


def engine(database: Database, **limits: int) -> Aggregation:
    """Asks at noon."""
    return Aggregation(database, lambda: NOON, ResultLimits(**limits))


def operation(number: int, **values: Any) -> Row:
    """An operation of its own minute."""
    row: Row = dict.fromkeys(column.name for column in table_of(Operation).columns)
    at = MONTH + timedelta(minutes=number)
    row |= {"organization_id": "acme", "id": v7_at(at, number), "occurred_at": at}
    row |= {"recorded_at": at, "kind": "API", "name": "n", "outcome": "OK"}
    return row | values


async def test_interactions_are_counted_by_what_their_rows_stand_for(database: Database) -> None:
    def counter(month: int, key: int, **values: Any) -> Row:
        row: Row = dict.fromkeys(column.name for column in table_of(InteractionCounter).columns)
        row |= {"organization_id": "acme", "month": date(2026, month, 1), "key": UUID(int=key)}
        row |= {"interaction_type": "mini", "first_at": NOON, "last_at": NOON}
        row["counts_against_limits"] = True
        return row | values

    rows = [
        counter(9, 1, units=10, calls=2),
        counter(11, 1, units=5, calls=1),
        counter(11, 2, units=1, calls=4, interaction_type="premium"),
    ]
    await insert(database, table_of(InteractionCounter), rows)
    since = Compare("month", ComparisonOperator.GTE, date(2026, 8, 1))
    measures = (COUNT, UNITS, Statistic("units", Stat.AVG))
    question = AggregationQuery(
        INTERACTIONS,
        AllOf((since, Compare("month", ComparisonOperator.LT, date(2026, 12, 1)))),
        bucket=Bucket(BucketUnit.MONTH),
        measures=measures,
        totals=True,
        compare=ComparisonPeriod.PREVIOUS,
    )
    answer = await engine(database).ask(question, ACME)
    shown = [(r.bucket.start.month, r.values) for r in answer.rows if r.bucket is not None]
    assert shown == [
        (8, (0, None, None)),
        (9, (2, 10, 5.0)),
        (10, (0, None, None)),
        (11, (5, 6, 1.2)),
    ]
    assert answer.totals is not None
    assert answer.totals.values == (7, 16, 16 / 7)
    assert answer.coverage.source == RAW
    by_type = AggregationQuery(INTERACTIONS, since, ("interaction_type",), measures=(UNITS,))
    found = await engine(database).ask(by_type, ACME)
    assert [(row.key, row.values) for row in found.rows] == [
        (("mini",), (15,)),
        (("premium",), (1,)),
    ]


async def test_stages_are_seen_with_their_request(database: Database) -> None:
    requests, stages = [], []
    for n, workspace in enumerate(("w1", "w1", "w2")):
        request: Row = dict.fromkeys(column.name for column in table_of(Request).columns)
        request |= {"organization_id": "acme", "id": v7_at(MONTH, n), "workspace_id": workspace}
        request |= {
            "correlation_id": "c",
            "type": f"t{n % 2}",
            "status": "RUNNING",
            "progress": 0.0,
        }
        request |= {"last_seq": 1, "created_at": MONTH, "updated_at": MONTH}
        requests.append(request)
        stage: Row = dict.fromkeys(column.name for column in table_of(RequestStage).columns)
        stage |= {"organization_id": "acme", "request_id": request["id"], "name": "render"}
        stage |= {
            "position": 0,
            "weight": 1.0,
            "max_attempts": 3,
            "attempt": n + 1,
            "progress": 1.0,
        }
        stage |= {"status": "FAILED" if n else "COMPLETED", "started_at": MONTH}
        stages.append(stage | {"ended_at": MONTH + timedelta(seconds=n + 1)})
    await insert(database, table_of(Request), requests)
    await insert(database, table_of(RequestStage), stages)
    measures = (COUNT, ERROR_RATE, Quantile("duration_ms", 0.5), Statistic("attempt", Stat.SUM))
    question = AggregationQuery(STAGES, group_by=("name",), measures=measures)
    (row,) = (await engine(database).ask(question, ACME)).rows
    assert row.values == (3, 2 / 3, 2_000.0, 6)
    (row,) = (await engine(database).ask(question, TenantBounds("acme", None, "w1"))).rows
    assert row.values == (2, 0.5, 1_500.0, 3)
    by_type = AggregationQuery(STAGES, group_by=("request_type",), measures=(COUNT,))
    answer = await engine(database).ask(by_type, UNRESTRICTED)
    assert [(r.key, r.values) for r in answer.rows] == [(("t0",), (2,)), (("t1",), (1,))]
    assert (await engine(database).ask(question, TenantBounds("other"))).rows == ()


async def test_sums_beyond_their_type_are_still_sums(database: Database) -> None:
    rows = [operation(n, units=2**63 - 1, duration_ms=1.7e308) for n in range(3)]
    await insert(database, table_of(Operation), rows)
    asked = (UNITS, Statistic("units", Stat.MAX), Statistic("duration_ms", Stat.SUM))
    question = AggregationQuery(OPERATIONS, None, ("name",), measures=asked, totals=True)
    answer = await engine(database).ask(question, ACME)
    assert answer.totals is not None
    for found in (answer.rows[0], answer.totals):
        total, greatest, nothing = found.values
        assert total is not None
        assert math.isclose(total, 3 * (2**63 - 1))
        assert greatest == 2**63 - 1
        assert nothing is None


async def test_what_the_limit_cut_off_is_told(database: Database) -> None:
    names = ["a", "b", "c"]
    await insert(database, table_of(Operation), [operation(n, name=x) for n, x in enumerate(names)])
    question = AggregationQuery(OPERATIONS, None, ("name",), measures=(COUNT,), limit=2)
    answer = await engine(database).ask(question, ACME)
    assert [row.key for row in answer.rows] == [("a",), ("b",)]
    assert answer.truncated
    last = AggregationQuery(OPERATIONS, None, ("name",), measures=(COUNT,), limit=3)
    assert not (await engine(database).ask(last, ACME)).truncated


async def test_too_many_buckets_of_an_open_span_are_refused_when_they_are_found(
    database: Database,
) -> None:
    await insert(database, table_of(Operation), [operation(0), operation(50)])
    question = AggregationQuery(OPERATIONS, bucket=Bucket(BucketUnit.HOUR), measures=(COUNT,))
    with pytest.raises(InvalidInputError, match=r"must not exceed 100 buckets \(got 492\)"):
        await engine(database, buckets=100).ask(question, ACME)
    sparse = AggregationQuery(
        OPERATIONS, bucket=Bucket(BucketUnit.HOUR, fill=False), measures=(COUNT,)
    )
    answer = await engine(database, buckets=100).ask(sparse, ACME)
    assert [row.values for row in answer.rows] == [(2,)]


async def test_filled_rows_are_bounded(database: Database) -> None:
    await insert(database, table_of(Operation), [operation(n, name=str(n)) for n in range(5)])
    where = Compare("occurred_at", ComparisonOperator.GTE, MONTH)
    question = AggregationQuery(
        OPERATIONS, where, ("name",), Bucket(BucketUnit.DAY), (COUNT,), limit=50
    )
    with pytest.raises(
        InvalidInputError, match=r"must not exceed 50 rows with its empty buckets \(got 105\)"
    ):
        await engine(database, rows=50).ask(question, ACME)
    top = AggregationQuery(
        OPERATIONS, where, ("name",), Bucket(BucketUnit.DAY), (COUNT,), top=Top(2, COUNT), limit=50
    )
    assert len((await engine(database, rows=50).ask(top, ACME)).rows) == 42


async def test_true_and_one_are_two_keys(database: Database) -> None:
    leaves: list[Any] = [True, 1, 1.0, "1", None, [1], False]
    rows = [operation(n, attributes={"x": leaf}) for n, leaf in enumerate(leaves)]
    await insert(database, table_of(Operation), rows)
    attribute = Attribute(("x",))
    where = Compare("occurred_at", ComparisonOperator.GTE, MONTH)
    question = AggregationQuery(OPERATIONS, where, (attribute,), Bucket(BucketUnit.MONTH), (COUNT,))
    answer = await engine(database).ask(question, ACME)
    found = [(type(row.key[0]), *row.key, *row.values) for row in answer.rows]
    assert found == [
        (str, "1", 1),
        (int, 1, 2),
        (bool, False, 1),
        (bool, True, 1),
        (type(None), None, 2),
    ]
    single = AggregationQuery(
        OPERATIONS, where, (attribute,), measures=(COUNT,), order_by=(OrderBy(COUNT, True),)
    )
    assert [row.values[0] for row in (await engine(database).ask(single, ACME)).rows] == [
        2,
        2,
        1,
        1,
        1,
    ]


async def test_a_statement_that_takes_too_long_says_what_to_change(
    database: Database, database_url: str
) -> None:
    rows = [operation(n, duration_ms=float(n), name=str(n)) for n in range(12_000)]
    await insert(database, table_of(Operation), rows)
    hurried = Database(database_url, PoolSettings(statement_seconds=0.02))
    try:
        measures = tuple(Quantile("duration_ms", n / 40) for n in range(40))
        question = AggregationQuery(OPERATIONS, None, ("name",), None, measures, totals=True)
        with pytest.raises(
            QueryTimeoutError, match=r"longer than 0\.02 s\. Shorten the time range"
        ):
            await engine(hurried).ask(question, ACME)
    finally:
        await hurried.close()

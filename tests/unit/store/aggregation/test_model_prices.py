"""Costs at the prices of a model: as plain Python has them, as operations are priced, visible gaps."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from models import Price, table_of
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.checks import ResultLimits, find_problems
from store.aggregation.engine import Aggregation
from store.aggregation.measures import CostAt, CostPart, Present, Statistic, cost_at
from store.aggregation.queries import AggregationQuery
from store.aggregation.sources import OPERATIONS, REQUESTS
from store.auth.access import TenantBounds
from store.database import Database
from store.pricing.prices import RATES
from tests.unit.store.aggregation.generated_queries import MODELS, MOVES, TABLE, operations, prices
from tests.unit.store.aggregation.oracle import Oracle, same, told
from tests.unit.store.aggregation.price_oracle import priced
from tests.unit.store.rows import Row, insert, v7_at

PRICE = table_of(Price)
MOVE = MOVES["UTC"]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVERY_COST = tuple(cost_at(model, part) for model in MODELS for part in CostPart)


async def write(database: Database, rows: Iterable[Row], set_prices: Iterable[Row]) -> None:
    """These operations and prices, and no others."""
    async with database.write() as connection:
        await connection.execute(delete(PRICE))
        await connection.execute(delete(TABLE))
    await insert(database, TABLE, list(rows))
    await insert(database, PRICE, list(set_prices))


@settings(
    max_examples=80,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(operations(MOVE), min_size=4, max_size=14, unique_by=lambda r: r["id"]), prices(MOVE)
)
async def test_costs_are_those_of_the_oracle(
    database: Database, rows: list[Row], set_prices: list[Row]
) -> None:
    made = [row | {"organization_id": "ab"[i % 2]} for i, row in enumerate(rows)]
    known = [row | {"organization_id": row["organization_id"] or "a"} for row in set_prices]
    await write(database, made, known)
    question = AggregationQuery(
        OPERATIONS, None, ("organization_id",), Bucket(BucketUnit.DAY), EVERY_COST, totals=True
    )
    now = MOVE + timedelta(days=5)
    answer = told(
        await Aggregation(database, lambda: now, ResultLimits()).ask(question, TenantBounds())
    )
    truth = Oracle(question, priced(made, known, MODELS), now).truth()
    assert same(truth.totals, answer.totals)
    assert same(truth.rows, answer.rows)


def operation(number: int, **values: Any) -> Row:
    """An operation of acme at noon, or at another time."""
    row: Row = dict.fromkeys(column.name for column in TABLE.columns)
    at = values.get("occurred_at", NOON)
    times = {"occurred_at": at, "recorded_at": at}
    fixed = {"id": v7_at(at, number), "organization_id": "acme", "name": "n", "outcome": "OK"}
    return row | times | fixed | values


def price(nanos: int, **values: Any) -> Row:
    """A price of the model gpt for everybody since long ago."""
    amounts = dict.fromkeys((f"{part}_nanos" for part in RATES), nanos) | {"from_input_tokens": 0}
    key = {"organization_id": "*", "kind": "MODEL", "name": "gpt"}
    since = {"effective_from": NOON - timedelta(days=9), "created_at": NOON}
    return amounts | key | since | values


async def test_what_has_no_price_is_counted_and_costs_nothing(database: Database) -> None:
    rows = [
        operation(1, kind="TOOL", tokens_original=5_000, tokens_actual=500),
        operation(2, kind="LLM", input_tokens=100, cached_input_tokens=40, output_tokens=10),
        operation(3, kind="LLM", model="no tokens"),
        operation(4, kind="API", tokens_original=7),
        operation(5, kind="LLM", output_tokens=3, occurred_at=NOON - timedelta(days=10)),
    ]
    tool = price(9, kind="TOOL")
    dear = price(2_000, cached_input_nanos=500, output_nanos=8_000)
    await write(database, rows, [dear, tool])
    measures = tuple(cost_at(model, part) for model in ("gpt", "unheard of") for part in CostPart)
    question = AggregationQuery(OPERATIONS, measures=measures)
    answer = await Aggregation(database, lambda: NOON, ResultLimits()).ask(
        question, TenantBounds("acme")
    )
    (row,) = answer.rows
    assert row.values == (10_294, 1_234, 9_060, 1, None, None, None, 4)


async def test_costs_beyond_64_bits_are_answered(database: Database) -> None:
    rows = [operation(n, kind="TOOL", tokens_original=2**62, tokens_actual=1) for n in range(3)]
    await write(database, rows, [price(1_000_000)])
    question = AggregationQuery(OPERATIONS, measures=(cost_at("gpt", CostPart.BASELINE),))
    answer = await Aggregation(database, lambda: NOON, ResultLimits()).ask(
        question, TenantBounds("acme")
    )
    (row,) = answer.rows
    assert same(float(3 * 2**62 * 1_000), float(row.values[0] or 0))


def test_what_has_no_tokens_cannot_be_priced() -> None:
    of = CostAt("gpt", CostPart.ACTUAL)
    for measure in (Present(of), Statistic(of, Stat.SUM)):
        (problem,) = find_problems(
            AggregationQuery(REQUESTS, measures=(measure,)), NOON, ResultLimits()
        )
        assert problem.message == "requests have no tokens to price."

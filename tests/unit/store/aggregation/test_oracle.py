"""Any question about any operations is answered alike by both databases and by plain Python."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from models import Price, table_of
from store.aggregation.checks import ResultLimits, find_problems
from store.aggregation.engine import Aggregation
from store.aggregation.queries import AggregationQuery
from store.auth.access import TenantBounds
from store.database import Database
from store.errors import InvalidInputError
from tests.unit.store.aggregation.generated_queries import (
    MODELS,
    MOVES,
    TABLE,
    ZONES,
    asked,
    operations,
    prices,
)
from tests.unit.store.aggregation.oracle import Oracle, same, told
from tests.unit.store.aggregation.price_oracle import priced
from tests.unit.store.rows import Row, insert

PRICE = table_of(Price)
numbers = count(1)
LIMITS = ResultLimits(rows=2_000, buckets=2_000)


Case = tuple[datetime, list[Row], list[Row], list[AggregationQuery]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A moment, operations and prices around it, and questions about them."""
    zone = draw(st.sampled_from(ZONES))
    move = MOVES[zone]
    rows = draw(st.lists(operations(move), max_size=14, unique_by=lambda row: row["id"]))
    set_prices = draw(prices(move))
    return move, rows, set_prices, draw(st.lists(asked(zone, move), min_size=1, max_size=5))


@settings(
    max_examples=60,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cases())
async def test_any_question_has_the_answer_of_the_oracle(database: Database, case: Case) -> None:
    move, rows, set_prices, questions = case
    organization = f"acme-{next(numbers)}"
    made = [row | {"organization_id": organization} for row in rows]
    await insert(database, TABLE, made)
    in_force = [row | {"organization_id": row["organization_id"] or organization}
                for row in set_prices]  # fmt: skip
    known = priced(made, in_force, MODELS)
    async with database.write() as connection:
        await connection.execute(delete(PRICE))
    await insert(database, PRICE, in_force)
    now = move + timedelta(days=5)
    aggregation = Aggregation(database, lambda: now, LIMITS)
    for question in questions:
        assert find_problems(question, now, LIMITS) == ()
        oracle = Oracle(question, known, now)
        truth = oracle.truth()
        try:
            answer = told(await aggregation.ask(question, TenantBounds(organization)))
        except InvalidInputError as refusal:
            assert truth.truncated and oracle.fills(), refusal  # noqa: PT017, PT018
            continue
        assert not (truth.truncated and oracle.fills())
        assert answer.truncated is truth.truncated
        differ("totals", truth.totals, answer.totals, question)
        differ("others", truth.others, answer.others, question)
        differ("rows", truth.rows, answer.rows, question)


def differ(what: str, truth: Any, answer: Any, question: AggregationQuery) -> None:
    """Say where an answer is wrong."""
    assert same(truth, answer), f"{what} of {question}\ntruth:  {truth}\nanswer: {answer}"

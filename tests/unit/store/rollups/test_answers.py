"""A rollup's answer is the records' answer: beyond the fold, fresh, merged by hour and by day, and late."""

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.aggregation.checks import ResultLimits, find_problems
from store.aggregation.engine import Aggregation
from store.aggregation.queries import AggregationQuery
from store.aggregation.results import RAW
from store.auth.access import TenantBounds
from store.database import Database
from store.errors import InvalidInputError
from store.rollups.merging import merge_day, merge_hour
from store.rollups.planner import RollupPlanner
from store.rollups.state import RollupStates
from store.time_buckets import DAY, start_of_day, start_of_hour
from tests.unit.store.aggregation.oracle import told
from tests.unit.store.rollups.loads import NOW, agree, asked, operations, record
from tests.unit.store.rows import Row

numbers = count(1)
LIMITS = ResultLimits(rows=2_000, buckets=2_000)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[list[Row]], list[AggregationQuery]]:
    """Operations in some flushes, and questions about them."""
    rows = draw(st.lists(operations(), max_size=16, unique_by=lambda row: row["id"]))
    size = draw(st.integers(1, 16))
    flushes = [rows[at : at + size] for at in range(0, len(rows), size)]
    return flushes, draw(st.lists(asked(), min_size=1, max_size=6))


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cases())
async def test_a_rollup_answers_as_the_records_do(
    database: Database, case: tuple[list[list[Row]], list[AggregationQuery]]
) -> None:
    flushes, questions = case
    organization = f"acme-{next(numbers)}"
    aggregation = Aggregation(
        database, lambda: NOW, LIMITS, RollupPlanner(RollupStates(database, lambda: NOW))
    )
    for number, rows in enumerate(flushes):
        # Every third flush is beyond the fold until the next one is recorded.
        ours = [row | {"organization_id": organization} for row in rows]
        await record(database, ours, fold=number % 3 != 1)
        if number % 2:
            await merge_everything(database)
        for question in questions:
            await compare(aggregation, question, organization)


async def merge_everything(database: Database) -> None:
    """Merge the present hour, and all days before: what comes after is late for them."""
    async with database.rewrite() as connection:
        await merge_hour(connection, database.dialect, start_of_hour(NOW))
    for back in range(1, 5):
        async with database.rewrite() as connection:
            day = start_of_day(NOW) - back * DAY
            await merge_day(connection, database.dialect, day)


async def compare(aggregation: Aggregation, question: AggregationQuery, organization: str) -> None:
    """Ask with and without rollups."""
    assert find_problems(question, NOW, LIMITS) == ()
    bounds = TenantBounds(organization)
    try:
        raw = await aggregation.ask(question, bounds, rollups=False)
    except InvalidInputError:
        return
    rolled = await aggregation.ask(question, bounds)
    assert raw.coverage.source == RAW
    one, other = told(raw), told(rolled)
    assert agree(question, one, other), f"{question}\nrecords: {one}\nrollup:  {other}"

"""Few records of all organizations are found by their key where that is faster, and all of them are."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from models import Operation, table_of
from store.aggregation.checks import ResultLimits
from store.aggregation.engine import Aggregation
from store.aggregation.measures import COUNT
from store.aggregation.queries import AggregationQuery, ComparisonPeriod
from store.aggregation.sources import OPERATIONS, REQUESTS
from store.auth.access import UNRESTRICTED, TenantBounds
from store.database import Database
from store.query.filters import AllOf, Compare, ComparisonOperator
from store.query.per_organization import MAX_ORGANIZATIONS
from tests.unit.store.rows import Row, insert, v7_at

TABLE = table_of(Operation)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def records(organizations: int) -> list[Row]:
    """An operation of each organization in each of the last three hours, and long before."""
    rows = []
    for n in range(organizations):
        for i, ago in enumerate((HOUR / 2, HOUR * 1.5, HOUR * 2.5, timedelta(days=90))):
            row: Row = dict.fromkeys(column.name for column in TABLE.columns)
            at = NOON - ago
            row |= {"id": v7_at(at, n * 10 + i), "organization_id": f"o{n}", "name": "n",
                    "occurred_at": at, "recorded_at": at, "kind": "API", "outcome": "OK"}  # fmt: skip
            rows.append(row)
    return rows


async def asked(
    database: Database, question: AggregationQuery, bounds: TenantBounds = UNRESTRICTED
) -> tuple[int | float | None, list[str]]:
    """The count of all rows, and the statements that it took."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        del connection, cursor, rest
        if "FROM " in statement:
            sent.append(re.sub(r"\s+", " ", statement))

    dialect = database.dialect
    engines = {
        engine.sync_engine
        for engine in (dialect.connections.read_engine, dialect.connections.aggregation_engine)
    }
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await Aggregation(database, lambda: NOON, ResultLimits()).ask(question, bounds)
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    assert answer.rows
    return answer.value(answer.rows[0], COUNT), sent


def of(since: datetime | None, until: datetime | None = None, **beside: object) -> AggregationQuery:
    """How many in a span."""
    parts = [Compare("occurred_at", ComparisonOperator.GTE, since)] if since else []
    parts += [Compare("occurred_at", ComparisonOperator.LT, until)] if until else []
    return AggregationQuery(OPERATIONS, AllOf(tuple(parts)), measures=(COUNT,), **beside)  # type: ignore[arg-type]


BOUND = r"operations\.organization_id IN"


def bindings(sent: Sequence[str]) -> int:
    """How often the records' organizations are named."""
    return len(re.findall(BOUND, sent[-1]))


async def test_a_short_span_is_read_by_organization(database: Database) -> None:
    await insert(database, TABLE, records(3))
    by_key = not database.dialect.partitioned
    count, sent = await asked(database, of(NOON - HOUR))
    assert (count, len(sent), bindings(sent)) == (3, 1 + by_key, 1 * by_key)
    count, sent = await asked(
        database, of(NOON - 3 * HOUR, NOON - HOUR, compare=ComparisonPeriod.PREVIOUS)
    )
    assert (count, len(sent), bindings(sent)) == (6, 1 + by_key, 2 * by_key)


@pytest.mark.parametrize("since", [NOON - timedelta(days=100), None])
async def test_a_long_span_is_read_as_it_lies(database: Database, since: datetime | None) -> None:
    await insert(database, TABLE, records(2))
    count, sent = await asked(database, of(since))
    assert (count, len(sent), bindings(sent)) == (8, 1, 0)


async def test_who_sees_one_organization_names_it_already(database: Database) -> None:
    await insert(database, TABLE, records(2))
    count, sent = await asked(database, of(NOON - HOUR), TenantBounds("o1"))
    assert (count, len(sent), bindings(sent)) == (1, 1, 0)


async def test_many_organizations_are_not_named(database: Database) -> None:
    await insert(database, TABLE, records(MAX_ORGANIZATIONS + 1))
    count, sent = await asked(database, of(NOON - HOUR))
    assert (count, bindings(sent)) == (MAX_ORGANIZATIONS + 1, 0)


async def test_nothing_recorded_is_nothing_found(database: Database) -> None:
    count, _ = await asked(database, of(NOON - HOUR))
    assert count == 0


async def test_other_keys_do_not_begin_with_the_time(database: Database) -> None:
    where = Compare("created_at", ComparisonOperator.GTE, NOON - HOUR)
    _, sent = await asked(database, AggregationQuery(REQUESTS, where, measures=(COUNT,)))
    assert len(sent) == 1

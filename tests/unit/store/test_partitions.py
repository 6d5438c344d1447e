"""Monthly partitions: named, made ahead and on demand, once; nothing of it where there are none."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from models import Base, Operation, OperationText, Request, table_of
from models.enums import OperationKind
from schema.operation_inputs import OperationInput
from store.auth.access import TenantBounds, open_principal
from store.database import ContentionError, Database
from store.ids import first_id_at, instant_of
from store.maintenance.partitions import (
    Partitions,
    month_of,
    partition_of,
    partitioned_tables,
    start_of,
)
from store.maintenance.settings import MaintenanceSettings
from store.query.records import RecordQuery
from store.store import Store
from tests.unit.store.conftest import NOON, POOL, SetClock
from tests.unit.store.rows import Row, v7_at

OPERATIONS, TEXTS, REQUESTS = (table_of(model) for model in (Operation, OperationText, Request))
MARCH_2026, APRIL_2026 = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
CHILDREN = """
SELECT inhparent::regclass::text, c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = 'r' ORDER BY 1, 2
"""


@pytest.fixture
def database_url(migrated_database_url: str) -> str:
    """A database without partitions."""
    return migrated_database_url


async def children(database: Database) -> dict[str, tuple[str, str]]:
    """Every partition by its name: of which table, for which values; none where there are none."""
    if not database.dialect.partitioned:
        return {}
    async with database.read() as connection:
        await connection.execute(text("SET timezone = 'UTC'"))
        found = await connection.execute(text(CHILDREN))
        return {child: (parent, bound) for parent, child, bound in found}


def operation(instant: datetime) -> Row:
    """A row of that instant."""
    row = dict.fromkeys(column.name for column in OPERATIONS.columns)
    known = {"organization_id": "acme", "kind": "API", "name": "n", "outcome": "OK"}
    return row | known | {"id": v7_at(instant, 1), "occurred_at": instant, "recorded_at": instant}


async def write(database: Database, *rows: Row) -> None:
    """Insert operations without asking for partitions."""
    async with database.write() as connection:
        await database.dialect.rows.bulk_insert(
            connection, OPERATIONS, [tuple(row[c.name] for c in OPERATIONS.columns) for row in rows]
        )


def test_what_is_partitioned() -> None:
    assert {table.name for table in partitioned_tables()} == {
        "operations",
        "operation_texts",
        "requests",
        "request_stages",
        "stage_attempts",
        "request_events",
    }
    for table in partitioned_tables():
        assert partition_of(table).column in table.primary_key.columns


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_every_instant_lies_in_its_month(instant: datetime) -> None:
    month = month_of(instant)
    start, end = start_of(month), start_of(month + 1)
    assert start <= instant < end
    assert month_of(start) == month == month_of(end - timedelta(microseconds=1))
    assert (start.day, start.hour) == (1, 0)


async def test_a_partition_is_made_on_demand_and_holds_its_month(database: Database) -> None:
    partitions = Partitions(database.dialect, SetClock())
    month = month_of(MARCH_2026)
    await partitions.ensure([(OPERATIONS, month), (REQUESTS, month)])
    if database.dialect.partitioned:
        assert await children(database) == {
            "operations_p202603": (
                "operations",
                "FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00')",
            ),
            "requests_p202603": (
                "requests",
                f"FOR VALUES FROM ('{first_id_at(MARCH_2026)}') TO ('{first_id_at(APRIL_2026)}')",
            ),
        }
    first, last = MARCH_2026, APRIL_2026 - timedelta(microseconds=1)
    await write(database, operation(first), operation(last))
    async with database.read() as connection:
        found = await connection.execute(select(OPERATIONS.c.occurred_at).order_by(text("1")))
        assert list(found.scalars()) == [first, last]


async def test_a_partition_has_the_keys_and_indexes_of_its_table(database: Database) -> None:
    await Partitions(database.dialect, SetClock()).ensure([(OPERATIONS, month_of(MARCH_2026))])
    if not database.dialect.partitioned:
        return
    statement = "SELECT tablename FROM pg_indexes WHERE tablename LIKE 'operations%'"
    async with database.read() as connection:
        counts = Counter((await connection.execute(text(statement))).scalars())
    assert counts["operations_p202603"] == counts["operations"] == 1 + len(OPERATIONS.indexes)


async def test_a_month_without_a_partition_takes_nothing(database: Database) -> None:
    if not database.dialect.partitioned:
        return
    with pytest.raises(ContentionError):  # the same write may succeed once the partition is made
        await write(database, operation(MARCH_2026))


async def test_to_make_it_again_changes_nothing(database: Database) -> None:
    wanted = [(table, month_of(MARCH_2026)) for table in partitioned_tables()]
    await Partitions(database.dialect, SetClock()).ensure(wanted)
    before = await children(database)
    again = Partitions(database.dialect, SetClock())
    await again.ensure([*wanted, *wanted])
    await again.ensure(wanted)
    again.forget()
    await again.ensure(wanted)
    assert await children(database) == before
    assert len(before) == (len(wanted) if database.dialect.partitioned else 0)


async def test_servers_that_make_the_same_one_at_once(
    database: Database, database_url: str
) -> None:
    others = [Database(database_url, POOL) for _ in range(3)]
    wanted = [(table, month_of(MARCH_2026)) for table in partitioned_tables()]
    try:
        await asyncio.gather(
            *(
                Partitions(each.dialect, SetClock()).ensure(reversed(wanted) if n % 2 else wanted)
                for n, each in enumerate((database, *others))
            )
        )
    finally:
        for other in others:
            await other.close()
    assert len(await children(database)) == (len(wanted) if database.dialect.partitioned else 0)


async def test_partitions_are_made_while_writers_write(database: Database) -> None:
    partitions = Partitions(database.dialect, SetClock())
    await partitions.ensure([(OPERATIONS, month_of(NOON))])
    async with database.write() as connection:
        row = operation(NOON)
        await database.dialect.rows.bulk_insert(
            connection, OPERATIONS, [tuple(row[c.name] for c in OPERATIONS.columns)]
        )
        if database.dialect.partitioned:  # its lock does not wait for the open transaction
            await asyncio.wait_for(partitions.ensure([(OPERATIONS, month_of(MARCH_2026))]), 5)


async def test_this_month_and_the_next_ones_are_made_ahead(
    database: Database, clock: SetClock
) -> None:
    partitions = Partitions(database.dialect, clock, MaintenanceSettings(partitions_ahead=2))
    clock.now = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    await partitions.ensure_ahead()
    tables = [table.name for table in partitioned_tables()]
    expected = {f"{name}_p{month}" for name in tables for month in ("202611", "202612", "202701")}
    assert set(await children(database)) == (expected if database.dialect.partitioned else set())
    clock.move(minutes=1)
    await partitions.ensure_ahead()
    expected |= {f"{name}_p202702" for name in tables}
    assert set(await children(database)) == (expected if database.dialect.partitioned else set())


async def test_a_month_that_was_dropped_is_made_again_once_it_is_forgotten(
    database: Database,
) -> None:
    if not database.dialect.partitioned:
        return
    partitions = Partitions(database.dialect, SetClock())
    wanted = [(OPERATIONS, month_of(MARCH_2026))]
    await partitions.ensure(wanted)
    async with database.write() as connection:
        await connection.execute(text("DROP TABLE operations_p202603"))
    await partitions.ensure(wanted)
    assert await children(database) == {}, "it was known to be there"
    partitions.forget()
    await partitions.ensure(wanted)
    assert list(await children(database)) == ["operations_p202603"]
    await write(database, operation(MARCH_2026))


async def test_the_writer_makes_a_month_again_that_somebody_dropped(store: Store) -> None:
    ingest_session = store.ingest_session(open_principal("acme"))
    call = OperationInput(kind=OperationKind.API, name="n", occurred_at=MARCH_2026)
    for _ in range(2):
        await store.write_one(ingest_session.operation(call))
        if store.database.dialect.partitioned:
            async with store.database.write() as connection:
                await connection.execute(text("DROP TABLE operations_p202603"))
    await store.write_one(ingest_session.operation(call))
    found = await store.operations.count(TenantBounds(), RecordQuery())
    assert found == (1 if store.database.dialect.partitioned else 3)


def test_the_bounds_of_ids_are_those_of_the_month() -> None:
    low, high = first_id_at(MARCH_2026), first_id_at(APRIL_2026)
    assert low <= v7_at(MARCH_2026, 0) < high
    assert low < v7_at(APRIL_2026 - timedelta(milliseconds=1), 2**62 - 1) < high
    assert instant_of(high) == APRIL_2026


def test_every_partitioned_table_is_in_the_metadata_once() -> None:
    tables = partitioned_tables()
    assert len(set(tables)) == len(tables)
    assert set(tables) <= set(Base.metadata.tables.values())

"""Both ways to insert rows write the same, whatever the columns hold, and it comes back as it was."""

from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, UniqueConstraint, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Base, LimitUsage, Operation, RequestEvent, RollupFold, table_of
from models.feeds import FEED_POSITION
from models.partitions import INFO_KEY
from store.database import Database
from store.dialects import DuplicateKeysError
from store.dialects.postgresql import copy
from store.maintenance.partitions import Partitions, month_of
from tests.unit.store.rows import MONTH, Row, insert, key_of, plain, rows_of, tuples, v7_at

# Rows of rollups have no key, the row of a fold is written by an upsert alone: they have tests of their own.
TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if len(table.primary_key.columns) and table.name != table_of(RollupFold).name
]
numbers = count()
in_one_database = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def database(database: Database) -> Database:
    """With the partitions of the month that generated rows lie in."""
    months = Partitions(database.dialect, lambda: MONTH)
    await months.ensure((t, month_of(MONTH)) for t in TABLES if INFO_KEY in t.info)
    return database


async def stored(connection: AsyncConnection, table: Table) -> tuple[list[Row], list[Any]]:
    """The rows as the store reads them, and as the database says them."""
    key = list(table.primary_key.columns)
    columns = [column for column in table.columns if column.name != FEED_POSITION]
    rows = (await connection.execute(select(*columns).order_by(*key))).mappings()
    raw = await connection.execute(text(raw_statement(connection, table)))
    return [dict(row) for row in rows], [tuple(row) for row in raw]


def raw_statement(connection: AsyncConnection, table: Table) -> str:
    """Reads what is stored, past every conversion of ours."""
    key = ", ".join(column.name for column in table.primary_key.columns)
    if connection.dialect.name == "postgresql":
        own = ", ".join(f'"{c.name}"' for c in table.columns if c.name != FEED_POSITION)
        return f"SELECT row({own})::text FROM {table.name} ORDER BY {key}"  # noqa: S608  our own names
    names = ", ".join(
        f"typeof({c.name}), {c.name}" for c in table.columns if c.name != FEED_POSITION
    )
    return f"SELECT {names} FROM {table.name} ORDER BY {key}"  # noqa: S608  our own names


@settings(in_one_database, max_examples=10 * len(TABLES))
@given(table=st.sampled_from(TABLES), data=st.data())
async def test_both_ways_write_the_same(
    database: Database, table: Table, data: st.DataObject
) -> None:
    lists = st.lists(rows_of(table), min_size=1, max_size=4, unique_by=lambda r: key_of(table, r))
    rows = data.draw(lists.filter(lambda rows: not clash(table, rows)))
    dialect = database.dialect
    async with database.write() as connection:
        bulk = await connection.begin_nested()
        await dialect.rows.bulk_insert(connection, table, tuples(table, rows))
        by_bulk = await stored(connection, table)
        await bulk.rollback()
        plainly = await connection.begin_nested()
        with patch.object(copy, "SUPPORTS_RAW_INSTANTS", False):
            await dialect.rows.bulk_insert(connection, table, tuples(table, rows))
        by_plain_bulk = await stored(connection, table)
        await plainly.rollback()
        single = await connection.begin_nested()
        keys = await dialect.rows.insert_ignoring_duplicates(connection, table, tuples(table, rows))
        by_insert = await stored(connection, table)
        await single.rollback()
        upsert = await connection.begin_nested()
        await dialect.rows.upsert(connection, table, rows)
        by_upsert = await stored(connection, table)
        await upsert.rollback()
    assert by_bulk == by_plain_bulk == by_insert == by_upsert
    assert {plain_key(key) for key in keys} == {plain_key(key_of(table, row)) for row in rows}
    found = {plain_key(key_of(table, row)): row for row in by_bulk[0]}
    for row in rows:
        back = found[plain_key(key_of(table, row))]
        assert {n: plain(v) for n, v in back.items()} == {
            n: plain(v) for n, v in row.items() if n != FEED_POSITION
        }


def test_the_quick_way_to_copy_is_taken() -> None:
    assert copy.SUPPORTS_RAW_INSTANTS, (
        "the driver's inside has changed: see store/dialects/postgresql/copy.py"
    )


def plain_key(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """A key that tells equal instants in two zones as equal."""
    return tuple(plain(value) for value in key)


def clash(table: Table, rows: list[Row]) -> bool:
    """Whether two rows have the same unique columns, or the same key in two zones."""
    if len({plain_key(key_of(table, row)) for row in rows}) < len(rows):
        return True
    names = {
        tuple(column.name for column in constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    }
    return any(len({tuple(row[n] for n in some) for row in rows}) < len(rows) for some in names)


@in_one_database
@given(data=st.data())
async def test_only_new_rows_are_inserted(database: Database, data: st.DataObject) -> None:
    table, dialect = table_of(Operation), database.dialect
    owner = st.just(f"acme-{next(numbers)}")
    rows = data.draw(
        st.lists(
            rows_of(table, organization_id=owner),
            min_size=1,
            max_size=6,
            unique_by=lambda row: key_of(table, row),
        )
    )
    old = rows[: data.draw(st.integers(0, len(rows)))]
    if old:
        await insert(database, table, old)
    changed = [row | {"name": "another"} for row in rows]
    async with database.write() as connection:
        inserted = await dialect.rows.insert_new(connection, table, tuples(table, changed))
    new = {key_of(table, row) for row in rows[len(old) :]}
    assert inserted == (new if old else None), "None says: all of them"
    mine = select(table).where(table.c.organization_id == rows[0]["organization_id"])
    async with database.read() as connection:
        found = (await connection.execute(mine)).mappings()
        names = {key_of(table, dict(row)): row["name"] for row in found}
    assert names == {
        key_of(table, row): "another" if key_of(table, row) in new else row["name"] for row in rows
    }


async def test_nothing_of_a_bulk_with_a_duplicate_stays(database: Database) -> None:
    table = table_of(LimitUsage)
    one, other = [
        {
            "organization_id": "acme", "limit_id": id, "period_start": MONTH, "used": 1, "uncertain": 0,
            "updated_at": MONTH,
        }
        for id in (v7_at(MONTH, 1), v7_at(MONTH, 2))
    ]  # fmt: skip
    await insert(database, table, [other])
    async with database.write() as connection:
        savepoint = await connection.begin_nested()
        with pytest.raises(DuplicateKeysError):
            await database.dialect.rows.bulk_insert(connection, table, tuples(table, [one, other]))
        await savepoint.rollback()
        count = len((await connection.execute(select(table))).all())
    assert count == 1


async def test_nothing_to_insert(database: Database) -> None:
    table, dialect = table_of(Operation), database.dialect
    async with database.write() as connection:
        await dialect.rows.bulk_insert(connection, table, [])
        assert await dialect.rows.insert_new(connection, table, []) is None
        assert await dialect.rows.insert_ignoring_duplicates(connection, table, []) == set()
        await dialect.rows.upsert(connection, table, [])


async def test_a_thousand_rows_and_more_in_one_statement(database: Database) -> None:
    table = table_of(RequestEvent)
    row = {
        "organization_id": "acme", "request_id": v7_at(MONTH, 7), "type": "cache.missed", "severity": "INFO",
        "stage": None, "attempt": None, "message": None, "data": None, "occurred_at": MONTH,
        "recorded_at": MONTH,
    }  # fmt: skip
    rows = [row | {"seq": n, "id": v7_at(MONTH, n)} for n in range(1, 2_502)]
    await insert(database, table, rows[::2])
    async with database.write() as connection:
        inserted = await database.dialect.rows.insert_new(connection, table, tuples(table, rows))
    assert inserted == {("acme", row["request_id"], row["seq"]) for row in rows[1::2]}

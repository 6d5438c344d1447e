"""Rows past SQLAlchemy's own hold the same values, whatever the columns of a table hold."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select

from models import Base
from models.partitions import INFO_KEY
from store.database import Database
from store.dialects import FetchedColumns
from store.maintenance.partitions import Partitions, month_of
from store.query.paging import Page
from tests.unit.store.rows import MONTH, key_of, rows_of, tuples

TABLES = [table for table in Base.metadata.sorted_tables if table.primary_key.columns]


@pytest.fixture
async def database(database: Database) -> Database:
    """With the partitions of the month that generated rows lie in."""
    months = Partitions(database.dialect, lambda: MONTH)
    await months.ensure((t, month_of(MONTH)) for t in TABLES if INFO_KEY in t.info)
    return database


@settings(
    max_examples=5 * len(TABLES),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=st.sampled_from(TABLES), data=st.data())
async def test_the_values_of_every_column(
    database: Database, table: Table, data: st.DataObject
) -> None:
    lists = st.lists(rows_of(table), max_size=3, unique_by=lambda row: key_of(table, row))
    statement = select(table).order_by(*table.primary_key.columns)
    async with database.write() as connection:
        savepoint = await connection.begin_nested()
        await database.dialect.rows.insert_ignoring_duplicates(
            connection, table, tuples(table, data.draw(lists))
        )
        usual = [dict(row) for row in (await connection.execute(statement)).mappings()]
        columns = list(table.columns)
        fetched = await database.dialect.rows.fetch(connection, statement, columns)
        await savepoint.rollback()
    rows = Page(fetched.head(9), False, False).rows
    assert list(map(described, rows)) == list(map(described, usual))


def described(row: object) -> str:
    """A row with the classes of its values and the zones of its instants."""
    return repr(row)


def test_the_head_of_rows_and_of_none() -> None:
    fetched = FetchedColumns(["a", "b"], [None, str], [(1, 2), (3, 4), (5, 6)])
    assert len(fetched) == 3
    assert {n: list(c) for n, c in fetched.head(2).items()} == {"a": [1, 3], "b": ["2", "4"]}
    assert list(fetched.head(2, reverse=True)["a"]) == [3, 1]
    for nothing in (fetched.head(0), FetchedColumns(["a", "b"], [None, str], []).head(5)):
        assert {n: list(c) for n, c in nothing.items()} == {"a": [], "b": []}


def test_rows_apart_by_a_key() -> None:
    fetched = FetchedColumns(["a", "b"], [str, None], [(1, 2), (3, 4), (1, 6)])
    apart = {key: list(found.head(9)["b"]) for key, found in fetched.by(["a"]).items()}
    assert apart == {("1",): [2, 6], ("3",): [4]}


def test_a_page_of_nothing() -> None:
    for page in (Page({}, False, False), Page({"a": ()}, False, False)):
        assert (len(page), page.rows, page.cursors) == (0, [], [])

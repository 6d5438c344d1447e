"""Filters say the same on both databases as in plain Python, for any operations and any tree."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Operation, table_of
from store.auth.access import TenantBounds
from store.database import Database
from store.errors import InvalidInputError
from store.operations.sources import OPERATIONS
from store.query.filters import (
    MAX_CONDITIONS,
    MAX_EXPANDED_VALUES,
    MAX_FILTER_VALUES,
    MAX_VALUES,
    AllOf,
    AnyOf,
    Compare,
    CompareAttribute,
    Condition,
    Not,
)
from store.query.filters import (
    ComparisonOperator as Op,
)
from store.query.paging import PageRequest, PageSize
from store.query.records import RecordQuery, Records
from tests.unit.store.filter_oracle import (
    ATTRIBUTES,
    FIELDS,
    STORED_WORDS,
    TEXT_FIELDS,
    matches,
    trees,
)
from tests.unit.store.rows import MONTH, Row, insert, v7_at

TABLE = table_of(Operation)
numbers = count(1)
in_one_database = settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def operations(draw: st.DrawFn) -> Row:
    """An operation with a value or null in every column that filters know."""
    row: Row = dict.fromkeys(column.name for column in TABLE.columns)
    row["id"] = v7_at(MONTH, draw(st.integers(0, 2**62 - 1)))
    for name, values in FIELDS.items():
        held = STORED_WORDS if name in TEXT_FIELDS else values
        row[name] = draw(st.none() | held if TABLE.columns[name].nullable else held)
    row["attributes"] = draw(st.none() | ATTRIBUTES)
    return row


async def insert_all(database: Database, rows: Sequence[Row]) -> TenantBounds:
    """Insert the rows for an organization of their own, numbered by batch_size."""
    organization = f"acme-{next(numbers)}"
    made = [row | {"organization_id": organization, "batch_size": i} for i, row in enumerate(rows)]
    await insert(database, TABLE, made)
    return TenantBounds(organization)


async def found(database: Database, bounds: TenantBounds, where: Condition) -> set[int]:
    """The numbers of the rows that a filter finds."""
    records = Records(database, OPERATIONS, PageSize())
    question = RecordQuery(where)
    page = await records.list_page(bounds, question, PageRequest())
    assert await records.count(bounds, question) == len(page.rows)
    return {row["batch_size"] for row in page.rows}


@in_one_database
@given(
    rows=st.lists(operations(), max_size=6, unique_by=lambda row: row["id"]),
    filters=st.lists(trees(), min_size=1, max_size=6),
)
async def test_any_filter_finds_what_the_oracle_finds(
    database: Database, rows: list[Row], filters: list[Condition]
) -> None:
    bounds = await insert_all(database, rows)
    for where in filters:
        told = {i for i, row in enumerate(rows) if matches(where, row)}
        assert await found(database, bounds, where) == told


NEVER = Not(Compare("route", Op.IN, [f"none {n}" for n in range(MAX_EXPANDED_VALUES + 1)]))
"""Holds for every row, and makes a filter so long that each list in it is one parameter."""


@settings(in_one_database, max_examples=15)
@given(
    rows=st.lists(operations(), max_size=6, unique_by=lambda row: row["id"]),
    filters=st.lists(trees(), min_size=1, max_size=6),
)
async def test_a_long_filter_finds_what_the_oracle_finds(
    database: Database, rows: list[Row], filters: list[Condition]
) -> None:
    bounds = await insert_all(database, rows)
    for where in filters:
        told = {i for i, row in enumerate(rows) if matches(where, row)}
        assert await found(database, bounds, AllOf((NEVER, where))) == told


async def test_lists_in_attributes_are_as_long_as_others(database: Database) -> None:
    rows = texts("a", "b", "c", "d")
    values: list[Any] = ["ж", 7, 0.1, True]
    rows = [row | {"attributes": {"k": value}} for row, value in zip(rows, values, strict=True)]
    bounds = await insert_all(database, rows)
    others = (
        [f"none {n}" for n in range(400)] + list(range(100, 500)) + [n + 0.3 for n in range(196)]
    )
    for length in (MAX_EXPANDED_VALUES - 4, len(others)):
        where = CompareAttribute("attributes", ("k",), Op.IN, [*others[-length:], *values])
        assert await found(database, bounds, where) == {0, 1, 2, 3}
        where = CompareAttribute("attributes", ("k",), Op.IN, [*others[-length:], "ж", 0.1])
        assert await found(database, bounds, where) == {0, 2}


def texts(*values: str | None) -> list[Row]:
    """Operations that differ in their error text."""
    row: Row = dict.fromkeys(column.name for column in TABLE.columns)
    row |= {"occurred_at": MONTH, "recorded_at": MONTH, "kind": "API", "name": "n", "outcome": "OK"}
    return [row | {"id": v7_at(MONTH, i), "error": value} for i, value in enumerate(values)]


TEXT_COMPARISONS: list[tuple[Op, Any, set[int]]] = [
    (Op.CONTAINS, "%", {1}),
    (Op.CONTAINS, "_", {2}),
    (Op.CONTAINS, "x", {0, 5}),
    (Op.CONTAINS, "", {0, 1, 2, 3, 4, 5}),
    (Op.STARTS_WITH, "a%", {1}),
    (Op.STARTS_WITH, "a_", {2}),
    (Op.STARTS_WITH, "A", {4}),
    (Op.STARTS_WITH, "😀", {5}),
    (Op.STARTS_WITH, "", {0, 1, 2, 3, 4, 5}),
    (Op.EQ, "a%b", {1}),
    (Op.EQ, "a\0b", {3}),
    (Op.EQ, "a\ud800b", {3}),
    (Op.CONTAINS, "\udfff", {3}),
    (Op.NE, "axb", {1, 2, 3, 4, 5, 6}),
    (Op.NOT_IN, ["axb", "a%b"], {2, 3, 4, 5, 6}),
    (Op.NOT_IN, [], {0, 1, 2, 3, 4, 5, 6}),
    (Op.IN, [], set()),
    (Op.IN, ["axb", "a\0b"], {0, 3}),
    (Op.GT, "a%b", {0, 2, 3, 5}),
    (Op.GTE, "axb", {0, 3, 5}),
    (Op.LT, "a", {4}),
    (Op.LTE, "a\ufffdb", {0, 1, 2, 3, 4}),
    (Op.IS_NULL, True, {6}),
    (Op.IS_NULL, False, {0, 1, 2, 3, 4, 5}),
]


async def test_texts_are_compared_as_they_are(database: Database) -> None:
    stored = ("axb", "a%b", "a_b", "a\ufffdb", "AXB", "😀x", None)
    bounds = await insert_all(database, texts(*stored))
    for op, value, hits in TEXT_COMPARISONS:
        where = Compare("error", op, value)
        assert await found(database, bounds, where) == hits, where
        assert await found(database, bounds, Not(where)) == set(range(7)) - hits, where


async def test_empty_trees(database: Database) -> None:
    bounds = await insert_all(database, texts("a", None))
    assert await found(database, bounds, AllOf(())) == {0, 1}
    assert await found(database, bounds, AnyOf(())) == set()
    assert await found(database, bounds, Not(AllOf(()))) == set()
    assert await found(database, bounds, Not(AnyOf(()))) == {0, 1}


EQUAL = Compare("name", Op.EQ, "n")


REFUSED: list[tuple[Condition, str]] = [
    (AllOf((EQUAL,) * (MAX_CONDITIONS + 1)), "more than 200 comparisons"),
    (Compare("name", Op.IN, ["n"] * (MAX_VALUES + 1)), "must not hold more than 1,000 values"),
    (
        AnyOf((Compare("name", Op.IN, ["n"] * MAX_VALUES),) * 10 + (EQUAL,)),
        "must not hold more than 10,000 values",
    ),
    (CompareAttribute("attributes", ("a",), Op.EQ, {"b": 1}), "Name the path inside the object"),
    (CompareAttribute("attributes", ("a",), Op.IN, [1, [2]]), "Name the path inside the object"),
    (CompareAttribute("attributes", ("a",), Op.EQ, 2**63), "with 64-bit integers"),
    (CompareAttribute("attributes", ("a",), Op.IN, [-(2**63) - 1]), "with 64-bit integers"),
    (CompareAttribute("attributes", ("a", 'b"'), Op.EQ, 1), "quotation mark"),
]  # fmt: skip


async def test_what_asks_for_too_much_is_refused(database: Database) -> None:
    for where, said in REFUSED:
        with pytest.raises(InvalidInputError, match=said):
            await found(database, TenantBounds("acme"), where)


async def test_as_much_as_may_be_asked(database: Database) -> None:
    bounds = await insert_all(database, texts("a"))
    values = [str(n) for n in range(MAX_VALUES - 1)] + ["n"]
    where = AllOf((*(EQUAL,) * (MAX_CONDITIONS - 1), Compare("name", Op.IN, values)))
    assert await found(database, bounds, where) == {0}
    where = AllOf((Compare("name", Op.IN, values),) * (MAX_FILTER_VALUES // MAX_VALUES))
    assert await found(database, bounds, where) == {0}


async def test_attributes_beyond_ascii_are_found_however_they_were_written(
    database: Database,
) -> None:
    (row,) = texts("a")
    row |= {"attributes": {"Größe": {"ключ": "ж"}}, "organization_id": "acme", "batch_size": 0}
    await insert(database, TABLE, [row])
    other = row | {"id": v7_at(MONTH, 99), "batch_size": 1}
    async with database.write() as connection:
        await database.dialect.rows.insert_ignoring_duplicates(
            connection, TABLE, [tuple(r[c.name] for c in TABLE.columns) for r in (row, other)]
        )
    where = CompareAttribute("attributes", ("Größe", "ключ"), Op.EQ, "ж")
    assert await found(database, TenantBounds("acme"), where) == {0, 1}

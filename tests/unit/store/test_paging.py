"""Pages in every order and both directions: each row exactly once, in the order of the oracle."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cmp_to_key
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, BigInteger, Boolean, Date, Double, Integer, Uuid

from models.feeds import FEED_POSITION
from models.types import CleanText, Instant, SessionKey
from store.auth.access import TenantBounds
from store.database import Database
from store.errors import InvalidInputError
from store.operations.sources import OPERATIONS
from store.query.filters import Compare, ComparisonOperator
from store.query.paging import OrderTerm, Page, PageRequest, PageSize, encode_cursor
from store.query.records import Order, RecordQuery, Records, Source
from store.requests.sources import EVENTS, REQUESTS
from store.sources import INTERACTIONS, SESSIONS
from tests.unit.store.rows import MONTH, Row, insert, v7_at

ROWS = 23
SIZES = PageSize(default=4, maximum=50)
SOURCES = {
    "operations": OPERATIONS,
    "requests": REQUESTS,
    "events": EVENTS,
    "sessions": SESSIONS,
    "interactions": INTERACTIONS,
}
Choose = Callable[[random.Random], Any]
FILLED: tuple[tuple[type[Any], Choose], ...] = (
    (Instant, lambda dice: MONTH + timedelta(microseconds=dice.choice([0, 1, 999, 10**9]))),
    (Uuid, lambda dice: v7_at(MONTH, dice.randrange(8))),
    (Date, lambda dice: date(2026, dice.randint(9, 11), 1)),
    (Double, lambda dice: dice.choice([0.0, 0.1, 0.5, 1.0, -1.5, 1e-300, 1e300])),
    (BigInteger, lambda dice: dice.choice([0, 1, 2, 3, -(2**63), 2**63 - 1])),
    (Integer, lambda dice: dice.choice([0, 1, 2])),
    (SessionKey, lambda dice: f"s-{dice.randrange(8)}"),
    (CleanText, lambda dice: dice.choice(["acme", "globex", "initech"])),
    (Boolean, lambda dice: dice.random() < 0.5),
    (JSON, lambda _: {}),
)


class Filled(NamedTuple):
    """A source and the rows that its table holds."""

    records: Records
    rows: list[Row]


def random_rows(source: Source, dice: random.Random) -> list[Row]:
    """Rows from few values, so that most orders have ties and nulls."""
    found: dict[tuple[Any, ...], Row] = {}
    while len(found) < ROWS:
        row: Row = {}
        for column in source.table.columns:
            fill = next(fill for kind, fill in FILLED if isinstance(column.type, kind))
            null = column.nullable and (dice.random() < 0.4 or column.name == FEED_POSITION)
            row[column.name] = None if null else fill(dice)
        key = tuple(row[column.name] for column in source.table.primary_key.columns)
        found[key] = row
    return list(found.values())


@pytest.fixture(params=SOURCES)
async def filled(request: pytest.FixtureRequest, database: Database) -> Filled:
    """A source with rows in its table."""
    source = SOURCES[request.param]
    rows = random_rows(source, random.Random(request.param))
    if source is EVENTS:
        for number, row in enumerate(rows):
            row["id"] = UUID(int=number)
    await insert(database, source.table, rows)
    return Filled(Records(database, source, SIZES), rows)


def in_order(rows: list[Row], terms: list[OrderTerm]) -> list[Row]:
    """The oracle: nulls last whichever way the order runs."""

    def compare(one: Row, other: Row) -> int:
        for term in terms:
            a, b = one[term.name], other[term.name]
            if a == b:
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            return (1 if a > b else -1) * (-1 if term.descending else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def orders_of(source: Source) -> list[tuple[Order, ...]]:
    """No order, each field both ways, and a few pairs of fields."""
    names = sorted(source.orders)
    pairs = list(product(names[:3], names[-2:], (False, True), (False, True)))
    return [
        (),
        *((Order(name, way),) for name, way in product(names, (False, True))),
        *((Order(a, x), Order(b, y)) for a, b, x, y in pairs if a != b),
    ]


def plain(page: Page) -> list[Row]:
    """The rows of a page as dictionaries, as they were sent."""
    return [{**row, **({FEED_POSITION: None} if FEED_POSITION in row else {})} for row in page.rows]


async def walk(records: Records, order: tuple[Order, ...], *, backward: bool) -> list[Row]:
    """All pages from one end to the other, in the order asked."""
    found: list[Row] = []
    cursor: str | None = None
    for number in range(ROWS):
        request = PageRequest(last=5, before=cursor) if backward else PageRequest(5, cursor)
        page = await records.list_page(TenantBounds(), RecordQuery(order=order), request)
        ahead, behind = page.has_next, page.has_previous
        if backward:
            ahead, behind = behind, ahead
            found = plain(page) + found
            cursor = page.cursors[0]
        else:
            found += plain(page)
            cursor = page.cursors[-1]
        assert behind == (number > 0)
        assert ahead == (len(found) < ROWS)
        if not ahead:
            break
    return found


async def test_every_row_comes_once_in_every_order_and_both_directions(filled: Filled) -> None:
    records, rows = filled
    for order in orders_of(records.source):
        told = in_order(rows, records.source.terms(order))
        for backward in (False, True):
            assert await walk(records, order, backward=backward) == told, (order, backward)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_any_window(filled: Filled, data: st.DataObject) -> None:
    records, rows = filled
    order = data.draw(st.sampled_from(orders_of(records.source)))
    told = in_order(rows, records.source.terms(order))
    everything = await records.list_page(
        TenantBounds(), RecordQuery(order=order), PageRequest(first=50)
    )
    places = st.none() | st.integers(0, ROWS - 1)
    after, before = data.draw(places), data.draw(places)
    asked = data.draw(st.none() | st.integers(0, 30))
    backward = data.draw(st.booleans()) and asked is not None
    page = await records.list_page(
        TenantBounds(),
        RecordQuery(order=order),
        PageRequest(
            first=None if backward else asked,
            last=asked if backward else None,
            after=None if after is None else everything.cursors[after],
            before=None if before is None else everything.cursors[before],
        ),
    )
    window = told[0 if after is None else after + 1 : before]
    size = SIZES.default if asked is None else asked
    rest = len(window) > size
    kept = window[len(window) - min(size, len(window)) :] if backward else window[:size]
    assert plain(page) == kept
    assert page.cursors == [everything.cursors[told.index(row)] for row in kept]
    assert (page.has_previous if backward else page.has_next) == rest


async def test_a_row_that_comes_between_two_pages_moves_no_other(database: Database) -> None:
    rows = random_rows(OPERATIONS, random.Random(1))
    for number, row in enumerate(rows):
        row |= {"occurred_at": MONTH + timedelta(days=number), "id": v7_at(MONTH, number)}
    await insert(database, OPERATIONS.table, rows[::2])
    records = Records(database, OPERATIONS, SIZES)
    first = await records.list_page(TenantBounds(), RecordQuery(), PageRequest(first=3))
    await insert(database, OPERATIONS.table, rows[1::2])
    second = await records.list_page(
        TenantBounds(), RecordQuery(), PageRequest(50, first.cursors[-1])
    )
    told = in_order(rows, OPERATIONS.terms(()))
    assert plain(second) == told[told.index(plain(first)[-1]) + 1 :]


async def test_filters_and_bounds_hold_on_every_page(database: Database) -> None:
    rows = random_rows(REQUESTS, random.Random(2))
    await insert(database, REQUESTS.table, rows)
    records = Records(database, REQUESTS, SIZES)
    question = RecordQuery(
        Compare("user_id", ComparisonOperator.IS_NULL, False), (Order("progress"),)
    )
    bounds = TenantBounds("acme", workspace_id="globex")
    told = [
        row
        for row in in_order(rows, REQUESTS.terms(question.order))
        if bounds.admits(row) and row["user_id"] is not None
    ]
    found: list[Row] = []
    page = await records.list_page(bounds, question, PageRequest(first=1))
    while page.rows:
        found += plain(page)
        page = await records.list_page(bounds, question, PageRequest(1, page.cursors[-1]))
    assert found == told
    assert await records.count(bounds, question) == len(told)


async def test_each_record_comes_once_however_its_organization_is_named(
    database: Database,
) -> None:
    rows = random_rows(OPERATIONS, random.Random(4))
    organizations = ("acme", "a\N{REPLACEMENT CHARACTER}")
    for number, row in enumerate(rows):
        row.update(id=UUID(int=number), organization_id=organizations[number % 2])
    await insert(database, OPERATIONS.table, rows)
    records = Records(database, OPERATIONS, SIZES)
    acme, repaired = ROWS - ROWS // 2, ROWS // 2
    for names, count in (
        (["acme", "acme"], acme),
        (["a\0", "a\N{REPLACEMENT CHARACTER}", "a\ud800"], repaired),
        (["a\0", "acme", "a\ud800"], acme + repaired),
        (["other"], 0),
    ):
        question = RecordQuery(Compare("organization_id", ComparisonOperator.IN, names))
        page = await records.list_page(TenantBounds(), question, PageRequest(first=50))
        assert len(page) == len({row["id"] for row in page.rows}) == count, names
        assert await records.count(TenantBounds(), question) == count


async def test_cursors_at_the_edges_of_time_are_no_error(database: Database) -> None:
    records = Records(database, OPERATIONS, SIZES)
    terms = OPERATIONS.terms(())
    for instant in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        row = {"occurred_at": instant, "id": UUID(int=2**128 - 1), "organization_id": "\0"}
        page = await records.list_page(
            TenantBounds(), RecordQuery(), PageRequest(after=encode_cursor(terms, row))
        )
        assert page.rows == []


async def test_a_forged_cursor_is_refused(database: Database) -> None:
    records = Records(database, OPERATIONS, SIZES)
    with pytest.raises(InvalidInputError, match="Invalid cursor"):
        await records.list_page(TenantBounds(), RecordQuery(), PageRequest(after="x"))


async def test_the_newest_of_several_is_found(database: Database) -> None:
    rows = random_rows(REQUESTS, random.Random(3))
    for row in rows:
        row["correlation_id"] = "c-1"
    await insert(database, REQUESTS.table, rows)
    records = Records(database, REQUESTS, SIZES)
    mine = [row for row in rows if row["organization_id"] == "acme"]
    newest = max(mine, key=lambda row: row["id"].int)
    assert len(mine) > 1
    for asked in ({"correlation_id": "c-1"}, {"id": newest["id"]}):
        assert dict(await records.find_by(TenantBounds("acme"), asked) or {}) == newest
    assert await records.find_by(TenantBounds("acme"), {"id": UUID(int=0)}) is None
    assert await records.find_by(TenantBounds("umbrella"), {"correlation_id": "c-1"}) is None


@pytest.mark.parametrize("name", SOURCES)
def test_every_order_ends_in_the_whole_key(name: str) -> None:
    source = SOURCES[name]
    key = {column.name for column in source.table.primary_key.columns}
    for order in orders_of(source):
        assert key <= {term.name for term in source.terms(order)}

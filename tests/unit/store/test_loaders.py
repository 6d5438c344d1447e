"""Edges loaded for many records at once: what each gets, in how many statements, within bounds."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from models import Operation, Request, RequestEvent, RequestStage, StageAttempt, table_of
from store.auth.access import TenantBounds
from store.database import Database
from store.errors import InvalidInputError
from store.ids import utc_now
from store.loaders import EMPTY, Loaders
from store.operations.sources import OPERATIONS
from store.query.paging import Page, PageRequest, PageSize, encode_cursor
from store.query.records import Records
from store.requests.history import StageHistory
from store.requests.sources import EVENTS
from tests.unit.store.rows import MONTH, Row, insert, v7_at

SIZES = PageSize(default=3, maximum=20)
OPERATION, REQUEST, EVENT = table_of(Operation), table_of(Request), table_of(RequestEvent)
REQUESTS = [("acme", v7_at(MONTH, n)) for n in range(4)] + [("globex", v7_at(MONTH, 0))]
EVENT_COUNTS = dict(zip(REQUESTS, (0, 1, 3, 9, 4), strict=True))
OPERATION_COUNTS = dict(zip(REQUESTS, (5, 0, 2, 9, 3), strict=True))
# The rest of a key, before and after any other.
FIRST: Row = {"request_id": UUID(int=0), "organization_id": ""}
LAST: Row = {"request_id": UUID(int=2**128 - 1), "organization_id": ""}


def blank(table: Any, **values: Any) -> Row:
    """A row of nulls but for the given values."""
    return dict.fromkeys(column.name for column in table.columns) | values


def event_rows() -> list[Row]:
    """The logs of the requests."""
    base = {"type": "t", "severity": "INFO", "occurred_at": MONTH, "recorded_at": MONTH}
    return [
        blank(EVENT, **base, organization_id=key[0], request_id=key[1], seq=n, id=v7_at(MONTH, n))
        for key, number in EVENT_COUNTS.items()
        for n in range(1, number + 1)
    ]


def operation_rows() -> list[Row]:
    """The operations of the requests; several of one instant, half of them in another workspace."""
    dice = random.Random(5)
    base = {"recorded_at": MONTH, "kind": "API", "name": "n", "outcome": "OK"}
    return [
        blank(
            OPERATION, **base, organization_id=key[0], request_id=key[1], id=v7_at(MONTH, n),
            occurred_at=MONTH + timedelta(seconds=dice.randrange(4)), workspace_id="ab"[n % 2],
        )
        for place, (key, number) in enumerate(OPERATION_COUNTS.items())
        for n in range(10 * place, 10 * place + number)
    ]  # fmt: skip


def request_rows() -> list[Row]:
    """The requests themselves; those of even ids in workspace a."""
    base = {"correlation_id": "c", "type": "t", "status": "RUNNING", "progress": 0.0, "last_seq": 0}
    return [
        blank(
            REQUEST, **base, organization_id=key[0], id=key[1], created_at=MONTH, updated_at=MONTH,
            workspace_id="ab"[key[1].int % 2],
        )
        for key in REQUESTS
    ]  # fmt: skip


@pytest.fixture
async def database(database: Database) -> Database:
    """With requests, their events and their operations."""
    await insert(database, REQUEST, request_rows())
    await insert(database, EVENT, event_rows())
    await insert(database, OPERATION, operation_rows())
    return database


async def no_levels(rows: list[Any]) -> list[Any]:
    """Stands in for limits."""
    return [None for _ in rows]


def loaders(database: Database, bounds: TenantBounds | None = None) -> Loaders:
    """The loaders of one call."""
    return Loaders(
        database, bounds or TenantBounds(), SIZES, no_levels, StageHistory(database, utc_now)
    )


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collects the questions that reads ask."""
    found: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "BEGIN":
            found.append(statement)

    engine = database.dialect.connections.read_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def oracle(rows: list[Row], request: PageRequest, window: slice) -> tuple[list[Row], bool]:
    """The rows of a page, and whether there are more the way it runs."""
    inside = rows[window]
    size = request.size(SIZES)
    kept = inside[len(inside) - min(size, len(inside)) :] if request.backward else inside[:size]
    return kept, len(inside) > size


def plain(page: Page) -> list[Row]:
    """The rows without the rank that a windowed statement adds, and as they were sent."""
    return [sent({k: v for k, v in row.items() if k != "rank_"}) for row in page.rows]


def sent(row: Mapping[str, Any] | None) -> Row:
    """A row without the place in its feed, which the database gives it."""
    return {**(row or {}), **({"feed_position": None} if row and "feed_position" in row else {})}


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_each_request_gets_its_own_page_of_events(
    database: Database, data: st.DataObject
) -> None:
    seqs = st.none() | st.integers(0, 10)
    after, before, size = (data.draw(seqs) for _ in range(3))
    backward = data.draw(st.booleans()) and size is not None
    request = PageRequest(
        first=None if backward else size,
        last=size if backward else None,
        after=None if after is None else cursor_of_event(after, LAST),
        before=None if before is None else cursor_of_event(before, FIRST),
    )
    asked = data.draw(st.lists(st.sampled_from(REQUESTS), unique=True, min_size=1))
    loader = loaders(database).events(request)
    with statements(database) as executed:
        pages = await asyncio.gather(*(loader.load(key) for key in asked))
    assert len(executed) == 1
    for key, page in zip(asked, pages, strict=True):
        log = [row for row in event_rows() if (row["organization_id"], row["request_id"]) == key]
        log = [row for row in log if after is None or row["seq"] > after]
        log = [row for row in log if before is None or row["seq"] < before]
        rows, more = oracle(log, request, slice(None))
        assert plain(page) == rows
        if log:
            assert (page.has_previous if backward else page.has_next) == more


def cursor_of_event(seq: int, rest: Row) -> str:
    """A cursor of that number, good for every request."""
    return encode_cursor(EVENTS.terms(()), rest | {"seq": seq})


async def test_operations_of_many_requests_are_counted_at_once(database: Database) -> None:
    bounds = TenantBounds(workspace_id="a")
    admitted = [row for row in operation_rows() if bounds.admits(row)]
    unknown = ("acme", v7_at(MONTH, 99))
    loader = loaders(database, bounds).operation_count_of("request")
    with statements(database) as executed:
        counts = await asyncio.gather(*(loader.load(key) for key in (*REQUESTS, unknown)))
    assert len(executed) == 1
    assert counts == [
        sum((row["organization_id"], row["request_id"]) == key for row in admitted)
        for key in (*REQUESTS, unknown)
    ]
    assert sum(counts) == len(admitted) > 0


async def test_each_request_gets_its_own_page_of_operations(database: Database) -> None:
    bounds = TenantBounds(workspace_id="a")
    rows = sorted(
        (row for row in operation_rows() if bounds.admits(row)),
        key=lambda row: (row["occurred_at"], row["id"].int, row["organization_id"]),
        reverse=True,
    )
    request = PageRequest(first=2)
    loader = loaders(database, bounds).operations_of("request", request)
    with statements(database) as executed:
        pages = await asyncio.gather(*(loader.load(key) for key in REQUESTS))
    assert len(executed) == 1
    for key, page in zip(REQUESTS, pages, strict=True):
        mine = [row for row in rows if (row["organization_id"], row["request_id"]) == key]
        assert (plain(page), page.has_next) == oracle(mine, request, slice(None))
        if page.has_next:
            following = PageRequest(2, page.cursors[-1])
            second = await loaders(database, bounds).operations_of("request", following).load(key)
            assert (plain(second), second.has_next) == oracle(mine, request, slice(2, None))


async def test_pages_of_the_same_kind_share_a_loader(database: Database) -> None:
    mine = loaders(database)
    assert mine.events(PageRequest(5)) is mine.events(PageRequest(5))
    assert mine.events(PageRequest(5)) is not mine.events(PageRequest(4))
    assert mine.operations_of("request", PageRequest()) is not mine.operations_of(
        "session", PageRequest()
    )


async def test_a_request_without_events_has_an_empty_page(database: Database) -> None:
    assert await loaders(database).events(PageRequest()).load(REQUESTS[0]) == EMPTY


async def test_a_page_that_is_too_large_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInputError, match=r"first must not exceed 20 \(got 21\)"):
        await loaders(database).events(PageRequest(21)).load(REQUESTS[1])


async def test_records_are_loaded_by_key_within_the_bounds(database: Database) -> None:
    keys = [*REQUESTS, ("umbrella", REQUESTS[0][1]), ("acme", UUID(int=0))]
    for bounds in (
        TenantBounds(),
        TenantBounds("acme"),
        TenantBounds("acme", workspace_id="b"),
        TenantBounds("umbrella"),
    ):
        loader = loaders(database, bounds).request
        with statements(database) as executed:
            found = await asyncio.gather(*(loader.load(key) for key in (*keys, *keys)))
        assert len(executed) == 1
        told = {(r["organization_id"], r["id"]): r for r in request_rows() if bounds.admits(r)}
        assert [dict(row) if row else None for row in found] == [told.get(k) for k in keys] * 2


async def test_keys_of_several_columns_keep_their_types(database: Database) -> None:
    row = operation_rows()[0]
    mine = loaders(database)
    key = row["organization_id"], row["occurred_at"], row["id"]
    assert sent(await mine.operation.load(key)) == row
    assert await mine.operation.load((key[0], key[1] + timedelta(microseconds=1), key[2])) is None
    event_row = event_rows()[0]
    key = event_row["organization_id"], event_row["request_id"], event_row["id"]
    assert sent(await mine.event.load(key)) == event_row
    key = event_row["organization_id"], event_row["request_id"], event_row["seq"]
    assert sent(await mine.event_by_seq.load(key)) == event_row


async def test_stages_come_in_the_order_of_the_plan_and_attempts_from_the_first(
    database: Database,
) -> None:
    stages, attempts = table_of(RequestStage), table_of(StageAttempt)
    places = {"organization_id": "acme", "request_id": REQUESTS[0][1], "progress": 0.0}
    plan = {"weight": 1.0, "max_attempts": 3, "attempt": 2, "status": "RUNNING"}
    await insert(
        database,
        stages,
        [
            blank(stages, **places, **plan, name=name, position=position)
            for name, position in (("send", 2), ("fetch", 0), ("draw", 1))
        ],
    )
    tries = [("send", 2), ("fetch", 2), ("send", 1), ("fetch", 1)]
    await insert(
        database,
        attempts,
        [
            blank(attempts, **places, stage=s, attempt=n, status="FAILED", started_at=MONTH)
            for s, n in tries
        ],
    )
    mine = loaders(database)
    with statements(database) as executed:
        ordered, none = await asyncio.gather(
            mine.stages.load(REQUESTS[0]), mine.stages.load(REQUESTS[1])
        )
        tried = await mine.attempts.load(REQUESTS[0])
    assert len(executed) == 2
    assert [row["name"] for row in ordered] == ["fetch", "draw", "send"]
    assert none == []
    assert [(row["stage"], row["attempt"]) for row in tried] == sorted(tries)


async def test_more_keys_than_one_statement_takes(database: Database) -> None:
    keys = [("acme", v7_at(MONTH, n)) for n in range(2_500)]
    loader = loaders(database).request
    found = await asyncio.gather(*(loader.load(key) for key in keys))
    assert [row["id"] for row in found if row] == [id for o, id in REQUESTS if o == "acme"]


async def test_each_of_nothing(database: Database) -> None:
    records = Records(database, OPERATIONS, SIZES)
    key = [OPERATION.c.organization_id, OPERATION.c.request_id]
    async with database.read() as connection:
        found = await records.each(
            connection, TenantBounds("umbrella"), key, [OPERATION.c.kind == "API"], PageRequest()
        )
    assert found == {}

"""A page of a request's log costs the page, however long the log is."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from models import Request, RequestEvent, table_of
from store.auth.access import TenantBounds
from store.database import Database
from store.ids import utc_now
from store.loaders import Loaders
from store.query.paging import PageRequest, PageSize, encode_cursor
from store.requests.history import StageHistory
from store.requests.sources import EVENTS
from tests.unit.store.rows import MONTH, Row, insert, v7_at
from tests.unit.store.test_loaders import blank, no_levels

REQUEST, EVENT = table_of(Request), table_of(RequestEvent)
LENGTH = 3_000
KEYS = [("acme", v7_at(MONTH, n)) for n in range(5)]


@pytest.fixture
async def database(database: Database) -> Database:
    """Five requests with long logs."""
    request = {
        "type": "t", "status": "RUNNING", "progress": 0.0, "correlation_id": "c",
        "created_at": MONTH, "updated_at": MONTH, "last_seq": LENGTH,
    }  # fmt: skip
    await insert(
        database, REQUEST, [blank(REQUEST, organization_id=o, id=i, **request) for o, i in KEYS]
    )
    base = {"type": "t", "severity": "INFO", "occurred_at": MONTH, "recorded_at": MONTH}
    rows: list[Row] = [
        blank(EVENT, **base, organization_id=o, request_id=i, seq=n, id=v7_at(MONTH, n))
        for o, i in KEYS
        for n in range(1, LENGTH + 1)
    ]
    await insert(database, EVENT, rows)
    async with database.dialect.connections.write_engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    return database


def cursor(seq: int, rest: int = 0) -> str:
    """A cursor of that number, before every request or after all."""
    return encode_cursor(
        EVENTS.terms(()), {"seq": seq, "request_id": UUID(int=rest), "organization_id": ""}
    )


@pytest.mark.parametrize(
    ("page", "seqs"),
    [
        (PageRequest(last=1), [3_000]),
        (PageRequest(first=2), [1, 2]),
        (PageRequest(first=2, after=cursor(1_500, 2**128 - 1)), [1_501, 1_502]),
        (PageRequest(last=2, before=cursor(1_500)), [1_498, 1_499]),
        (PageRequest(last=2, before=cursor(9_000)), [2_999, 3_000]),
    ],
)
async def test_a_page_reads_itself(
    database: Database, page: PageRequest, seqs: list[int], dialect: str
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "rank_" in statement:
            asked.append((statement, parameters))

    engine = database.dialect.connections.read_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    history = StageHistory(database, utc_now)
    loaders = Loaders(database, TenantBounds(), PageSize(), no_levels, history)
    pages = await loaders.events(page).load_many(KEYS)
    event.remove(engine, "before_cursor_execute", note)
    assert [[row["seq"] for row in page.rows] for page in pages] == [seqs] * len(KEYS)
    ((statement, parameters),) = asked
    explain = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN (ANALYZE, FORMAT JSON)"
    async with database.read() as connection:
        plan = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
        rows = [tuple(row) for row in plan]
    if dialect == "sqlite":
        searches = [row[3] for row in rows if "request_events" in row[3]]
        assert searches
        assert all("seq>" in search or "seq<" in search for search in searches), rows
    else:
        found = rows[0][0]
        assert read_rows(json.loads(found) if isinstance(found, str) else found) < 10 * len(KEYS)


def read_rows(plan: Any) -> int:
    """How many rows the scans of events read."""
    if isinstance(plan, list):
        return sum(map(read_rows, plan))
    if not isinstance(plan, dict):
        return 0
    own = 0
    if str(plan.get("Relation Name", "")).startswith("request_events"):
        removed = plan.get("Rows Removed by Filter", 0)
        own = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    return int(own) + sum(map(read_rows, plan.values()))

"""Old months share partitions: their number is bounded whatever comes in, and nothing is lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from models import Operation, table_of
from store.database import Database
from store.dialects import TimeSpan
from store.dialects.postgresql.partitions import find_or_plan
from store.ids import first_id_at
from store.maintenance.partitions import (
    Month,
    Partitions,
    month_of,
    partitioned_tables,
    start_of,
)
from store.maintenance.settings import MONTHS_APART, MaintenanceSettings
from tests.support.api import Json, running_api
from tests.unit.store.conftest import NOON, SetClock
from tests.unit.store.test_partitions import children, operation, write

OPERATIONS = table_of(Operation)
FIRST, NOW = month_of(datetime(2000, 1, 1, tzinfo=UTC)), month_of(NOON)
APART = 3
MONTHS = st.integers(FIRST, NOW + 1)
INGEST = """mutation ($entries: [EntryInput!]!) {
  ingest(entries: $entries) { accepted duplicates rejected }
}"""
STATS = """{ operationStats(bucket: {unit: YEAR}) { rows { bucket { start } count } }
  requests(first: 1) { totalCount } requestStats { totals { count } } }"""


@pytest.fixture
def database_url(migrated_database_url: str) -> str:
    """A database without partitions."""
    return migrated_database_url


def span_of(month: Month) -> TimeSpan:
    return TimeSpan(start_of(month), start_of(month + 1))


@given(
    st.sets(MONTHS, max_size=30),
    st.lists(st.tuples(MONTHS, st.integers(1, 40)), max_size=60),
)
def test_spans_never_overlap_and_stay_few(
    monthly: set[Month], arrivals: list[tuple[Month, int]]
) -> None:
    """Whatever months exist already, in whatever order others come, under whatever setting."""
    existing = [span_of(month) for month in monthly]
    for month, apart in arrivals:
        span, exists = find_or_plan(existing, span_of(month), start_of(NOW - apart))
        assert span.holds(start_of(month))
        assert span.holds(start_of(month + 1) - timedelta(microseconds=1))
        assert exists == (span in existing)
        if not exists:
            existing.append(span)
    ordered = sorted(existing, key=lambda s: s.start or datetime.min.replace(tzinfo=UTC))
    for one, other in pairwise(ordered):
        assert one.end is not None
        assert other.start is not None
        assert one.end <= other.start
    shared = [s for s in existing if s not in [span_of(m) for m in range(FIRST, NOW + 2)]]
    assert len(shared) <= len(monthly) + 41


CHAT = """mutation ($at: DateTime!) { trackChat(
  input: {model: "m", message: "old", outcome: OK, occurredAt: $at, inputTokens: 1, outputTokens: 1}
) { status } }"""


def a_record_of_each_month() -> list[Json]:
    entries: list[Json] = []
    for month in range(FIRST, NOW + 1):
        at = start_of(month) + timedelta(hours=1)
        id = UUID(int=first_id_at(at).int | 0x7 << 76 | 0x2 << 62)
        call = {"kind": "API", "name": "n", "id": str(id)}
        request = {"id": str(id), "type": "t", "stages": [{"name": "one"}]}
        entries += [{"operation": call}, {"createRequest": request}]
        entries += [{"startStage": {"requestId": str(id), "stage": "one", "eventId": str(id)}}]
    return entries


async def test_records_of_every_month_since_2000_make_few_partitions(
    database_url: str, clock: SetClock
) -> None:
    entries = a_record_of_each_month()
    async with running_api(clock, database_url=database_url, partition_months=APART) as api:
        first = (await api(INGEST, {"entries": entries}))["ingest"]
        assert first == {"accepted": len(entries), "duplicates": 0, "rejected": 0}
        again = (await api(INGEST, {"entries": entries}))["ingest"]
        assert again == {"accepted": 0, "duplicates": len(entries), "rejected": 0}
        for year in range(2000, 2026, 5):
            await api(CHAT, {"at": f"{year}-07-01T00:00:00Z"})
        answer = await api(STATS)
        store = api.server.store
        found = await children(store.database)
        months = [start_of(month) for month in (FIRST, NOW - APART, NOW)]
        wrong = [
            difference
            for start in months
            async for difference in store.rollups.verify(
                start, start + timedelta(days=1), lambda *_: None
            )
        ]
    assert wrong == []
    years = {row["bucket"]["start"][:4]: row["count"] for row in answer["operationStats"]["rows"]}
    assert years == {str(y): 12 + (y % 5 == 0) for y in range(2000, 2026)} | {"2026": 11}
    assert answer["requests"]["totalCount"] == NOW - FIRST + 1
    assert answer["requestStats"]["totals"] == {"count": NOW - FIRST + 1}
    if found:
        per_table = Counter(parent for parent, _ in found.values())
        every_month = dict.fromkeys((t.name for t in partitioned_tables()), APART + 1 + 2 + 1)
        assert per_table == every_month | {"operation_texts": 1 + 2 + 1}
        assert {"operations_before_202608", "requests_before_202608"} <= set(found)


async def test_old_months_share_what_is_free_around_existing_partitions(database: Database) -> None:
    if not database.dialect.partitioned:
        return
    async with database.write() as connection:  # as servers made them before months were shared
        for month in ("2003-05", "2010-01"):
            start = datetime.fromisoformat(f"{month}-01T00:00:00Z")
            end = start_of(month_of(start) + 1)
            await connection.execute(
                text(
                    f"CREATE TABLE operations_p{start:%Y%m} PARTITION OF operations "
                    f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
                )
            )
    partitions = Partitions(database.dialect, SetClock())
    instants = [datetime(year, 5, 3, tzinfo=UTC) for year in (*range(2000, 2027), 2003)]
    await partitions.ensure((OPERATIONS, month_of(at)) for at in instants)
    assert set(await children(database)) == {
        "operations_before_200305",
        "operations_p200305",
        "operations_before_201001",
        "operations_p201001",
        "operations_before_202411",
        "operations_p202505",
        "operations_p202605",
    }
    await write(database, *(operation(at) for at in set(instants)))


async def test_another_setting_leaves_what_exists(database: Database) -> None:
    if not database.dialect.partitioned:
        return
    months = [(OPERATIONS, month) for month in range(NOW - 40, NOW)]
    for apart, count in ((24, 25), (36, 25), (12, 25)):
        await Partitions(
            database.dialect, SetClock(), MaintenanceSettings(partition_months=apart)
        ).ensure(months)
        assert len(await children(database)) == count


async def test_months_that_grow_old_keep_their_partition(
    database: Database, clock: SetClock
) -> None:
    if not database.dialect.partitioned:
        return
    old = OPERATIONS, NOW - MONTHS_APART - 1
    await Partitions(database.dialect, clock).ensure([old, (OPERATIONS, NOW)])
    clock.now = datetime(2030, 11, 21, tzinfo=UTC)
    later = Partitions(database.dialect, clock)
    await later.ensure((OPERATIONS, month) for month in (NOW - 30, NOW, NOW + 3, NOW + 9))
    assert sorted(await children(database)) == [
        "operations_before_202411",
        "operations_before_202811",  # from December 2026 to where months are apart again
        "operations_p202611",
    ]


@pytest.mark.parametrize("month", [NOW, NOW - 300])
async def test_a_detached_table_of_the_same_name_is_left_alone(
    database: Database, month: Month
) -> None:
    if not database.dialect.partitioned:
        return
    partitions = Partitions(database.dialect, SetClock())
    await partitions.ensure([(OPERATIONS, month)])
    row = operation(start_of(month))
    await write(database, row)
    (child,) = await children(database)
    async with database.write() as connection:
        await connection.execute(text(f"ALTER TABLE operations DETACH PARTITION {child}"))
    partitions.forget()
    await partitions.ensure([(OPERATIONS, month)])
    assert list(await children(database)) == [f"{child}_2"]
    await write(database, row)
    async with database.read() as connection:
        found: Any = await connection.execute(select(OPERATIONS.c.id))
        assert list(found.scalars()) == [row["id"]]

"""Partitions that old months share are split for the former version, and work again after it."""

from collections.abc import Sequence

from migrations.runner import check, downgrade, upgrade
from store.ids import Clock
from store.maintenance.partitions import partitioned_tables
from tests.support.api import running_api
from tests.unit.migrations.stub_migrations import execute
from tests.unit.store.conftest import SetClock
from tests.unit.store.test_shared_partitions import (
    APART,
    CHAT,
    INGEST,
    STATS,
    a_record_of_each_month,
)

COUNTS = """SELECT parent, count(*) FROM (SELECT inhparent::regclass::text AS parent FROM pg_inherits
JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind = 'r') AS children GROUP BY 1 ORDER BY 1"""
NAMES = "SELECT relname FROM pg_class WHERE relname LIKE '%_before_%' AND relkind = 'r'"
TEXTS = "SELECT count(*), min(message) FROM operation_texts"
YEARS = 1


async def ask(url: str, clock: Clock, entries: Sequence[object]) -> object:
    async with running_api(clock, database_url=url, partition_months=APART) as api:
        result = (await api(INGEST, {"entries": entries}))["ingest"] if entries else None
        return result, await api(STATS)


async def test_up_down_and_up_again(migrated_database_url: str, dialect: str) -> None:
    database_url = migrated_database_url
    clock = SetClock()
    entries = a_record_of_each_month()[-3 * 12 * YEARS :]
    await ask(database_url, clock, entries)
    async with running_api(clock, database_url=database_url, partition_months=APART) as api:
        await api(CHAT, {"at": "2010-07-01T00:00:00Z"})
        before = await api(STATS)
    downgrade(database_url, "0017")
    if dialect == "postgresql":
        assert execute(database_url, NAMES) == []
        counts = {row[0]: row[1] for row in execute(database_url, COUNTS)}
        assert counts == {t.name: 12 * YEARS + 2 for t in partitioned_tables()} | {
            "operations": 12 * YEARS + 3,
            "operation_texts": 3 + 1,
        }
    assert execute(database_url, TEXTS) == [(1, "old")]
    upgrade(database_url)
    assert check(database_url) == []
    again = await ask(database_url, clock, entries)
    assert again == ({"accepted": 0, "duplicates": len(entries), "rejected": 0}, before)

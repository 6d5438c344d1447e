"""Verification costs by what is recorded, not by how long ago that was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event

from models import Operation, table_of
from store.database import Database
from store.rollups import service as rollups_module
from store.time_buckets import DAY, start_of_day
from tests.unit.store.rollups.checks import differences, quiet, rollups_of
from tests.unit.store.rollups.loads import NOW, record
from tests.unit.store.rollups.test_maintenance import row

TABLE = table_of(Operation)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that a database runs inside the block."""
    statements: list[str] = []
    engine = database.dialect.connections.read_engine.sync_engine

    def count(
        connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> None:
        del connection, cursor, values, context, many
        statements.append(statement)

    event.listen(engine, "after_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(engine, "after_cursor_execute", count)


async def test_empty_days_cost_nothing(database: Database) -> None:
    rollups = rollups_of(database, lambda: NOW)
    await rollups.prepare()
    await record(database, [row(NOW, 1), row(NOW - 2 * DAY, 2)])
    with counted(database) as near:
        assert await differences(rollups) == []
    await record(database, [row(NOW - 1_500 * DAY, 3)])
    with counted(database) as far:
        assert await differences(rollups) == []
    assert len(far) == len(near)


async def test_many_records_are_verified_in_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step has a bound of records, and a wrong sum is found by its day whichever step it is in."""
    monkeypatch.setattr(rollups_module, "VERIFIED_RECORDS", 4)
    rollups = rollups_of(database, lambda: NOW)
    await rollups.prepare()
    days = [NOW - timedelta(days=number) for number in range(6)]
    await record(database, [row(day, n) for day in days for n in range(2)])
    steps: list[int] = []
    found = [one async for one in rollups.verify(None, None, lambda done, _: steps.append(done))]
    assert found == []
    assert steps == [0, 1, 2, 3]
    async with database.write() as connection:
        await connection.execute(delete(TABLE).where(TABLE.c.occurred_at == days[3]))
    wrong = await differences(rollups)
    assert {one.day for one in wrong} == {start_of_day(days[3])}
    assert {one.resolution for one in wrong} == {"hour", "day"}


async def test_a_day_of_which_only_sums_are_left_is_found_and_made_right(
    database: Database,
) -> None:
    rollups = rollups_of(database, lambda: NOW)
    await rollups.prepare()
    old = NOW - 100 * DAY
    await record(database, [row(NOW, 1), row(old, 2)])
    async with database.write() as connection:
        await connection.execute(delete(TABLE).where(TABLE.c.occurred_at == old))
    assert {one.day for one in await differences(rollups)} == {start_of_day(old)}
    await rollups.rebuild(None, None, quiet)
    assert await differences(rollups) == []

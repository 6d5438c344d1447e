"""Housekeeping: partitions ahead, old ids and expired holds forgotten, and no failure that ends it."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, select

from models import Consumption, ReservationHold, table_of
from store.database import Contention, Database, DatabaseFailure
from store.housekeeping import KEEP_EXPIRED_HOLDS, Housekeeping
from store.partitions import Partitions
from tests.store.conftest import NOON, SetClock
from tests.store.rows import Row, insert
from tests.store.test_partitions import children

CONSUMPTIONS, HOLDS = table_of(Consumption), table_of(ReservationHold)
IDEMPOTENCY = timedelta(days=35)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def housekeeping(database: Database, clock: SetClock) -> Housekeeping:
    return Housekeeping(database, Partitions(database.dialect, clock), clock, IDEMPOTENCY)


def consumption(number: int, created_at: datetime) -> Row:
    """A granted consume of that instant."""
    return {
        "organization_id": "acme",
        "id": UUID(int=number),
        "interaction_type": "mini",
        "units": 1,
        "levels": [],
        "created_at": created_at,
    }


def hold(number: int, expires_at: datetime) -> Row:
    """What a reservation holds until that instant."""
    return {
        "organization_id": "acme",
        "limit_id": UUID(int=1),
        "period_start": NOON,
        "reservation_id": UUID(int=number),
        "units": 1,
        "expires_at": expires_at,
    }


async def left(database: Database, table: Table, column: str) -> list[int]:
    """The numbers of the rows that are still there."""
    statement = select(table.c[column]).order_by(table.c[column])
    async with database.read() as connection:
        return [id.int for id in (await connection.execute(statement)).scalars()]


async def test_what_no_retry_can_ask_for_is_forgotten(
    database: Database, housekeeping: Housekeeping
) -> None:
    oldest, expired = NOON - IDEMPOTENCY, NOON - KEEP_EXPIRED_HOLDS
    await insert(
        database,
        CONSUMPTIONS,
        [consumption(1, oldest - MOMENT), consumption(2, oldest), consumption(3, NOON)],
    )
    await insert(
        database,
        HOLDS,
        [hold(1, expired - MOMENT), hold(2, expired), hold(3, NOON + timedelta(hours=1))],
    )
    await housekeeping.run_once()
    assert await left(database, CONSUMPTIONS, "id") == [2, 3]
    assert await left(database, HOLDS, "reservation_id") == [2, 3]
    await housekeeping.run_once()
    assert await left(database, CONSUMPTIONS, "id") == [2, 3]


async def test_partitions_are_made_ahead(database: Database, housekeeping: Housekeeping) -> None:
    await housekeeping.run_once()
    months = {name.rpartition("_p")[2] for name in await children(database)}
    ahead = {"202611", "202612", "202701"}
    assert months == (ahead if database.dialect.partitioned else set())


@pytest.mark.parametrize("error", [Contention("busy"), DatabaseFailure("broken")], ids=type)
async def test_a_failure_is_logged_and_tried_again_soon(
    housekeeping: Housekeeping,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    runs: list[Exception | None] = [error, None, error]
    pauses: list[float] = []
    asleep = asyncio.sleep

    async def run_once() -> None:
        outcome = runs.pop(0)
        if outcome is not None:
            raise outcome

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if not runs:
            raise asyncio.CancelledError
        await asleep(0)

    monkeypatch.setattr(housekeeping, "run_once", run_once)
    monkeypatch.setattr("store.housekeeping.asyncio.sleep", sleep)
    with caplog.at_level(logging.WARNING), pytest.raises(asyncio.CancelledError):
        await housekeeping.run()
    assert pauses == [60, 60, 3_600, 60]
    assert [record.getMessage() for record in caplog.records] == [
        "housekeeping will be tried again"
    ] * 2


async def test_it_stops_when_it_is_cancelled(housekeeping: Housekeeping) -> None:
    task: asyncio.Task[Any] = asyncio.create_task(housekeeping.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

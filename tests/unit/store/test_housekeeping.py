"""Housekeeping: partitions ahead, old ids and expired holds forgotten, and no failure that ends it."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, event, select

from models import Consumption, Limit, LimitUsage, Reservation, ReservationHold, SignIn, table_of
from models.enums import LimitPeriod
from models.types import EPOCH
from store.database import ContentionError, Database, DatabaseFailureError
from store.maintenance.housekeeping import EXPIRED_RETENTION, LONGEST_PERIODS, Housekeeping
from store.maintenance.partitions import Partitions
from store.maintenance.periodic import Schedule
from tests.unit.store.conftest import NOON, SetClock
from tests.unit.store.rows import Row, insert
from tests.unit.store.test_partitions import children

CONSUMPTIONS, HOLDS = table_of(Consumption), table_of(ReservationHold)
RESERVATIONS, SIGN_INS = table_of(Reservation), table_of(SignIn)
LIMITS, USAGES = table_of(Limit), table_of(LimitUsage)
IDEMPOTENCY = timedelta(days=35)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def database_url(migrated_database_url: str) -> str:
    """A database without partitions."""
    return migrated_database_url


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
    oldest, expired = NOON - IDEMPOTENCY, NOON - EXPIRED_RETENTION
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


def reservation(number: int, expires_at: datetime, settled_at: datetime | None = None) -> Row:
    """One that ended at that instant, or was settled later."""
    return {
        "organization_id": "acme",
        "id": UUID(int=number),
        "interaction_type": "mini",
        "operation_type": None,
        "labels": {},
        "units": 1,
        "status": "HELD" if settled_at is None else "COMMITTED",
        "settled_units": None if settled_at is None else 1,
        "created_at": expires_at - timedelta(minutes=10),
        "expires_at": expires_at,
        "settled_at": settled_at,
    }


async def test_a_reservation_is_known_as_long_as_it_may_be_settled_again(
    database: Database, housekeeping: Housekeeping
) -> None:
    oldest = NOON - IDEMPOTENCY
    await insert(
        database,
        RESERVATIONS,
        [
            reservation(1, oldest - MOMENT),
            reservation(2, oldest),
            reservation(3, oldest - MOMENT, settled_at=oldest - MOMENT),
            reservation(4, oldest - MOMENT, settled_at=oldest),
            reservation(5, NOON),
        ],
    )
    await housekeeping.run_once()
    assert await left(database, RESERVATIONS, "id") == [2, 4, 5]


async def test_usage_is_kept_while_its_period_runs_and_some_time_after(
    database: Database, housekeeping: Housekeeping
) -> None:
    """A usage that no limit has any more is none of ours: its limit decides how long it matters."""
    limits, usages, kept = [], [], []
    for number, period in enumerate(LimitPeriod, start=1):
        id = UUID(int=number)
        limits.append(
            {
                "organization_id": "acme", "id": id, "subject": "USER", "subject_id": "ana",
                "interaction_type": "mini", "period": period.value, "zone": "UTC", "maximum": 5,
                "mode": "HARD", "created_at": NOON, "updated_at": NOON,
            }
        )  # fmt: skip
        starts = [EPOCH]
        if period is not LimitPeriod.LIFETIME:
            oldest = NOON - IDEMPOTENCY - LONGEST_PERIODS[period]
            starts = [oldest - timedelta(days=400), oldest - MOMENT, oldest, NOON]
        kept += [number] * (1 if period is LimitPeriod.LIFETIME else 2)
        usages += [
            {
                "organization_id": "acme", "limit_id": id, "period_start": start, "used": 1,
                "uncertain": 0, "updated_at": start,
            }
            for start in starts
        ]  # fmt: skip
    await insert(database, LIMITS, limits)
    await insert(database, USAGES, usages)
    await housekeeping.run_once()
    assert await left(database, USAGES, "limit_id") == kept


async def test_sign_ins_that_expired_are_forgotten(
    database: Database, housekeeping: Housekeeping
) -> None:
    expired = NOON - EXPIRED_RETENTION
    await insert(
        database,
        SIGN_INS,
        [
            {
                "organization_id": "*", "id": UUID(int=number), "key_id": UUID(int=9),
                "secret_hash": b"x", "created_at": expires_at, "expires_at": expires_at,
            }
            for number, expires_at in enumerate((expired - MOMENT, expired, NOON), start=1)
        ],
    )  # fmt: skip
    await housekeeping.run_once()
    assert await left(database, SIGN_INS, "id") == [2, 3]


async def test_old_rows_are_deleted_in_batches(database: Database, clock: SetClock) -> None:
    """Each in a transaction of its own, so that nobody waits for all of them."""
    keeper = Housekeeping(
        database, Partitions(database.dialect, clock), clock, IDEMPOTENCY, batch_rows=10
    )
    old = NOON - 2 * IDEMPOTENCY
    await insert(database, CONSUMPTIONS, [consumption(n, old) for n in range(25)])
    deleted: list[int] = []
    engine = database.dialect.connections.write_engine.sync_engine

    @event.listens_for(engine, "after_cursor_execute")
    def count(
        connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> None:
        del connection, values, context, many
        if statement.startswith("DELETE FROM consumptions"):
            deleted.append(cursor.rowcount)

    await keeper.run_once()
    assert deleted == [10, 10, 5]
    assert await left(database, CONSUMPTIONS, "id") == []


async def test_partitions_are_made_ahead(database: Database, housekeeping: Housekeeping) -> None:
    await housekeeping.run_once()
    months = {name.rpartition("_p")[2] for name in await children(database)}
    ahead = {"202611", "202612", "202701"}
    assert months == (ahead if database.dialect.partitioned else set())


@pytest.mark.parametrize(
    "error", [ContentionError("busy"), DatabaseFailureError("broken")], ids=type
)
async def test_a_failure_is_logged_and_tried_again_soon(
    housekeeping: Housekeeping,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    runs: list[Exception | None] = [error, None, error]

    async def run_once() -> None:
        outcome = runs.pop(0) if runs else None
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(housekeeping, "run_once", run_once)
    task = housekeeping.task
    assert (task.schedule.first, task.schedule.retry_pause(1), task.schedule.retry_pause(9)) == (
        60,
        60,
        60,
    )
    assert 3_240 <= (task.schedule.next_interval() or 0) <= 3_960
    task.schedule = Schedule(0, first=0)
    with caplog.at_level(logging.WARNING):
        task.start()
        for _ in range(10_000):
            if task.health.runs == 5:
                break
            await asyncio.sleep(0)
        await task.stop()
    assert task.health.failures == 2
    assert [record.getMessage() for record in caplog.records] == [
        "housekeeping failed; retrying later"
    ] * 2

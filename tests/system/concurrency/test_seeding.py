"""A limit that is set in mid period begins with the units that its period already holds."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from strawberry import ID

from models.enums import LimitPeriod, LimitSubject
from schema.enums import LimitPeriod as PeriodInput
from schema.enums import LimitSubject as SubjectInput
from schema.enums import OperationKind
from schema.labels import LabelsInput
from schema.limits import LimitInput
from schema.operation_inputs import InteractionUseInput, OperationInput
from schema.scalars import Long
from store.ids import new_id
from store.limits.decide import Level
from store.limits.periods import span_at
from store.store import Store
from tests.system.concurrency.conftest import SERVERS
from tests.system.concurrency.stores import (
    TYPE,
    SetClock,
    consume_of,
    levels_of,
    principal_of,
    running_stores,
    set_limit,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
PRINCIPAL = principal_of("acme")
ORGANIZATION, USER = LimitSubject.ORGANIZATION, LimitSubject.USER


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
async def stores(database_url: str, dialect: str, clock: SetClock) -> AsyncIterator[list[Store]]:
    """Two stores where the database is shared by servers, else one."""
    async with running_stores(database_url, clock, SERVERS[dialect]) as running:
        yield running


@pytest.fixture
def store(stores: list[Store]) -> Store:
    return stores[0]


async def consume(store: Store, units: int, user: str = "ana") -> None:
    entry = store.ingest_session(PRINCIPAL).consume(consume_of(units, new_id(), user))
    (result,) = await store.write([entry])
    assert result.status.value == "ACCEPTED"


async def record(store: Store, units: int, at: datetime, user: str = "ana") -> None:
    """An operation counts where it happened, also in the past."""
    draft = OperationInput(
        kind=OperationKind.API,
        name="n",
        id=new_id(),
        occurred_at=at,
        interaction=InteractionUseInput(type=TYPE, units=Long(units)),
        labels=LabelsInput(user_id=ID(user)),
    )
    entry = store.ingest_session(PRINCIPAL).operation(draft)
    (result,) = await store.write([entry])
    assert result.status.value == "ACCEPTED"


async def put(store: Store, period: LimitPeriod, zone: str | None = None) -> Level:
    """Set a limit of everybody, and read how it stands."""
    draft = LimitInput(
        subject=SubjectInput(ORGANIZATION),
        interaction_type=TYPE,
        maximum=Long(1_000),
        period=PeriodInput(period),
        zone=zone,
    )
    row = await store.limits.set_limit(draft, PRINCIPAL)
    return (await levels_of(store, PRINCIPAL))[row["id"]]


@pytest.mark.parametrize("subject", [s for s in LimitSubject if s is not ORGANIZATION])
async def test_every_subject_counts_its_own_units(store: Store, subject: LimitSubject) -> None:
    label = {"user_id": ID("ana"), f"{subject.value.lower()}_id": ID("mine")}
    mine = consume_of(4, new_id())
    mine.labels = LabelsInput(**label)
    await store.write([store.ingest_session(PRINCIPAL).consume(mine)])
    await consume(store, 3, "ben")
    id = await set_limit(store, PRINCIPAL, 5, subject, "mine")
    level = (await levels_of(store, PRINCIPAL))[id]
    assert (level.used, level.remaining, level.uncertain) == (4, 1, 0)
    id = await set_limit(store, PRINCIPAL, 10)
    assert (await levels_of(store, PRINCIPAL))[id].used == 7


async def test_months_in_utc_years_and_lifetimes_are_exact(store: Store, clock: SetClock) -> None:
    clock.now = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    await consume(store, 1)
    clock.now = datetime(2026, 1, 1, tzinfo=UTC)
    await consume(store, 2)
    clock.now = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
    await consume(store, 4)
    clock.now = datetime(2026, 11, 1, tzinfo=UTC)
    await consume(store, 8)
    clock.now = NOON
    await consume(store, 16)
    for period, expected in [
        (LimitPeriod.MONTH, 24), (LimitPeriod.YEAR, 30), (LimitPeriod.LIFETIME, 31),
    ]:  # fmt: skip
        level = await put(store, period)
        assert (level.used, level.uncertain) == (expected, 0), period


@pytest.mark.parametrize(
    ("period", "zone"), list(product(LimitPeriod, ["UTC", "Asia/Kathmandu", "America/St_Johns"]))
)
async def test_what_operations_counted_is_exact_in_every_period(
    store: Store, period: LimitPeriod, zone: str
) -> None:
    span = span_at(period, NOON, zone)
    dice = random.Random(f"{period} {zone}")
    moments = [NOON - timedelta(minutes=dice.expovariate(1 / 20_000)) for _ in range(20)]
    edge = max(span.start, NOON - timedelta(days=700))
    moments += [edge, edge - timedelta(microseconds=1), edge + timedelta(microseconds=1), NOON]
    for number, at in enumerate(moments):
        await record(store, 2**number, at, dice.choice(["ana", "ben"]))
    expected = sum(2**n for n, at in enumerate(moments) if at >= span.start)
    level = await put(store, period, zone)
    assert (level.used, level.uncertain) == (expected, 0)


async def test_what_was_consumed_around_the_beginning_is_said_to_be_uncertain(
    store: Store, clock: SetClock
) -> None:
    """Ana consumed before the day and in it, Ben in it only; operations tell when they were."""
    clock.now = NOON - timedelta(days=1)
    await consume(store, 1)
    clock.now = NOON
    await consume(store, 2)
    await consume(store, 4, "ben")
    level = await put(store, LimitPeriod.DAY)
    assert (level.used, level.uncertain) == (4, 3)  # 6 in truth
    await record(store, 8, NOON)
    await record(store, 16, NOON - timedelta(days=1))
    level = await put(store, LimitPeriod.DAY, "Europe/Zurich")  # another zone counts again
    truth = 14
    assert level.used <= truth <= level.used + level.uncertain
    clock.now = NOON + timedelta(days=1)
    (level,) = (await levels_of(store, PRINCIPAL)).values()
    assert (level.used, level.uncertain) == (0, 0)


async def test_another_zone_counts_the_period_again(store: Store, clock: SetClock) -> None:
    clock.now = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)  # November in Zurich
    await record(store, 1, clock.now)
    clock.now = NOON
    await record(store, 2, clock.now)
    assert (await put(store, LimitPeriod.MONTH)).used == 2
    assert (await put(store, LimitPeriod.MONTH, "Europe/Zurich")).used == 3
    await record(store, 4, clock.now)
    assert (await put(store, LimitPeriod.MONTH, "UTC")).used == 6
    assert (await put(store, LimitPeriod.MONTH)).used == 6  # the zone stays, and so does usage


async def test_reservations_that_run_hold_units_of_a_new_limit(
    store: Store, clock: SetClock
) -> None:
    ids = [new_id() for _ in range(3)]
    for id in ids:
        entry = store.ingest_session(PRINCIPAL).reserve(
            consume_of(10, id, "ana"), timedelta(minutes=5)
        )
        await store.write([entry])
    await store.write([store.ingest_session(PRINCIPAL).settle(ids[2], None)])
    limit = await set_limit(store, PRINCIPAL, 25, USER, "ana")
    other = await set_limit(store, PRINCIPAL, 25, USER, "ben")
    levels = await levels_of(store, PRINCIPAL)
    assert (levels[limit].used, levels[limit].reserved, levels[limit].remaining) == (0, 20, 5)
    assert levels[other].reserved == 0
    await store.write([store.ingest_session(PRINCIPAL).settle(ids[0], 7)])
    level = (await levels_of(store, PRINCIPAL))[limit]
    assert (level.used, level.reserved) == (7, 10)
    clock.move(timedelta(minutes=5))
    assert (await levels_of(store, PRINCIPAL))[limit].reserved == 0
    await store.write([store.ingest_session(PRINCIPAL).settle(ids[1], 9)])
    assert (await levels_of(store, PRINCIPAL))[limit].used == 16


async def test_a_limit_that_is_deleted_and_set_again_counts_the_period(store: Store) -> None:
    id = await set_limit(store, PRINCIPAL, 9)
    await consume(store, 5)
    await store.limits.delete_limit(id, PRINCIPAL)
    id = await set_limit(store, PRINCIPAL, 9)
    assert (await levels_of(store, PRINCIPAL))[id].used == 5


async def test_no_unit_is_missed_or_counted_twice_while_limits_are_set(
    stores: list[Store],
) -> None:
    """Calls on all servers, while limits are set, deleted and set again on all of them."""
    dice = random.Random(3)
    total = 0

    async def call() -> None:
        nonlocal total
        for _ in range(25):
            await consume(dice.choice(stores), 1, dice.choice(["ana", "ben"]))
            total += 1

    async def change() -> None:
        for _ in range(12):
            id = await set_limit(dice.choice(stores), PRINCIPAL, 10**6)
            await asyncio.sleep(0.002)
            level = (await levels_of(dice.choice(stores), PRINCIPAL))[id]
            assert level.used <= 200
            await dice.choice(stores).limits.delete_limit(id, PRINCIPAL)

    await asyncio.gather(*(call() for _ in range(8)), change())
    racing = asyncio.gather(*(call() for _ in range(4)))
    await set_limit(stores[-1], PRINCIPAL, 10**6)
    await racing
    assert total == 300
    (level,) = (await levels_of(stores[0], PRINCIPAL)).values()
    assert (level.used, level.uncertain) == (total, 0)

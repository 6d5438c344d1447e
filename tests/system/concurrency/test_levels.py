"""Several levels at once, reservations and their ends: all or nothing, under many callers."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from models.enums import LimitPeriod, LimitSubject
from store.ids import new_id
from store.ingest.entries import ItemResult
from store.store import Store
from tests.system.concurrency.conftest import SERVERS
from tests.system.concurrency.stores import (
    SetClock,
    consume_of,
    levels_of,
    principal_of,
    running_stores,
    set_limit,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PRINCIPAL = principal_of("acme")
TTL = timedelta(minutes=1)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
async def stores(database_url: str, dialect: str, clock: SetClock) -> AsyncIterator[list[Store]]:
    """Two stores where the database is shared by servers, else one."""
    async with running_stores(database_url, clock, SERVERS[dialect]) as running:
        yield running


async def consume(store: Store, units: int, id: UUID | None = None, **labels: str) -> str:
    ingest_session = store.ingest_session(PRINCIPAL)
    (result,) = await store.write([ingest_session.consume(consume_of(units, id, **labels))])
    return result.status.value


async def reserve(store: Store, units: int, id: UUID) -> str:
    entry = store.ingest_session(PRINCIPAL).reserve(consume_of(units, id), TTL)
    (result,) = await store.write([entry])
    return result.status.value


async def settle(store: Store, id: UUID, units: int | None) -> ItemResult:
    """Commit, or release where units is None."""
    (result,) = await store.write([store.ingest_session(PRINCIPAL).settle(id, units)])
    return result


async def test_every_level_grants_or_none_counts(stores: list[Store]) -> None:
    dice = random.Random(7)
    maxima: dict[tuple[LimitSubject, str | None], int] = {
        (LimitSubject.ORGANIZATION, None): 200,
        **{(LimitSubject.NAMESPACE, f"n{i}"): 120 for i in range(2)},
        **{(LimitSubject.USER, f"u{i}"): 55 for i in range(5)},
    }
    ids = {key: await set_limit(stores[0], PRINCIPAL, most, *key) for key, most in maxima.items()}
    calls = [
        (dice.randint(1, 4), f"n{dice.randrange(2)}", f"u{dice.randrange(5)}") for _ in range(300)
    ]
    found = await asyncio.gather(
        *(
            consume(stores[i % len(stores)], units, new_id(), namespace=namespace, user=user)
            for i, (units, namespace, user) in enumerate(calls)
        )
    )
    granted = [call for call, status in zip(calls, found, strict=True) if status == "ACCEPTED"]
    assert set(found) == {"ACCEPTED", "REJECTED"}
    expected: Counter[UUID] = Counter()
    for units, namespace, user in granted:
        expected[ids[LimitSubject.ORGANIZATION, None]] += units
        expected[ids[LimitSubject.NAMESPACE, namespace]] += units
        expected[ids[LimitSubject.USER, user]] += units
    levels = await levels_of(stores[-1], PRINCIPAL)
    assert {id: level.used for id, level in levels.items()} == expected
    assert not any(level.exceeded for level in levels.values())
    # What is left can be had, and only that: no denial has kept anything.
    left = {key: levels[id].remaining for key, id in ids.items()}
    for user in (f"u{i}" for i in range(5)):
        room = min(left[LimitSubject.ORGANIZATION, None], left[LimitSubject.USER, user])
        assert await consume(stores[0], room + 1, user=user) == "REJECTED"
        if room:
            assert await consume(stores[0], room, user=user) == "ACCEPTED"
            left[LimitSubject.ORGANIZATION, None] -= room


async def test_reservations_hold_until_they_are_settled_or_expire(
    stores: list[Store], clock: SetClock
) -> None:
    limit = await set_limit(stores[0], PRINCIPAL, 100)
    ids = [new_id() for _ in range(60)]
    reserved = await asyncio.gather(
        *(reserve(stores[i % len(stores)], 3, id) for i, id in enumerate(ids))
    )
    held = [id for id, status in zip(ids, reserved, strict=True) if status == "ACCEPTED"]
    assert len(held) == 33  # 99 of 100
    assert await consume(stores[0], 2) == "REJECTED"
    commits, releases = held[:11], held[11:22]
    results = await asyncio.gather(
        *(settle(stores[i % len(stores)], id, i % 4) for i, id in enumerate(commits)),
        *(settle(stores[i % len(stores)], id, None) for i, id in enumerate(releases)),
    )
    assert {result.status.value for result in results} == {"ACCEPTED"}
    committed = sum(i % 4 for i in range(len(commits)))
    level = (await levels_of(stores[0], PRINCIPAL))[limit]
    assert (level.used, level.reserved) == (committed, 33)
    clock.move(TTL)
    level = (await levels_of(stores[-1], PRINCIPAL))[limit]
    assert (level.used, level.reserved) == (committed, 0)
    late = await asyncio.gather(*(settle(stores[0], id, 1) for id in held[11:]))
    assert {result.status.value for result in late} == {"ACCEPTED"}
    committed += len(held[11:])  # the work of the released and of the expired ones was done
    assert await consume(stores[0], 101 - committed) == "REJECTED"
    assert await consume(stores[0], 100 - committed) == "ACCEPTED"


async def test_a_reservation_is_committed_once(stores: list[Store]) -> None:
    """Commits and releases of the same reservation race on all servers; one commit counts."""
    limit = await set_limit(stores[0], PRINCIPAL, 1_000)
    total = 0
    for _ in range(10):
        id = new_id()
        assert await reserve(stores[0], 20, id) == "ACCEPTED"
        ways: list[int | None] = [None, 5, 7, None, 9, 11]
        results = await asyncio.gather(
            *(settle(stores[i % len(stores)], id, way) for i, way in enumerate(ways))
        )
        accepted = [w for w, r in zip(ways, results, strict=True) if r.status.value == "ACCEPTED"]
        assert len(accepted) in (1, 2)  # a release, if it came first, and one commit
        (won,) = [way for way in accepted if way is not None]
        repeats = [r for r in results if r.status.value == "DUPLICATE"]
        assert len(repeats) == len(ways) - len(accepted)
        assert {r.detail.units for r in repeats} <= {won, 0}
        total += won
    level = (await levels_of(stores[0], PRINCIPAL))[limit]
    assert (level.used, level.reserved) == (total, 0)


async def test_a_period_that_ends_under_load_starts_at_zero(
    stores: list[Store], clock: SetClock
) -> None:
    limit = await set_limit(stores[0], PRINCIPAL, 20, period=LimitPeriod.HOUR)
    for _ in range(3):
        found = await asyncio.gather(
            *(consume(stores[i % len(stores)], 1, new_id()) for i in range(40))
        )
        assert Counter(found) == {"ACCEPTED": 20, "REJECTED": 20}
        assert (await levels_of(stores[0], PRINCIPAL))[limit].used == 20
        clock.move(timedelta(hours=1))


async def test_a_read_sees_one_state_of_what_is_used_and_held(stores: list[Store]) -> None:
    """Commits move units from held to used one by one: their sum is the same at any instant."""
    limit = await set_limit(stores[0], PRINCIPAL, 1_000)
    ids = [new_id() for _ in range(120)]
    assert {await reserve(stores[0], 1, id) for id in ids} == {"ACCEPTED"}
    sums: list[int] = []

    async def watch() -> None:
        while True:
            level = (await levels_of(stores[-1], PRINCIPAL))[limit]
            sums.append(level.used + level.reserved)

    watching = [asyncio.create_task(watch()) for _ in range(3)]
    for id in ids:
        await settle(stores[0], id, 1)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    assert len(sums) > 10
    assert set(sums) == {len(ids)}

"""Two servers that write the same records over several months: all keep one order of locks."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from models.enums import AccessScope
from schema.enums import OperationKind
from schema.labels import LabelsInput
from schema.operation_inputs import OperationInput
from store.auth.access import Principal, TenantBounds
from store.store import Store
from tests.support.stored_rows import execute
from tests.system.concurrency.stores import SetClock, label, running_stores
from tests.system.concurrency.test_two_servers import DEADLOCKS, id_at

pytestmark = pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=40)
ADMINISTRATOR = Principal("all", frozenset(AccessScope), TenantBounds(), None)
ROUNDS, ITEMS = 25, 400
"""Without the one order, every fourth round had a deadlock."""

Key = tuple[str, UUID]


async def track(store: Store, keys: list[Key]) -> int:
    """Write these operations in one transaction; returns how many were new."""
    ingest_session = store.ingest_session(ADMINISTRATOR)
    entries = []
    for organization, id in keys:
        labels = LabelsInput(organization_id=label(organization))
        draft = OperationInput(kind=OperationKind.API, name="n", id=id, labels=labels)
        entries.append(ingest_session.operation(draft))
    return sum(result.status.value == "ACCEPTED" for result in await store.write(entries))


async def test_a_bulk_load_over_months_does_not_deadlock(database_url: str) -> None:
    """It is written partition by partition, in the order in which its rows touch them first.

    One record ahead is enough to turn that order round, unless all servers keep to the months.
    """
    async with running_stores(database_url, SetClock(NOW), count=2) as stores:
        for _ in range(ROUNDS):
            new: list[Key] = [("a", id_at(NOW)) for _ in range(ITEMS)]
            late: list[Key] = [("b", id_at(OLD)) for _ in range(ITEMS)]
            ahead: list[Key] = [("a", id_at(OLD))]
            written = await asyncio.gather(
                track(stores[0], new + late), track(stores[1], ahead + new + late)
            )
            assert sum(written) == 2 * ITEMS + 1
        assert [store.writer.stats.retries for store in stores] == [0, 0]
    assert await execute(database_url, DEADLOCKS) == 0

"""A migrated database of each dialect whose rollups are right from the beginning."""

from collections.abc import AsyncIterator

import pytest

from store.database import Database
from store.dialects import PoolSettings
from store.rollups.state import RollupStates
from tests.unit.store.rollups.loads import NOW


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Units of work; what a test wrote need not survive a loss of power."""
    database = Database(database_url, PoolSettings(size=4, overflow=2, synchronous="OFF"))
    await RollupStates(database, lambda: NOW).prepare()
    yield database
    await database.close()

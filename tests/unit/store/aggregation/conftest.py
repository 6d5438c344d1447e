"""A migrated database of each dialect, without rows."""

from collections.abc import AsyncIterator

import pytest

from store.database import Database
from store.dialects import PoolSettings


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Units of work; what a test wrote need not survive a loss of power."""
    database = Database(database_url, PoolSettings(size=4, overflow=2, synchronous="OFF"))
    yield database
    await database.close()

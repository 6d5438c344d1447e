"""The store over a fresh database of each dialect, with a clock that a test can set."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from store.config import StoreConfig
from store.database import Database
from store.dialects import PoolSettings
from store.store import Store

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
# What a test wrote need not survive a loss of power.
POOL = PoolSettings(size=6, overflow=4, synchronous="OFF")


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Go on by so much."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Units of work on a migrated database without rows."""
    database = Database(database_url, POOL)
    yield database
    await database.close()


@pytest.fixture
async def store(database_url: str, clock: SetClock) -> AsyncIterator[Store]:
    """A running store."""
    store = Store(StoreConfig(database_url, POOL), clock)
    await store.start()
    yield store
    await store.close()

"""A LISTEN connection that falls silent is noticed, and hints are heard again."""

import asyncio

import pytest

from store.database import Database
from store.dialects import PoolSettings
from tests.system.chaos.proxy import FaultProxy

pytestmark = pytest.mark.postgresql


async def test_a_silent_listener_is_replaced(postgres_url: str, proxy: FaultProxy) -> None:
    database = Database(proxy.database_url(postgres_url), PoolSettings(silence_seconds=0.2))
    bell = database.dialect.feeds.notification_channel()
    assert bell is not None
    lost, heard = asyncio.Event(), asyncio.Event()
    try:
        await bell.listen(lambda _hint: heard.set(), lost.set)
        await asyncio.sleep(0.5)
        assert not lost.is_set(), "one that answers is kept"
        proxy.hang()
        await asyncio.wait_for(lost.wait(), 10)
        await bell.listen(lambda _hint: heard.set(), lost.set)
        await bell.notify(["hint"])
        await asyncio.wait_for(heard.wait(), 10)
    finally:
        await bell.close()
        await database.close()

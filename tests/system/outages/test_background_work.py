"""Housekeeping, rollups and exports while a database hangs: each ends in time and heals, writes go on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.runner import upgrade
from store.database import DatabaseFailureError
from store.errors import StoreError
from store.ids import new_id
from tests.support.api import Api, running_api
from tests.system.chaos.proxy import FaultProxy

TRACK = """mutation ($id: UUID!) {
  trackOperation(input: {id: $id, kind: API, name: "GET /", durationMs: 5}) { status }
}"""
EXPORT = "{ operations { nodes { uuid } } }"
SECONDS = 20
"""So long nothing may take, however slow the machine; each bound of these servers is a second or two."""
BOUNDS: dict[str, Any] = {
    "flush_seconds": 1,
    "silence_seconds": 0.3,
    "statement_seconds": 2,
    "lock_seconds": 0.5,
    "pool_wait_seconds": 1,
    "stall_sweep_seconds": 0,
}
Work = Callable[[Api], Awaitable[object]]


async def keep_house(api: Api) -> None:
    await api.server.store._housekeeping.run_once()


async def merge_rollups(api: Api) -> None:
    await api.server.store.rollups.maintenance.run_once()


async def export(api: Api) -> None:
    """Read to the end of an export; an answer that breaks off is a failure, too."""
    answer = await api.http.get("/export", params={"query": EXPORT})
    if answer.status_code != 200 or "error" in answer.text:
        raise StoreError(answer.text)


WORK = [keep_house, merge_rollups, export]


async def ends_in_time(api: Api, work: Work) -> bool:
    """Whether it was done; it may fail, but not wait for ever."""
    try:
        await asyncio.wait_for(work(api), SECONDS)
    except (StoreError, DatabaseFailureError):
        return False
    return True


async def heals(api: Api, work: Work) -> None:
    for _ in range(10):
        if await ends_in_time(api, work):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it does not heal")


async def track(api: Api) -> None:
    """Send an operation until it is taken."""
    id = str(new_id())
    for _ in range(20):
        answer = (await api.raw({"query": TRACK, "variables": {"id": id}})).json()
        if "errors" not in answer:
            return
        assert answer["errors"][0]["extensions"]["retryable"], answer
        await asyncio.sleep(0.05)
    raise AssertionError("nothing is taken")


@pytest.mark.postgresql
@pytest.mark.parametrize("work", WORK)
async def test_connections_that_hang(postgres_url: str, proxy: FaultProxy, work: Work) -> None:
    """Those that are open fall silent, new ones work."""
    url = proxy.database_url(postgres_url)
    async with running_api(database_url=url, **BOUNDS) as api:
        await track(api)
        await heals(api, work)
        proxy.hang()
        working = asyncio.create_task(ends_in_time(api, work))
        await track(api)
        await working
        await heals(api, work)
        await track(api)


@asynccontextmanager
async def held_by_another(url: str) -> AsyncIterator[None]:
    """Hold the write lock of a SQLite file, as another process does."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text("BEGIN IMMEDIATE"))
        yield
        await connection.execute(text("ROLLBACK"))
    await engine.dispose()


@pytest.mark.sqlite
@pytest.mark.parametrize("work", WORK)
async def test_a_file_that_is_locked_for_longer_than_is_waited(tmp_path: Path, work: Work) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 't.db'}"
    await asyncio.to_thread(upgrade, url)
    async with running_api(database_url=url, **BOUNDS) as api:
        await track(api)
        async with held_by_another(url):
            is_done = await ends_in_time(api, work)
            assert is_done is (work is export), "reads do not wait for the lock"
            refusal = await asyncio.wait_for(api.refused(TRACK, {"id": str(new_id())}), SECONDS)
            assert refusal.code == "OVERLOADED"
        await track(api)
        await heals(api, work)

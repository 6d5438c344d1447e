"""Provide a database with a month of operations: loaded in steps, merged, queried by driver and store."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from benchmarks.bench import POSTGRESQL, Database
from benchmarks.databases import dsn_of, file_of
from benchmarks.traffic import DAYS, Traffic
from store.config import StoreConfig
from store.dialects import PoolSettings
from store.maintenance.partitions import month_of
from store.operations.columns import TABLE
from store.store import Store

STATEMENT_SECONDS = 120.0
"""Statements of the reference take seconds."""
MERGE_ROUNDS = 6
"""Rounds of merging after a step."""
Fetch = Callable[[str], Awaitable[Sequence[Sequence[Any]]]]


def last_days() -> tuple[datetime, datetime]:
    """Return a month of whole UTC days, old enough to be merged."""
    until = datetime.now(UTC) - timedelta(hours=2)
    until = until.replace(hour=0, minute=0, second=0, microsecond=0)
    return until - timedelta(days=DAYS), until


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = Store(StoreConfig(url, PoolSettings(statement_seconds=STATEMENT_SECONDS)))
    try:
        await store.partitions.ensure_ahead()
        await store.rollups.prepare()
        yield store
    finally:
        await store.database.close()


async def load(store: Store, traffic: Traffic, count: int, seed: int) -> float:
    started = time.perf_counter()
    months = {month_of(traffic.since + timedelta(days=n)) for n in range(DAYS)}
    await store.partitions.ensure([(TABLE, month) for month in months])
    for frame in traffic.frames(count, seed):
        if not await store.database.write_columns(TABLE, frame.columns):
            raise RuntimeError("an operation already existed")
        await store.rollups.folding.run_once()
    return time.perf_counter() - started


async def merge(store: Store) -> float:
    started = time.perf_counter()
    work = store.rollups.maintenance
    for _ in range(MERGE_ROUNDS):
        merges = work.stats.merges
        await work.run_once()
        if work.stats.merges == merges:
            break
    return time.perf_counter() - started


@asynccontextmanager
async def driver(database: Database) -> AsyncIterator[Fetch]:
    if database.name == POSTGRESQL:
        connection = await asyncpg.connect(dsn_of(database.url), command_timeout=STATEMENT_SECONDS)
        try:

            async def select(sql: str) -> Sequence[Sequence[Any]]:
                return list(map(tuple, await connection.fetch(sql)))

            yield select
        finally:
            await connection.close()
        return
    with closing(sqlite3.connect(file_of(database.url), check_same_thread=False)) as file:

        async def fetch(sql: str) -> Sequence[Sequence[Any]]:
            return await asyncio.to_thread(lambda: file.execute(sql).fetchall())

        yield fetch


async def settle(database: Database) -> None:
    """Run periodic work of the database now: statistics, or emptying the log."""
    if database.name == POSTGRESQL:
        async with driver(database) as fetch:
            await fetch("VACUUM ANALYZE operations")
            await fetch("VACUUM ANALYZE operation_rollups")
        return
    with closing(sqlite3.connect(file_of(database.url))) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

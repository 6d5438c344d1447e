"""Implement the reference on PostgreSQL with asyncpg alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.load import Sender
from benchmarks.workload import COLUMNS, Call, rows
from store.ids import new_id

INSERT = (
    f"INSERT INTO operations ({', '.join(COLUMNS)}) "  # noqa: S608  # names of our own columns
    f"VALUES ({', '.join(f'${n}' for n in range(1, len(COLUMNS) + 1))})"
)
CONSUME = """
WITH claimed AS (
    INSERT INTO consumptions (organization_id, id, interaction_type, units, levels, created_at)
    VALUES ('reference', $1, 'mini', 1, '[]', now())
    ON CONFLICT DO NOTHING RETURNING 1
)
UPDATE limit_usages SET used = used + 1, updated_at = now()
WHERE organization_id = 'reference' AND limit_id = $2 AND used + 1 <= 1000000000
    AND EXISTS (SELECT FROM claimed)
RETURNING used
"""
"""One statement that claims the id and uses the unit."""
LIMITS = """
INSERT INTO limit_usages (organization_id, limit_id, period_start, used, updated_at)
SELECT 'reference', id, date_trunc('month', now()), 0, now() FROM unnest($1::uuid[]) AS id
"""
STATEMENT_SECONDS = 60.0
"""Timeout of a statement."""
STORED = "SELECT * FROM operations WHERE id = ANY($1)"


class PostgresReference:
    bulk_name = "asyncpg COPY, one transaction per batch"
    insert_name = "asyncpg INSERT, one transaction per row"
    consume_name = "asyncpg guarded UPDATE, one transaction per call"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def empty(self) -> None:
        async with self._connections(1) as (connection,):
            await connection.execute("TRUNCATE operations, operation_rollups")

    async def analyse(self) -> None:
        """Update planner statistics, since autovacuum is off."""
        async with self._connections(1) as (connection,):
            await connection.execute("VACUUM ANALYZE")

    def rows(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        return rows(calls)

    async def stored(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        async with self._connections(1) as (connection,):
            records = await connection.fetch(STORED, ids)
        by_id = {row["id"]: dict(row) for row in records}
        return [by_id[id] for id in ids]

    @asynccontextmanager
    async def bulk(self, clients: int) -> AsyncIterator[list[Sender]]:
        async with self._connections(clients) as connections:
            yield [copier(connection) for connection in connections]

    @asynccontextmanager
    async def insert(self, clients: int) -> AsyncIterator[list[Sender]]:
        async with self._connections(clients) as connections:
            yield [inserter(connection) for connection in connections]

    @asynccontextmanager
    async def consume(self, clients: int) -> AsyncIterator[list[Sender]]:
        async with self._connections(clients) as connections:
            yield [consumer(connection) for connection in connections]

    async def make_limits(self, count: int) -> list[UUID]:
        ids = [new_id() for _ in range(count)]
        async with self._connections(1) as (connection,):
            await connection.execute(LIMITS, ids)
        return ids

    def uses(self, limits: Sequence[UUID], count: int) -> list[Any]:
        return [(new_id(), limits[n % len(limits)]) for n in range(count)]

    @asynccontextmanager
    async def _connections(self, count: int) -> AsyncIterator[list[asyncpg.Connection]]:
        connections = [
            await asyncpg.connect(self._dsn, command_timeout=STATEMENT_SECONDS)
            for _ in range(count)
        ]
        try:
            yield connections
        finally:
            for connection in connections:
                await connection.close()


def copier(connection: asyncpg.Connection) -> Sender:
    async def send(batch: Sequence[tuple[Any, ...]]) -> object:
        async with connection.transaction():
            return await connection.copy_records_to_table(
                "operations", records=batch, columns=COLUMNS
            )

    return send


def inserter(connection: asyncpg.Connection) -> Sender:
    async def send(row: tuple[Any, ...]) -> object:
        return await connection.fetch(INSERT, *row)

    return send


def consumer(connection: asyncpg.Connection) -> Sender:
    async def send(item: tuple[UUID, UUID]) -> object:
        used_units = await connection.fetchval(CONSUME, *item)
        if used_units is None:
            raise RuntimeError("the reference was denied")
        return used_units

    return send

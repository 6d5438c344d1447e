"""The reference on PostgreSQL: asyncpg alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.load import Sender
from benchmarks.workload import COLUMNS, ORGANIZATION, Call, rows
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
"""What a careful hand would write: one statement that claims the id and takes the unit."""
LIMITS = """
INSERT INTO limit_usages (organization_id, limit_id, period_start, used, updated_at)
SELECT 'reference', id, date_trunc('month', now()), 0, now() FROM unnest($1::uuid[]) AS id
"""
LONGEST = 60.0
"""Seconds after which a statement is given up: something stands in its way then."""
STORED = "SELECT * FROM operations WHERE organization_id = $1 AND id = ANY($2)"


class PostgresReference:
    """Connections of its own, each transaction by one of them."""

    bulk_name = "asyncpg COPY, one transaction per batch"
    insert_name = "asyncpg INSERT, one transaction per row"
    consume_name = "asyncpg guarded UPDATE, one transaction per call"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def empty(self) -> None:
        """Remove all operations."""
        async with self._connections(1) as (connection,):
            await connection.execute("TRUNCATE operations")

    async def analyse(self) -> None:
        """Let the planner know what is there: nothing else does while autovacuum is off."""
        async with self._connections(1) as (connection,):
            await connection.execute("VACUUM ANALYZE")

    def rows(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        """Python values; JSON is text."""
        return rows(calls)

    async def stored(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        """As the driver returns them."""
        async with self._connections(1) as (connection,):
            found = await connection.fetch(STORED, ORGANIZATION, ids)
        by_id = {row["id"]: dict(row) for row in found}
        return [by_id[id] for id in ids]

    @asynccontextmanager
    async def bulk(self, clients: int) -> AsyncIterator[list[Sender]]:
        """COPY."""
        async with self._connections(clients) as connections:
            yield [copier(connection) for connection in connections]

    @asynccontextmanager
    async def insert(self, clients: int) -> AsyncIterator[list[Sender]]:
        """Single rows by a prepared statement."""
        async with self._connections(clients) as connections:
            yield [inserter(connection) for connection in connections]

    @asynccontextmanager
    async def consume(self, clients: int) -> AsyncIterator[list[Sender]]:
        """Single units by a prepared statement."""
        async with self._connections(clients) as connections:
            yield [consumer(connection) for connection in connections]

    async def make_limits(self, count: int) -> list[UUID]:
        """Rows of limits that only the reference uses."""
        ids = [new_id() for _ in range(count)]
        async with self._connections(1) as (connection,):
            await connection.execute(LIMITS, ids)
        return ids

    def uses(self, limits: Sequence[UUID], count: int) -> list[Any]:
        """A new id for each use."""
        return [(new_id(), limits[n % len(limits)]) for n in range(count)]

    @asynccontextmanager
    async def _connections(self, count: int) -> AsyncIterator[list[asyncpg.Connection]]:
        found = [await asyncpg.connect(self._dsn, command_timeout=LONGEST) for _ in range(count)]
        try:
            yield found
        finally:
            for connection in found:
                await connection.close()


def copier(connection: asyncpg.Connection) -> Sender:
    """Copies a batch in a transaction of its own."""

    async def send(batch: Sequence[tuple[Any, ...]]) -> object:
        async with connection.transaction():
            return await connection.copy_records_to_table(
                "operations", records=batch, columns=COLUMNS
            )

    return send


def inserter(connection: asyncpg.Connection) -> Sender:
    """Inserts one row; the driver prepares the statement once."""

    async def send(row: tuple[Any, ...]) -> object:
        return await connection.fetch(INSERT, *row)

    return send


def consumer(connection: asyncpg.Connection) -> Sender:
    """Uses one unit, and looks whether it got it."""

    async def send(item: tuple[UUID, UUID]) -> object:
        found = await connection.fetchval(CONSUME, *item)
        if found is None:
            raise RuntimeError("the reference was denied")
        return found

    return send

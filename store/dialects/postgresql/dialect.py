"""PostgreSQL 15 and newer: COPY through the driver, row locks, monthly partitions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from store.dialects.base import DatabaseDialect
from store.dialects.errors import Diagnosis, ErrorTranslator
from store.dialects.partitions import Partitioning, TimeSpan
from store.dialects.pools import PoolSettings
from store.dialects.postgresql.connections import PostgresqlConnections
from store.dialects.postgresql.errors import CHECK_VIOLATION, diagnose, severity_of, sqlstate
from store.dialects.postgresql.expressions import PostgresqlExpressions
from store.dialects.postgresql.feeds import PostgresqlFeedPositions
from store.dialects.postgresql.guarded_writes import PostgresqlGuardedWriter
from store.dialects.postgresql.json_objects import PostgresqlJsonObjects
from store.dialects.postgresql.locks import PostgresqlLocks
from store.dialects.postgresql.partitions import ensure_partition
from store.dialects.postgresql.rows import PostgresqlRowAccess
from store.dialects.postgresql.sketches import PostgresqlSketches
from store.dialects.postgresql.usage_transactions import PostgresqlUsageTransactions
from store.dialects.postgresql.visibility import UNDEFINED_STATES, TableVisibility
from store.dialects.probes import (
    Probes,
    Rights,
    rights_on_postgresql,
    spill_on_postgresql,
    tables_are_hidden_on_postgresql,
)


class PostgresqlPartitioning(Partitioning):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ensure_partition(
        self, table: Table, month: TimeSpan, shared_before: datetime
    ) -> TimeSpan:
        return await ensure_partition(self._engine, table, month, shared_before)

    def is_partition_missing(self, error: BaseException | None) -> bool:
        return error is not None and sqlstate(error) == CHECK_VIOLATION


class PostgresqlErrors(ErrorTranslator):
    def __init__(self, visibility: TableVisibility) -> None:
        self._visibility = visibility

    def diagnose(self, error: BaseException) -> Diagnosis:
        return diagnose(error)

    async def examine(self, error: BaseException) -> Diagnosis:
        diagnosis = self.diagnose(error)
        if diagnosis.state in UNDEFINED_STATES:
            return await self._visibility.judge(diagnosis)
        return diagnosis

    def was_rolled_back(self, error: BaseException) -> bool:
        # Errors end the transaction; FATAL and PANIC end the session, perhaps after the commit.
        return severity_of(error) == "ERROR"


class PostgresqlProbes(Probes):
    async def rights(self, connection: AsyncConnection, tables: Sequence[str]) -> Rights:
        return await rights_on_postgresql(connection, tables)

    async def hides_tables(self, connection: AsyncConnection) -> bool:
        return await tables_are_hidden_on_postgresql(connection)

    async def check_free_space(self, connection: AsyncConnection) -> None:
        await spill_on_postgresql(connection)

    async def read_server_clock(self, connection: AsyncConnection) -> datetime:
        result = await connection.execute(text("SELECT clock_timestamp()"))
        clock: datetime = result.scalar_one()
        return clock


def postgresql_dialect(url: str, pool: PoolSettings) -> DatabaseDialect:
    connections = PostgresqlConnections(url, pool)
    engine = connections.engine
    feeds = PostgresqlFeedPositions(engine, pool.silence_seconds)
    return DatabaseDialect(
        name="postgresql",
        title="PostgreSQL",
        partitioned=True,
        hashes_groups=True,
        many_processes=True,
        parallel_writers=3,
        probe_chars=1,
        connections=connections,
        rows=PostgresqlRowAccess(connections, feeds),
        guarded=PostgresqlGuardedWriter(connections),
        usage=PostgresqlUsageTransactions(connections),
        locks=PostgresqlLocks(),
        partitions=PostgresqlPartitioning(engine),
        feeds=feeds,
        expressions=PostgresqlExpressions(),
        json_objects=PostgresqlJsonObjects(),
        sketches=PostgresqlSketches(),
        errors=PostgresqlErrors(table_visibility(engine, pool.wait_seconds)),
        probes=PostgresqlProbes(),
    )


def table_visibility(engine: AsyncEngine, wait_seconds: float) -> TableVisibility:
    return TableVisibility(
        create_async_engine(
            engine.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": wait_seconds},
        )
    )

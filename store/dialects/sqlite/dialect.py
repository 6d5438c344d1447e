"""SQLite: one writer, embedded in the process."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects.base import DatabaseDialect
from store.dialects.errors import Diagnosis, ErrorTranslator
from store.dialects.json_objects import NoJsonObjects
from store.dialects.locks import Locks
from store.dialects.partitions import Partitioning, TimeSpan
from store.dialects.pools import PoolSettings
from store.dialects.probes import Probes
from store.dialects.sqlite.connections import SqliteConnections
from store.dialects.sqlite.database_file import DatabaseFile
from store.dialects.sqlite.errors import DISK_ERRORS, diagnose, state_of
from store.dialects.sqlite.expressions import SqliteExpressions
from store.dialects.sqlite.feeds import SqliteFeedPositions
from store.dialects.sqlite.guarded_writes import SqliteGuardedWriter
from store.dialects.sqlite.rows import SqliteRowAccess
from store.dialects.sqlite.sketches import SqliteSketches
from store.dialects.sqlite.usage_transactions import SqliteUsageTransactions
from store.ids import utc_now


class SqliteLocks(Locks):
    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        return statement  # BEGIN IMMEDIATE holds the only write lock there is.


class NoPartitions(Partitioning):
    async def ensure_partition(
        self, table: Table, month: TimeSpan, shared_before: datetime
    ) -> TimeSpan:
        raise NotImplementedError("SQLite keeps each table in one piece")

    def is_partition_missing(self, error: BaseException | None) -> bool:
        del error
        return False


class SqliteErrors(ErrorTranslator):
    def diagnose(self, error: BaseException) -> Diagnosis:
        return diagnose(error)

    def was_rolled_back(self, error: BaseException) -> bool:
        # Where writing to the disk failed, the commit may have reached it all the same.
        return not state_of(error).startswith(DISK_ERRORS)


class SqliteProbes(Probes):
    def __init__(self, file: DatabaseFile) -> None:
        self._file = file

    async def check_free_space(self, connection: AsyncConnection) -> Diagnosis | None:
        del connection
        return self._file.check_free_space()

    async def read_server_clock(self, connection: AsyncConnection) -> datetime:
        del connection  # an embedded database has the clock of its process
        return utc_now()


def sqlite_dialect(url: str, pool: PoolSettings) -> DatabaseDialect:
    connections = SqliteConnections(url, pool)
    feeds = SqliteFeedPositions()
    return DatabaseDialect(
        name="sqlite",
        title="SQLite",
        partitioned=False,
        hashes_groups=False,
        many_processes=False,
        parallel_writers=1,
        probe_chars=65_536,
        connections=connections,
        rows=SqliteRowAccess(connections, feeds),
        guarded=SqliteGuardedWriter(connections, feeds),
        usage=SqliteUsageTransactions(connections),
        locks=SqliteLocks(),
        partitions=NoPartitions(),
        feeds=feeds,
        expressions=SqliteExpressions(connections),
        json_objects=NoJsonObjects(),  # it writes floats with 15 digits
        sketches=SqliteSketches(),
        errors=SqliteErrors(),
        probes=SqliteProbes(connections.file),
    )

"""PostgreSQL 15 and newer: COPY through the driver, row locks, monthly partitions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    Interval,
    Numeric,
    Select,
    Table,
    Text,
    case,
    cast,
    collate,
    func,
    literal,
    make_url,
    null,
    text,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from models.types import Instant, JsonNumber, SketchBins
from store.dialects.attempts import TransactionAttempt
from store.dialects.base import (
    DatabaseDialect,
    DuplicateKeysError,
    FeedHorizon,
)
from store.dialects.errors import Diagnosis
from store.dialects.insert_plans import Columns, Convert, encode_json
from store.dialects.json_leaf import JsonLeaf
from store.dialects.notification_channel import NotificationChannel
from store.dialects.partitioning import TimeSpan, ensure_partition
from store.dialects.pools import ConnectionCapacity, PoolSettings
from store.dialects.postgresql.connection_guard import ConnectionGuard, watchdog_of
from store.dialects.postgresql.connection_options import session_settings
from store.dialects.postgresql.copy import copy, copy_alone, copy_load_of, copy_together
from store.dialects.postgresql.errors import CHECK_VIOLATION, diagnose, severity_of, sqlstate
from store.dialects.postgresql.notifications import PostgresqlNotificationChannel
from store.dialects.postgresql.visibility import UNDEFINED_STATES, TableVisibility
from store.dialects.probes import (
    Rights,
    rights_on_postgresql,
    spill_on_postgresql,
    tables_are_hidden_on_postgresql,
)
from store.dialects.value_lists import in_array
from store.histograms import MIN_VALUE

RESERVED_CONNECTIONS = 16
"""Up to twelve for the writer, the others for authentication, health, feeds and housekeeping."""
SHARE_LOCKS = text(
    "SELECT pg_advisory_xact_lock_shared(key) FROM unnest(CAST(:keys AS bigint[])) AS named(key)"
)
EXCLUSIVE_LOCK = text("SELECT pg_advisory_xact_lock(CAST(:key AS bigint))")
SNAPSHOT = text(
    "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint "
    "FROM pg_current_snapshot() s"
)
"""The oldest transaction that runs, and the next one to begin."""


class PostgresqlDialect(DatabaseDialect):
    name = "postgresql"
    title = "PostgreSQL"
    partitioned = True
    hashes_groups = True
    many_processes = True
    parallel_writers = 3
    probe_chars = 1

    def __init__(self, url: str, pool: PoolSettings) -> None:
        super().__init__()
        self._places = capacity_of(pool)
        self._pool = pool
        self._guard = ConnectionGuard(pool)
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool.size,
            max_overflow=pool.overflow,
            pool_timeout=pool.wait_seconds,
            json_serializer=encode_json,
            json_deserializer=msgspec.json.decode,
            hide_parameters=True,  # what callers sent is nothing for a log
            connect_args={
                "timeout": pool.wait_seconds,
                "async_creator_fn": self._guard.connect,
                "server_settings": {
                    **session_settings(pool),
                    "timezone": "UTC",
                    # Short statements by the thousand: compiling them costs more than running them.
                    "jit": "off",
                },
            },
        )
        self._guard.attach(self._engine.sync_engine)
        # A read is one statement: without BEGIN and ROLLBACK it is one round trip instead of three.
        self._read = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._visibility = TableVisibility(
            create_async_engine(
                self._engine.url,
                poolclass=NullPool,
                isolation_level="AUTOCOMMIT",
                connect_args={"timeout": pool.wait_seconds},
            )
        )
        self._snapshot = self._engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def read_engine(self) -> AsyncEngine:
        return self._read

    @property
    def places(self) -> ConnectionCapacity:
        return self._places

    @property
    def write_engine(self) -> AsyncEngine:
        return self._engine

    @property
    def snapshot_engine(self) -> AsyncEngine:
        return self._snapshot

    async def dispose(self) -> None:
        await self._engine.dispose()
        await self._guard.close()

    def limit_unit(self, connection: AsyncConnection, seconds: float | None) -> None:
        assert connection.sync_connection is not None
        watchdog_of(connection.sync_connection.connection).limit_unit(seconds)

    def insert(self, table: Table) -> Insert:
        return insert(table)

    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        return statement.with_for_update()

    async def share_locks(self, connection: AsyncConnection, names: Sequence[str]) -> None:
        keys = sorted({_lock_key(name) for name in names})  # one order, so that nobody deadlocks
        await connection.execute(SHARE_LOCKS, {"keys": keys})

    async def exclusive_lock(self, connection: AsyncConnection, name: str) -> None:
        await connection.execute(EXCLUSIVE_LOCK, {"key": _lock_key(name)})

    async def bulk_insert_columns(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> None:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        if not driver.is_in_transaction():
            # SQLAlchemy begins one with its first statement: COPY goes past it.
            await connection.exec_driver_sql("SELECT 1")
        driver.watchdog.arm()
        await copy(driver, copy_load_of(table, columns))
        driver.watchdog.disarm()

    async def write_columns(
        self, tables: Sequence[tuple[Table, Columns]], attempt: TransactionAttempt, seconds: float
    ) -> bool:
        loads = [copy_load_of(table, columns) for table, columns in tables]
        async with self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver.watchdog.limit_unit(seconds)
            driver.watchdog.arm()
            try:
                if len(loads) == 1:
                    await copy_alone(driver, loads[0], attempt)
                else:
                    await copy_together(driver, loads, attempt)
            except DuplicateKeysError:
                attempt.has_sent_commit = False
                return False
        return True

    def was_rolled_back(self, error: BaseException) -> bool:
        # Errors end the transaction; FATAL and PANIC end the session, perhaps after the commit.
        return severity_of(error) == "ERROR"

    def foreign_positions(self, position: ColumnElement[Any]) -> ColumnElement[bool]:
        # Of one snapshot: whoever wrote a row that it shows had begun before it.
        begun = func.pg_snapshot_xmax(func.pg_current_snapshot())
        return position >= cast(cast(begun, Text()), BigInteger())

    async def feed_horizon(self, connection: AsyncConnection, table: Table) -> FeedHorizon:
        del table
        result = await connection.execute(SNAPSHOT)
        return FeedHorizon(*result.one())

    def notification_channel(self) -> NotificationChannel:
        return PostgresqlNotificationChannel(self._engine, self._pool.silence_seconds)

    def make_reader(self, column: Column[Any]) -> Convert | None:
        del (
            column
        )  # the driver reads every type of ours, JSON by SQLAlchemy's codec; instants are UTC
        return None

    def diagnose(self, error: BaseException) -> Diagnosis:
        return diagnose(error)

    async def examine(self, error: BaseException) -> Diagnosis:
        diagnosis = self.diagnose(error)
        if diagnosis.state in UNDEFINED_STATES:
            return await self._visibility.judge(diagnosis)
        return diagnosis

    async def rights(self, connection: AsyncConnection, tables: Sequence[str]) -> Rights:
        return await rights_on_postgresql(connection, tables)

    async def hides_tables(self, connection: AsyncConnection) -> bool:
        return await tables_are_hidden_on_postgresql(connection)

    async def check_free_space(self, connection: AsyncConnection) -> None:
        await spill_on_postgresql(connection)

    def reopen(self) -> None:
        self._guard.distrust()

    def is_partition_missing(self, error: BaseException | None) -> bool:
        return error is not None and sqlstate(error) == CHECK_VIOLATION

    async def ensure_partition(
        self, table: Table, month: TimeSpan, shared_before: datetime
    ) -> TimeSpan:
        return await ensure_partition(self._engine, table, month, shared_before)

    async def read_server_clock(self, connection: AsyncConnection) -> datetime:
        result = await connection.execute(text("SELECT clock_timestamp()"))
        clock: datetime = result.scalar_one()
        return clock

    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> JsonLeaf:
        value: ColumnElement[Any] = column
        for step in path:
            value = value.op("->")(cast(step, Text()))
        kind = func.json_typeof(value, type_=Text())
        plain = value.op("#>>", return_type=Text())(text("'{}'"))
        return JsonLeaf(
            kind=kind,
            text=case((kind == "string", plain), else_=null()),
            number=case((kind == "number", cast(plain, JsonNumber())), else_=null()),
            truth=case((kind == "boolean", cast(plain, Boolean())), else_=null()),
        )

    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.strpos(column, text) > 0

    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        return in_array(column, values)

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.starts_with(column, text) == true()

    def ends_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.right(column, len(text)) == text

    def fold_ascii_case(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # lower() depends on the collation of the database.
        return func.translate(column, ascii_uppercase, ascii_lowercase, type_=Text())

    def quantile(
        self, value: ColumnElement[Any], q: float, quantiles: tuple[float, ...]
    ) -> ColumnElement[float]:
        del quantiles  # it finds out by itself that they need one order only
        percentile = func.percentile_cont(literal(q, Double())).within_group(value)
        return type_coerce(percentile, Double())

    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        width = literal(step, Interval())
        return func.date_bin(width, column, literal(origin, Instant()), type_=Instant())

    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]:
        between = type_coerce(end, TIMESTAMP(True)) - type_coerce(start, TIMESTAMP(True))
        return func.date_part("epoch", between, type_=Double()) * literal(1_000.0, Double())

    def wide(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(value, Numeric())

    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return collate(column, "C")

    def bin_indexes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        number: ColumnElement[float] = cast(value, Double())
        lane = func.trackstore_lane(number)
        return func.array_agg(lane, type_=SketchBins).filter(number >= MIN_VALUE)

    def has_few_bins(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]:
        return func.cardinality(lanes) <= most

    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sum(histogram)


def capacity_of(pool: PoolSettings) -> ConnectionCapacity:
    total = pool.size + pool.overflow
    reserved = min(RESERVED_CONNECTIONS, total // 3)
    questions = min(pool.questions, max((total - reserved) // 3, 1))
    return ConnectionCapacity(max(total - reserved - questions, 1), questions)


def _lock_key(name: str) -> int:
    """Return the 64-bit number by which PostgreSQL knows a named lock."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)

"""SQLite: one writer connection in WAL mode, readers beside it, batches through the raw driver."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Double,
    Select,
    Table,
    Text,
    Uuid,
    case,
    cast,
    event,
    func,
    literal,
    literal_column,
    make_url,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from models.feeds import FEED_POSITION
from models.private_files import create_private_file, create_private_folder
from models.types import MICROSECOND, Instant, JsonNumber, SketchBins, to_microseconds
from store import histograms
from store.dialects.attempts import TransactionAttempt
from store.dialects.base import DatabaseDialect, DuplicateKeysError, FeedHorizon
from store.dialects.errors import Diagnosis, name_statement
from store.dialects.insert_plans import Columns, Convert, encode_json, insert_values_of
from store.dialects.json_leaf import JsonLeaf
from store.dialects.partitioning import TimeSpan
from store.dialects.pools import ConnectionCapacity, PoolSettings
from store.dialects.sqlite.database_file import DatabaseFile
from store.dialects.sqlite.deadlines import DEADLINE, Deadline, stop_in_time
from store.dialects.sqlite.errors import DISK_ERRORS, diagnose, state_of
from store.dialects.sqlite.isolated_reads import IsolatedConnection
from store.dialects.sqlite.write_ahead_log import KEPT_LOG_BYTES, WriteAheadLog
from store.dialects.value_lists import in_json_array
from store.errors import InvalidInputError
from store.ids import utc_now
from store.isolation.functions import add_functions
from store.isolation.workers import WORKERS

MAX_READERS = 4
"""Connections that callers read records over; each is a thread, and more do not read faster."""
RESERVED_READERS = 2
"""Connections for authentication, health, feeds and housekeeping: they never wait for callers."""
MAX_AGGREGATION_CONNECTIONS = 3
"""Aggregations that run at once, each in a process of its own."""
BUSY_SECONDS = 5
"""How long to wait for another process (a migration, ``keys create``) that holds the write lock.

Nothing ends this wait early, not even a stop of the server; the writer tries again after it.
"""
PROGRESS_STEPS = 20_000
"""Virtual machine steps between two looks at the clock of a running statement."""

DUPLICATE_ERRORS = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")


class SqliteDialect(DatabaseDialect):
    name = "sqlite"
    title = "SQLite"
    partitioned = False
    hashes_groups = False
    many_processes = False
    parallel_writers = 1
    probe_chars = 65_536

    def __init__(self, url: str, pool: PoolSettings) -> None:
        super().__init__()
        parsed = make_url(url).set(drivername="sqlite+aiosqlite")
        if not parsed.database or parsed.database == ":memory:":
            raise InvalidInputError("SQLite needs a file: use sqlite:///trackstore.db")
        create_private_folder(Path(parsed.database).expanduser().parent)
        if not parsed.database.startswith("file:"):
            create_private_file(Path(parsed.database))
        self._file = DatabaseFile(parsed.database)
        self.log = WriteAheadLog(str(Path(parsed.database).expanduser()))
        self._pool = pool
        self._positions: dict[str, int] = {}
        wait = pool.wait_seconds
        self._write = self._engine(parsed, 1, wait, writer=True)
        self._read = self._engine(parsed, MAX_READERS + RESERVED_READERS, wait, writer=False)
        self._places = ConnectionCapacity(
            MAX_READERS, min(pool.questions, MAX_AGGREGATION_CONNECTIONS)
        )
        self._ask = self._aggregation_engine(parsed)

    def _engine(self, url: Any, size: int, wait: float, writer: bool) -> AsyncEngine:
        engine = create_async_engine(
            url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=wait,
            connect_args={"timeout": BUSY_SECONDS},
            json_serializer=encode_json,
            json_deserializer=msgspec.json.decode,
            hide_parameters=True,  # what callers sent is nothing for a log
        )

        self._file.guard(engine.sync_engine)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            # The driver's own transaction control is switched off: `begin` below says what begins.
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA synchronous={self._pool.synchronous}")
            cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
            connection.run_async(lambda raw: raw._execute(add_functions, raw._conn))
            if writer:
                cursor.execute(f"PRAGMA journal_size_limit={KEPT_LOG_BYTES}")
            else:
                cursor.execute("PRAGMA query_only=ON")
                deadline = record.info[DEADLINE] = Deadline(self._pool.statement_seconds)
                connection.run_async(
                    lambda raw: raw.set_progress_handler(deadline.passed, PROGRESS_STEPS)
                )
            cursor.close()

        if not writer:
            stop_in_time(engine)

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

        return engine

    def _aggregation_engine(self, url: Any) -> AsyncEngine:
        path = str(Path(str(url.database)).expanduser().absolute())

        def make(_file: str, **options: Any) -> IsolatedConnection:
            return IsolatedConnection(path, **options)

        engine = create_async_engine(
            url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=self._places.questions,
            max_overflow=0,
            pool_timeout=self._pool.wait_seconds,
            connect_args={"factory": make},
            hide_parameters=True,
        )

        self._file.guard(engine.sync_engine)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            deadline = record.info[DEADLINE] = Deadline(self._pool.statement_seconds)
            connection.driver_connection._conn.seconds_left = deadline.left

        stop_in_time(engine)
        return engine

    @property
    def read_engine(self) -> AsyncEngine:
        return self._read

    @property
    def aggregation_engine(self) -> AsyncEngine:
        return self._ask

    @property
    def places(self) -> ConnectionCapacity:
        return self._places

    @property
    def write_engine(self) -> AsyncEngine:
        return self._write

    @property
    def snapshot_engine(self) -> AsyncEngine:
        return self._write  # whoever holds the write lock sees one state

    @property
    def is_log_long(self) -> bool:
        return self.log.is_long

    async def shorten_log(self) -> bool:
        async with self._write.connect() as connection:
            raw = await connection.get_raw_connection()
            return await self.log.write_back(raw.driver_connection, BUSY_SECONDS * 1000)

    async def dispose(self) -> None:
        await self._ask.dispose()
        # Only the last one that has the file open writes its log back and removes it.
        await asyncio.to_thread(WORKERS.close_files)
        await super().dispose()

    def insert(self, table: Table) -> Insert:
        return insert(table)

    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        return statement  # BEGIN IMMEDIATE holds the only write lock there is.

    async def bulk_insert_columns(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> None:
        raw = await connection.get_raw_connection()
        await self._insert(raw.driver_connection, table, columns)

    async def write_columns(
        self, tables: Sequence[tuple[Table, Columns]], attempt: TransactionAttempt, seconds: float
    ) -> bool:
        del seconds
        async with self._write.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.execute("BEGIN IMMEDIATE")
            try:
                for table, columns in tables:
                    await self._insert(driver, table, columns)
                attempt.send_commit()
                await driver.commit()
            except DuplicateKeysError:
                await driver.rollback()
                return False
            except BaseException:
                await asyncio.shield(driver.rollback())
                raise
        return True

    def limit_unit(self, connection: AsyncConnection, seconds: float | None) -> None:
        del connection, seconds  # nobody can interrupt the disk

    def is_partition_missing(self, error: BaseException | None) -> bool:
        del error
        return False

    def was_rolled_back(self, error: BaseException) -> bool:
        # Where writing to the disk failed, the commit may have reached it all the same.
        return not state_of(error).startswith(DISK_ERRORS)

    async def _insert(self, driver: Any, table: Table, columns: Columns) -> None:
        at = list(table.columns.keys()).index(FEED_POSITION) if FEED_POSITION in table.c else None
        if at is not None and at not in columns:
            number = await self._next_position(driver, table)
            columns = {**columns, at: (number,) * len(next(iter(columns.values())))}
        await insert_many(driver, table, columns)

    async def feed_position(self, connection: AsyncConnection, table: Table) -> dict[str, int]:
        raw = await connection.get_raw_connection()
        return {FEED_POSITION: await self._next_position(raw.driver_connection, table)}

    async def _next_position(self, driver: Any, table: Table) -> int:
        """Return microseconds since the epoch, monotonic even if the clock moves back.

        Only the one writer asks, inside its transaction.
        """
        last = self._positions.get(table.name)
        if last is None:
            newest = f'SELECT max({FEED_POSITION}) FROM "{table.name}"'  # noqa: S608  # our own names
            ((newest_rows,),) = await driver.execute_fetchall(newest)
            last = newest_rows or 0
        self._positions[table.name] = number = max(last + 1, time.time_ns() // 1_000)
        return number

    async def feed_horizon(self, connection: AsyncConnection, table: Table) -> FeedHorizon:
        # Whoever reads sees whole transactions of one writer, in their order.
        newest = await connection.scalar(select(func.max(table.c[FEED_POSITION])))
        return FeedHorizon((newest or 0) + 1, (newest or 0) + 1)

    def notification_channel(self) -> None:
        return None

    def make_reader(self, column: Column[Any]) -> Convert | None:
        dialect = self._read.dialect
        return column.type.dialect_impl(dialect).result_processor(dialect, None)

    def diagnose(self, error: BaseException) -> Diagnosis:
        return diagnose(error)

    async def check_free_space(self, connection: AsyncConnection) -> Diagnosis | None:
        del connection
        return self._file.check_free_space()

    def reopen(self) -> None:
        self._file.reopen()

    async def ensure_partition(
        self, table: Table, month: TimeSpan, shared_before: datetime
    ) -> TimeSpan:
        raise NotImplementedError("SQLite keeps each table in one piece")

    async def read_server_clock(self, connection: AsyncConnection) -> datetime:
        del connection  # an embedded database has the clock of its process
        return utc_now()

    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> JsonLeaf:
        where = "$" + "".join("." + json.dumps(step, ensure_ascii=False) for step in path)
        kind = func.json_type(column, where)
        value = func.json_extract(column, where)
        is_number, is_truth = kind.in_(["integer", "real"]), kind.in_(["true", "false"])
        return JsonLeaf(
            kind=case(
                (kind == "text", "string"),
                (is_number, "number"),
                (is_truth, "boolean"),
                else_=kind,
            ),
            text=case((kind == "text", type_coerce(value, Text())), else_=null()),
            number=case((is_number, type_coerce(value, JsonNumber())), else_=null()),
            truth=case((is_truth, type_coerce(value, Boolean())), else_=null()),
        )

    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.instr(column, text) > 0

    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        return in_json_array(column, values, self.read_engine.dialect)

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.substr(column, 1, len(text)) == text

    def ends_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        if not text:
            return column.is_not(None)
        return func.substr(column, -len(text)) == text

    def fold_ascii_case(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return func.lower(column, type_=Text())

    def quantile(
        self, value: ColumnElement[Any], q: float, quantiles: tuple[float, ...]
    ) -> ColumnElement[float]:
        # Written out: calls of the same text are made once, and what is bound is never the same.
        every: ColumnElement[str] = literal_column(f"'{' '.join(map(repr, quantiles))}'")
        exact_quantile = func.trackstore_exact(value, every)
        return func.trackstore_nth(exact_quantile, quantiles.index(q), type_=Double())

    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        at = type_coerce(column, BigInteger())
        past = (at - literal(to_microseconds(origin), BigInteger())).self_group()
        return type_coerce(at - past % literal(step // MICROSECOND, BigInteger()), Instant())

    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]:
        between = type_coerce(end, BigInteger()) - type_coerce(start, BigInteger())
        return type_coerce(between / literal(1_000.0, Double()), Double())

    def wide(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(value, Double())

    def exact_sum(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_wide_sum(value, type_=value.type)

    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return column

    def bin_indexes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_lanes(value, type_=SketchBins)

    def has_few_bins(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]:
        return func.length(lanes) <= 2 * most

    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_union(histogram, type_=histogram.type)


def insert_sql(table: Table, names: Sequence[str]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    return f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'  # noqa: S608  # names of our own columns


async def insert_many(driver: Any, table: Table, columns: Columns) -> None:
    """Insert rows into a table; raises ``DuplicateKeysError``."""
    names, records = insert_values_of(table, columns, converter)
    try:
        cursor = await driver.executemany(insert_sql(table, names), records)
        await cursor.close()
    except sqlite3.IntegrityError as error:
        if getattr(error, "sqlite_errorname", "") not in DUPLICATE_ERRORS:
            name_statement(error, f"INSERT {table.name}")
            raise
        raise DuplicateKeysError from error
    except sqlite3.Error as error:
        name_statement(error, f"INSERT {table.name}")
        raise


def converter(column: Column[Any]) -> Convert | None:
    """Return the converter for raw driver values of a column; None if they need none."""
    if isinstance(column.type, Instant):
        return to_microseconds
    if isinstance(column.type, Uuid):
        return attrgetter("hex")
    if isinstance(column.type, JSON):
        return encode_json
    if column.type is SketchBins:
        return histograms.bins_as_bytes
    return str if isinstance(column.type, Date) else None

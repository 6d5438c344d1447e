"""Connections of SQLite: one writer in WAL mode, readers beside it, aggregations in other processes."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from models.private_files import create_private_file, create_private_folder
from store.dialects.connections import Connections
from store.dialects.insert_plans import encode_json
from store.dialects.pools import ConnectionCapacity, PoolSettings
from store.dialects.sqlite.database_file import DatabaseFile
from store.dialects.sqlite.deadlines import DEADLINE, Deadline, stop_in_time
from store.dialects.sqlite.isolated_reads import IsolatedConnection
from store.dialects.sqlite.write_ahead_log import KEPT_LOG_BYTES, WriteAheadLog
from store.errors import InvalidInputError
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


class SqliteConnections(Connections):
    def __init__(self, url: str, pool: PoolSettings) -> None:
        parsed = make_url(url).set(drivername="sqlite+aiosqlite")
        if not parsed.database or parsed.database == ":memory:":
            raise InvalidInputError("SQLite needs a file: use sqlite:///trackstore.db")
        create_private_folder(Path(parsed.database).expanduser().parent)
        if not parsed.database.startswith("file:"):
            create_private_file(Path(parsed.database))
        self.file = DatabaseFile(parsed.database)
        self.log = WriteAheadLog(str(Path(parsed.database).expanduser()))
        self._pool = pool
        wait = pool.wait_seconds
        self._write = self._engine(parsed, 1, wait, writer=True)
        self._read = self._engine(parsed, MAX_READERS + RESERVED_READERS, wait, writer=False)
        self._places = ConnectionCapacity(
            MAX_READERS, min(pool.questions, MAX_AGGREGATION_CONNECTIONS)
        )
        self._ask = self._aggregation_engine(parsed)

    @property
    def read_engine(self) -> AsyncEngine:
        return self._read

    @property
    def aggregation_engine(self) -> AsyncEngine:
        return self._ask

    @property
    def write_engine(self) -> AsyncEngine:
        return self._write

    @property
    def snapshot_engine(self) -> AsyncEngine:
        return self._write  # whoever holds the write lock sees one state

    @property
    def places(self) -> ConnectionCapacity:
        return self._places

    def limit_unit(self, connection: AsyncConnection, seconds: float | None) -> None:
        del connection, seconds  # nobody can interrupt the disk

    @property
    def is_log_long(self) -> bool:
        return self.log.is_long

    async def shorten_log(self) -> bool:
        async with self._write.connect() as connection:
            raw = await connection.get_raw_connection()
            return await self.log.write_back(raw.driver_connection, BUSY_SECONDS * 1000)

    def reopen(self) -> None:
        self.file.reopen()

    async def dispose(self) -> None:
        await self._ask.dispose()
        # Only the last one that has the file open writes its log back and removes it.
        await asyncio.to_thread(WORKERS.close_files)
        await super().dispose()

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

        self.file.guard(engine.sync_engine)

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

        self.file.guard(engine.sync_engine)

        @event.listens_for(engine.sync_engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            deadline = record.info[DEADLINE] = Deadline(self._pool.statement_seconds)
            connection.driver_connection._conn.seconds_left = deadline.left

        stop_in_time(engine)
        return engine

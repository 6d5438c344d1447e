"""Connections of PostgreSQL, watched for answers that never come."""

import msgspec
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.dialects.connections import Connections
from store.dialects.insert_plans import encode_json
from store.dialects.pools import ConnectionCapacity, PoolSettings
from store.dialects.postgresql.connection_guard import ConnectionGuard, watchdog_of
from store.dialects.postgresql.connection_options import session_settings

RESERVED_CONNECTIONS = 16
"""Up to twelve for the writer, the others for authentication, health, feeds and housekeeping."""


class PostgresqlConnections(Connections):
    def __init__(self, url: str, pool: PoolSettings) -> None:
        self._places = capacity_of(pool)
        self._pool = pool
        self._guard = ConnectionGuard(pool)
        self.engine = create_async_engine(
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
        self._guard.attach(self.engine.sync_engine)
        # A read is one statement: without BEGIN and ROLLBACK it is one round trip instead of three.
        self._read = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._snapshot = self.engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def read_engine(self) -> AsyncEngine:
        return self._read

    @property
    def write_engine(self) -> AsyncEngine:
        return self.engine

    @property
    def snapshot_engine(self) -> AsyncEngine:
        return self._snapshot

    @property
    def places(self) -> ConnectionCapacity:
        return self._places

    def limit_unit(self, connection: AsyncConnection, seconds: float | None) -> None:
        assert connection.sync_connection is not None
        watchdog_of(connection.sync_connection.connection).limit_unit(seconds)

    def reopen(self) -> None:
        self._guard.distrust()

    async def dispose(self) -> None:
        await self.engine.dispose()
        await self._guard.close()


def capacity_of(pool: PoolSettings) -> ConnectionCapacity:
    total = pool.size + pool.overflow
    reserved = min(RESERVED_CONNECTIONS, total // 3)
    questions = min(pool.questions, max((total - reserved) // 3, 1))
    return ConnectionCapacity(max(total - reserved - questions, 1), questions)

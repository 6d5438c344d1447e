"""Writes and reads rows of PostgreSQL, by COPY."""

from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects.attempts import TransactionAttempt
from store.dialects.connections import Connections
from store.dialects.feeds import FeedPositions
from store.dialects.insert_plans import Columns, Convert
from store.dialects.postgresql.copy import copy, copy_alone, copy_load_of
from store.dialects.rows import DuplicateKeysError, RowAccess


class PostgresqlRowAccess(RowAccess):
    def __init__(self, connections: Connections, feeds: FeedPositions) -> None:
        super().__init__(feeds)
        self._connections = connections

    def insert(self, table: Table) -> Insert:
        return insert(table)

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
        self, table: Table, columns: Columns, attempt: TransactionAttempt, seconds: float
    ) -> bool:
        load = copy_load_of(table, columns)
        async with self._connections.write_engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver.watchdog.limit_unit(seconds)
            driver.watchdog.arm()
            try:
                await copy_alone(driver, load, attempt)
            except DuplicateKeysError:
                attempt.has_sent_commit = False
                return False
        return True

    def make_reader(self, column: Column[Any]) -> Convert | None:
        del (
            column
        )  # the driver reads every type of ours, JSON by SQLAlchemy's codec; instants are UTC
        return None

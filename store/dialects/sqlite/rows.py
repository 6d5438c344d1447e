"""Writes and reads rows through the raw driver of SQLite."""

import asyncio
import sqlite3
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    Table,
    Uuid,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from models.feeds import FEED_POSITION
from models.types import Instant, to_microseconds
from store.dialects.attempts import TransactionAttempt
from store.dialects.connections import Connections
from store.dialects.errors import name_statement
from store.dialects.insert_plans import Columns, Convert, encode_json, insert_values_of
from store.dialects.rows import DuplicateKeysError, RowAccess
from store.dialects.sqlite.feeds import SqliteFeedPositions

DUPLICATE_ERRORS = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")


class SqliteRowAccess(RowAccess):
    def __init__(self, connections: Connections, feeds: SqliteFeedPositions) -> None:
        super().__init__(feeds)
        self._connections = connections
        self._positions = feeds

    def insert(self, table: Table) -> Insert:
        return insert(table)

    async def bulk_insert_columns(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> None:
        raw = await connection.get_raw_connection()
        await self._insert(raw.driver_connection, table, columns)

    async def write_columns(
        self, table: Table, columns: Columns, attempt: TransactionAttempt, seconds: float
    ) -> bool:
        del seconds
        async with self._connections.write_engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.execute("BEGIN IMMEDIATE")
            try:
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

    def make_reader(self, column: Column[Any]) -> Convert | None:
        dialect = self._connections.read_engine.dialect
        return column.type.dialect_impl(dialect).result_processor(dialect, None)

    async def _insert(self, driver: Any, table: Table, columns: Columns) -> None:
        at = list(table.columns.keys()).index(FEED_POSITION) if FEED_POSITION in table.c else None
        if at is not None and at not in columns:
            number = await self._positions.next_position(driver, table)
            columns = {**columns, at: (number,) * len(next(iter(columns.values())))}
        await insert_many(driver, table, columns)


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
    return str if isinstance(column.type, Date) else None

"""Defines how rows are written and read in bulk."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Insert, Select, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from models.feeds import FEED_POSITION
from store.dialects.attempts import TransactionAttempt
from store.dialects.feeds import FeedPositions
from store.dialects.insert_plans import Columns, Convert, Rows, columns_of_rows
from store.dialects.row_columns import FetchedColumns


class DuplicateKeysError(Exception):
    """A bulk insert met a key that exists; nothing of it stays once its savepoint is rolled back."""


class RowAccess(ABC):
    def __init__(self, feeds: FeedPositions) -> None:
        self._feeds = feeds
        self._readers: dict[Column[Any], Convert | None] = {}
        self._upserts: dict[tuple[Table, tuple[str, ...]], Insert] = {}

    @abstractmethod
    def insert(self, table: Table) -> Insert:
        """Return an INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""

    @abstractmethod
    async def bulk_insert_columns(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> None:
        """Insert all rows by the fastest way there is; raises ``DuplicateKeysError``."""

    @abstractmethod
    async def write_columns(
        self, table: Table, columns: Columns, attempt: TransactionAttempt, seconds: float
    ) -> bool:
        """Insert in a transaction of its own; return False and insert nothing if a key exists."""

    @abstractmethod
    def make_reader(self, column: Column[Any]) -> Convert | None: ...

    async def insert_ignoring_duplicates(
        self, connection: AsyncConnection, table: Table, rows: Rows
    ) -> set[tuple[Any, ...]]:
        """Insert the rows whose key is new; return the primary keys that were inserted."""
        if not rows:
            return set()
        names = [column.name for column in table.columns]
        key = list(table.primary_key.columns)
        insert: Any = self.insert(table)
        statement = insert.on_conflict_do_nothing().returning(*key)
        values = [dict(zip(names, row, strict=True)) for row in rows]
        if FEED_POSITION in names:
            number = await self._feeds.feed_position(connection, table)
            for row in values:
                del row[FEED_POSITION]
                row.update(number)
        inserted = await connection.execute(statement, values)
        return {tuple(inserted_key) for inserted_key in inserted}

    async def upsert(
        self, connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert the rows; where a primary key exists, set its other given columns."""
        if not rows:
            return
        names = tuple(rows[0])
        statement = self._upserts.get((table, names))
        if statement is None:
            statement = self._upserts[table, names] = self._upsert(table, names)
        await connection.execute(statement, list(rows))

    def _upsert(self, table: Table, names: Sequence[str]) -> Insert:
        key = [column.name for column in table.primary_key.columns]
        insert: Any = self.insert(table)
        changed = {name: insert.excluded[name] for name in names if name not in key}
        statement: Insert = insert.on_conflict_do_update(index_elements=key, set_=changed)
        return statement

    async def bulk_insert(self, connection: AsyncConnection, table: Table, rows: Rows) -> None:
        if rows:
            await self.bulk_insert_columns(connection, table, columns_of_rows(table, rows))

    async def insert_new(
        self, connection: AsyncConnection, table: Table, rows: Rows
    ) -> set[tuple[Any, ...]] | None:
        """Insert the rows whose key is new, by bulk if all are: None means all were inserted."""
        columns = columns_of_rows(table, rows)
        if not rows or await self.insert_columns_if_new(connection, table, columns):
            return None
        return await self.insert_ignoring_duplicates(connection, table, rows)

    async def insert_columns_if_new(
        self, connection: AsyncConnection, table: Table, columns: Columns
    ) -> bool:
        """Insert all rows, or none of them where the key of one exists: False."""
        try:
            async with connection.begin_nested():
                await self.bulk_insert_columns(connection, table, columns)
        except DuplicateKeysError:
            return False
        return True

    async def fetch(
        self,
        connection: AsyncConnection,
        statement: Select[Any],
        columns: Sequence[Column[Any]],
    ) -> FetchedColumns:
        """Return the rows of a statement that selects ``columns``, without SQLAlchemy's own rows."""
        result = await connection.execute(statement)
        cursor: Any = result.cursor
        rows = cursor.fetchall()
        result.close()
        return FetchedColumns([c.name for c in columns], [self._reader(c) for c in columns], rows)

    def _reader(self, column: Column[Any]) -> Convert | None:
        if column not in self._readers:
            self._readers[column] = self.make_reader(column)
        return self._readers[column]

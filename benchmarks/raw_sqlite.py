"""Implement the reference on SQLite with sqlite3 alone, one connection, as durable as the server."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.load import Sender
from benchmarks.workload import COLUMNS, Call, rows
from models.types import to_microseconds
from store.ids import new_id

INSERT = (
    f"INSERT INTO operations ({', '.join(COLUMNS)}) "  # noqa: S608  # names of our own columns
    f"VALUES ({', '.join('?' * len(COLUMNS))})"
)
CLAIM = (
    "INSERT INTO consumptions (organization_id, id, interaction_type, units, levels, created_at) "
    "VALUES ('reference', ?, 'mini', 1, '[]', ?) ON CONFLICT DO NOTHING"
)
USE_UNIT = (
    "UPDATE limit_usages SET used = used + 1, updated_at = ? "
    "WHERE organization_id = 'reference' AND limit_id = ? AND used + 1 <= 1000000000"
)
LIMIT = (
    "INSERT INTO limit_usages (organization_id, limit_id, period_start, used, updated_at) "
    "VALUES ('reference', ?, 0, 0, 0)"
)
BUSY_SECONDS = 30


class SqliteReference:
    bulk_name = "sqlite3 executemany, one transaction per batch"
    consume_name = "sqlite3 guarded UPDATE, one transaction per call"

    def __init__(self, file: Path) -> None:
        self._file = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=FULL")

    def close(self) -> None:
        self._file.close()

    async def empty(self) -> None:
        self._file.execute("DELETE FROM operations")
        self._file.execute("DELETE FROM operation_rollups")
        self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        return [tuple(map(encoded, row)) for row in rows(calls)]

    async def stored(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        records = []
        for id in ids:
            cursor = self._file.execute("SELECT * FROM operations WHERE id = ?", (id.hex,))
            names = [column[0] for column in cursor.description]
            records.append(dict(zip(names, cursor.fetchone(), strict=True)))
        return records

    @asynccontextmanager
    async def bulk(self, clients: int) -> AsyncIterator[list[Sender]]:
        del clients
        yield [self._insert_many]

    @asynccontextmanager
    async def consume(self, clients: int) -> AsyncIterator[list[Sender]]:
        del clients
        yield [self._use]

    async def make_limits(self, count: int) -> list[str]:
        ids = [new_id().hex for _ in range(count)]
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany(LIMIT, [(id,) for id in ids])
        self._file.execute("COMMIT")
        return ids

    def uses(self, limits: Sequence[str], count: int) -> list[Any]:
        return [(new_id().hex, limits[n % len(limits)]) for n in range(count)]

    async def _insert_many(self, batch: Sequence[tuple[Any, ...]]) -> object:
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany(INSERT, batch)
        return self._file.execute("COMMIT")

    async def _use(self, item: tuple[str, str]) -> object:
        id, limit = item
        now = to_microseconds(datetime.now(UTC))
        self._file.execute("BEGIN IMMEDIATE")
        claimed = self._file.execute(CLAIM, (id, now)).rowcount
        updated_rows = self._file.execute(USE_UNIT, (now, limit)).rowcount
        if (claimed, updated_rows) != (1, 1):
            raise RuntimeError("the reference was denied")
        return self._file.execute("COMMIT")


def encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_microseconds(value)
    return value.hex if isinstance(value, UUID) else value

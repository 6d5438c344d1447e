"""Transactions of SQLite that consume units: everything but the commit by one call of the thread."""

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from models import Consumption, InteractionCounter, table_of
from models.types import to_microseconds
from store.dialects.attempts import TransactionAttempt
from store.dialects.connections import Connections
from store.dialects.errors import name_statement
from store.dialects.guarded_writes import converters_of
from store.dialects.sqlite.guarded_writes import converted
from store.dialects.sqlite.rows import converter, insert_sql
from store.dialects.usage_transactions import (
    Decide,
    LevelRow,
    UsageKey,
    UsageRequest,
    UsageTransactions,
    UsageWrites,
)

LIMITS_OF = """
SELECT organization_id, id, subject, subject_id, interaction_type, period, zone, maximum, mode
FROM limits WHERE organization_id = ? AND subject = ? AND subject_id = ? AND interaction_type = ?
"""
CLAIM_OF = "SELECT count(*) FROM consumptions WHERE organization_id = ? AND id = ?"
KEY = "organization_id = ? AND limit_id = ? AND period_start = ?"
USAGE_OF = f"SELECT used, uncertain FROM limit_usages WHERE {KEY}"  # noqa: S608  # our own names
RESERVED_OF = f"SELECT sum(units) FROM reservation_holds WHERE {KEY} AND expires_at > ?"  # noqa: S608  # our own names
USE = f"UPDATE limit_usages SET used = used + ?, updated_at = ? WHERE {KEY}"  # noqa: S608  # our own names
ADD = """ ON CONFLICT (organization_id, month, key) DO UPDATE SET
  units = units + excluded.units, calls = calls + excluded.calls,
  first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)"""


class Insertion:
    def __init__(self, table: Table, on_conflict: str) -> None:
        self._names = tuple(column.name for column in table.columns)
        self._converters = converters_of(table, self._names, converter)
        self._text = insert_sql(table, self._names) + on_conflict

    def run(self, connection: sqlite3.Connection, rows: Sequence[Any]) -> int:
        values = [converted([row[n] for n in self._names], self._converters) for row in rows]
        return connection.executemany(self._text, values).rowcount


CLAIM = Insertion(table_of(Consumption), " ON CONFLICT DO NOTHING")
COUNT = Insertion(table_of(InteractionCounter), ADD)


class SqliteUsageTransactions(UsageTransactions):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def run(
        self, request: UsageRequest, decide: Decide, attempt: TransactionAttempt, seconds: float
    ) -> bool:
        del seconds  # nobody can interrupt the disk
        async with self._connections.write_engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            try:
                if not await driver._execute(_run, driver._conn, request, decide):
                    await driver.rollback()
                    return False
                attempt.send_commit()
                await driver.commit()
            except BaseException as error:
                await asyncio.shield(driver.rollback())
                if isinstance(error, sqlite3.Error):
                    name_statement(error, "consume")
                raise
        return True


def _run(connection: sqlite3.Connection, request: UsageRequest, decide: Decide) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    writes = decide(_read(connection, request))
    return writes is not None and _write(connection, writes, to_microseconds(request.now))


def _read(connection: sqlite3.Connection, request: UsageRequest) -> list[LevelRow]:
    keys: dict[tuple[str, str], list[UsageKey]] = {}
    for key in request.keys:
        keys.setdefault((key[0], key[1].hex), []).append(key)
    now = to_microseconds(request.now)
    claimed = sum(
        connection.execute(CLAIM_OF, (organization, id.hex)).fetchone()[0]
        for organization, id in request.claims
    )
    rows = []
    for subject in request.subjects:
        for limit in connection.execute(LIMITS_OF, subject).fetchall():
            named = LevelRow._make(
                (limit[0], UUID(limit[1]), *limit[2:], None, None, None, None, claimed)
            )
            for key in keys.get((limit[0], limit[1]), ()):
                values = _values(key)
                used = connection.execute(USAGE_OF, values).fetchone() or (None, None)
                (reserved,) = connection.execute(RESERVED_OF, (*values, now)).fetchone()
                named = named._replace(
                    period_start=key[2], used=used[0], uncertain=used[1], reserved=reserved
                )
            rows.append(named)
    return rows


def _write(connection: sqlite3.Connection, writes: UsageWrites, now: int) -> bool:
    if writes.claims and CLAIM.run(connection, writes.claims) < len(writes.claims):
        return False
    deltas = [(delta, now, *_values(key)) for key, delta in writes.deltas.items()]
    connection.executemany(USE, deltas)
    if writes.counters:
        COUNT.run(connection, writes.counters)
    return True


def _values(key: UsageKey) -> tuple[str, str, int]:
    organization, limit, start = key
    return organization, limit.hex, to_microseconds(start)

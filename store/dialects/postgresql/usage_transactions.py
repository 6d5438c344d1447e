"""Transactions of PostgreSQL that consume units, in four round trips.

The locks are taken by the message that begins the transaction: whatever is read after it is as the
last holders of the locks have left it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

from sqlalchemy import JSON, Table

from models import Consumption, InteractionCounter, Limit, LimitUsage, ReservationHold, table_of
from store.dialects.attempts import TransactionAttempt
from store.dialects.connections import Connections
from store.dialects.errors import name_statement
from store.dialects.guarded_writes import json_text
from store.dialects.postgresql.errors import POSTGRESQL_ERRORS
from store.dialects.postgresql.guarded_writes import type_name
from store.dialects.postgresql.locks import lock_key
from store.dialects.usage_transactions import (
    Decide,
    LevelRow,
    UsageRequest,
    UsageTransactions,
    UsageWrites,
)

LIMITS, USAGES, HOLDS = table_of(Limit), table_of(LimitUsage), table_of(ReservationHold)
CONSUMPTIONS, COUNTERS = table_of(Consumption), table_of(InteractionCounter)
CLAIM_NAMES = tuple(column.name for column in CONSUMPTIONS.columns)
COUNTER_NAMES = tuple(column.name for column in COUNTERS.columns)
READ = """
SELECT l.organization_id, l.id, l.subject, l.subject_id, l.interaction_type, l.period, l.zone,
  l.maximum, l.mode, k.period_start, u.used, u.uncertain, h.units,
  (SELECT count(*) FROM unnest($9::text[], $10::uuid[]) AS i(organization_id, id)
   JOIN consumptions USING (organization_id, id))
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
  AS s(organization_id, subject, subject_id, interaction_type)
JOIN limits l USING (organization_id, subject, subject_id, interaction_type)
LEFT JOIN unnest($5::text[], $6::uuid[], $7::timestamptz[])
  AS k(organization_id, limit_id, period_start)
  ON k.organization_id = l.organization_id AND k.limit_id = l.id
LEFT JOIN limit_usages u ON u.organization_id = k.organization_id AND u.limit_id = k.limit_id
  AND u.period_start = k.period_start
LEFT JOIN LATERAL (
  SELECT sum(units)::bigint AS units FROM reservation_holds r
  WHERE r.organization_id = k.organization_id AND r.limit_id = k.limit_id
    AND r.period_start = k.period_start AND r.expires_at > $8
) h ON true
"""


class PostgresqlUsageTransactions(UsageTransactions):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def run(
        self, request: UsageRequest, decide: Decide, attempt: TransactionAttempt, seconds: float
    ) -> bool:
        async with self._connections.write_engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver.watchdog.limit_unit(seconds)
            try:
                return await _run(driver, request, decide, attempt)
            except BaseException as error:
                if driver.is_in_transaction():
                    with suppress(*POSTGRESQL_ERRORS):
                        await driver.execute("ROLLBACK")
                if isinstance(error, POSTGRESQL_ERRORS):
                    name_statement(error, "consume")
                raise


async def _run(
    driver: Any, request: UsageRequest, decide: Decide, attempt: TransactionAttempt
) -> bool:
    driver.watchdog.arm()
    await driver.execute(begin_of(request))
    driver.watchdog.arm()
    columns = [*_columns(request.subjects, 4), *_columns(request.keys, 3)]
    rows = await driver.fetch(READ, *columns, request.now, *_columns(request.claims, 2))
    writes = decide([LevelRow(*row) for row in rows])
    if writes is not None and not writes.is_empty:
        driver.watchdog.arm()
        claimed = await driver.fetchval(WRITE, *arguments_of(writes, request))
        if claimed == len(writes.claims):
            driver.watchdog.arm()
            attempt.send_commit()
            await driver.execute("COMMIT")
            return True
    driver.watchdog.arm()
    await driver.execute("ROLLBACK")
    return writes is not None and writes.is_empty


def begin_of(request: UsageRequest) -> str:
    """Return the message that begins the transaction and takes its locks, in the order of keys."""
    statements = ["BEGIN"]
    statements += [
        f"SELECT pg_advisory_xact_lock_shared({key})"
        for key in sorted({lock_key(name) for name in request.locks})
    ]
    if request.keys:
        keys = ", ".join(
            # An organization has any name: as digits it cannot end its own text.
            f"(convert_from(decode('{organization.encode().hex()}', 'hex'), 'UTF8'), "
            f"'{limit}'::uuid, '{start.isoformat()}'::timestamptz)"
            for organization, limit, start in request.keys
        )
        statements.append(
            "SELECT 1 FROM limit_usages WHERE (organization_id, limit_id, period_start) IN "  # noqa: S608  # nothing but digits
            f"({keys}) ORDER BY organization_id, limit_id, period_start FOR UPDATE"
        )
    return "; ".join(statements)


def arguments_of(writes: UsageWrites, request: UsageRequest) -> Iterator[Any]:
    yield request.now
    yield from _values(CONSUMPTIONS, CLAIM_NAMES, writes.claims)
    yield from _columns([(*key, delta) for key, delta in writes.deltas.items()], 4)
    yield from _values(COUNTERS, COUNTER_NAMES, writes.counters)


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _values(
    table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[Sequence[Any]]:
    for name in names:
        values = [row[name] for row in rows]
        yield list(map(json_text, values)) if isinstance(table.c[name].type, JSON) else values


def _write() -> str:
    numbers = count(2)

    def arrays(table: Table, names: Sequence[str]) -> str:
        return ", ".join(f"${next(numbers)}::{type_name(table.c[name])}[]" for name in names)

    def listed(names: Sequence[str]) -> str:
        return ", ".join(f'"{name}"' for name in names)

    claims = arrays(CONSUMPTIONS, CLAIM_NAMES)
    deltas = arrays(USAGES, ("organization_id", "limit_id", "period_start", "used"))
    counters = arrays(COUNTERS, COUNTER_NAMES)
    return f"""
WITH claimed AS (
  INSERT INTO consumptions ({listed(CLAIM_NAMES)}) SELECT * FROM unnest({claims})
  ON CONFLICT DO NOTHING RETURNING 1
), used AS (
  UPDATE limit_usages u SET used = u.used + d.delta, updated_at = $1
  FROM unnest({deltas}) AS d(organization_id, limit_id, period_start, delta)
  WHERE u.organization_id = d.organization_id AND u.limit_id = d.limit_id
    AND u.period_start = d.period_start
), counted AS (
  INSERT INTO interaction_counters AS c ({listed(COUNTER_NAMES)}) SELECT * FROM unnest({counters})
  ON CONFLICT (organization_id, month, key) DO UPDATE SET
    units = c.units + excluded.units, calls = c.calls + excluded.calls,
    first_at = least(c.first_at, excluded.first_at), last_at = greatest(c.last_at, excluded.last_at)
)
SELECT count(*) FROM claimed"""  # noqa: S608  # our own names


WRITE = _write()

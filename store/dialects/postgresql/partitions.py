"""Partitions of PostgreSQL: which ranges of time have one, and how a missing one is made.

A recent month gets a partition of its own. Older months share: the one that is made for any of
them spans everything around it that has none, so their number does not depend on what comes in.
"""

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.partitions import INFO_KEY, Partition
from store.dialects.partitions import TimeSpan
from store.ids import first_id_at, instant_of

LOCK = text("SELECT pg_advisory_xact_lock(:key)")
IS_TAKEN = text("SELECT to_regclass(:name) IS NOT NULL")
RANGES = """
SELECT CAST((regexp_match(bound, 'FROM \\(''([^'']+)''\\)'))[1] AS {type}) AS low,
       CAST((regexp_match(bound, 'TO \\(''([^'']+)''\\)'))[1] AS {type}) AS high
FROM (
    SELECT pg_get_expr(c.relpartbound, c.oid) AS bound
    FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent = CAST(:parent AS regclass) AND NOT inhdetachpending
) AS partitions
WHERE bound <> 'DEFAULT'
"""
"""The bounds of all partitions of a table, by whatever name; null where one is open."""
TYPES = {"instant": "timestamptz", "uuid7": "uuid"}


def find_or_plan(
    existing: Iterable[TimeSpan], month: TimeSpan, shared_before: datetime
) -> tuple[TimeSpan, bool]:
    """Return the span that holds the start of ``month``, and whether it exists already.

    A missing one is ``month`` itself, as far as nothing else takes it; where the month ends by
    ``shared_before``, it is all that is free around the month up to there.
    """
    assert month.start is not None
    assert month.end is not None
    below: datetime | None = None
    above = max(shared_before, month.end)
    for span in existing:
        if span.holds(month.start):
            return span, True
        if span.start is not None and span.start > month.start:
            above = min(above, span.start)
        elif span.end is not None:
            below = span.end if below is None else max(below, span.end)
    return TimeSpan(below if month.end <= shared_before else month.start, above), False


async def ensure_partition(
    engine: AsyncEngine, table: Table, month: TimeSpan, shared_before: datetime
) -> TimeSpan:
    """Make what holds ``month`` unless it exists; return the span that it holds.

    It is made beside the table and then attached: that lock lets writers go on, unlike
    ``CREATE TABLE ... PARTITION OF``, which stops them. Safe between servers.
    """
    partition: Partition = table.info[INFO_KEY]
    async with engine.begin() as connection:
        await connection.execute(LOCK, {"key": zlib.crc32(table.name.encode())})
        existing = await _existing(connection, table, partition)
        span, is_there = find_or_plan(existing, month, shared_before)
        if not is_there:
            child = await _free_name(connection, f"{table.name}_{_suffix(span)}")
            low, high = _bound(span.start, partition, "MIN"), _bound(span.end, partition, "MAX")
            await connection.exec_driver_sql(
                f"CREATE TABLE {child} (LIKE {table.name} INCLUDING ALL)"
            )
            await connection.exec_driver_sql(
                f"ALTER TABLE {table.name} ATTACH PARTITION {child} FOR VALUES FROM ({low}) TO ({high})"
            )
        return span


async def _existing(
    connection: AsyncConnection, table: Table, partition: Partition
) -> list[TimeSpan]:
    statement = text(RANGES.format(type=TYPES[partition.by]))
    rows = await connection.execute(statement, {"parent": table.name})
    if partition.by == "instant":
        return [TimeSpan(low, high) for low, high in rows]
    return [
        TimeSpan(
            None if low is None else instant_of(low), None if high is None else instant_of(high)
        )
        for low, high in rows
    ]


def _bound(instant: datetime | None, partition: Partition, open_end: str) -> str:
    if instant is None:
        return f"{open_end}VALUE"
    return f"'{instant.isoformat() if partition.by == 'instant' else first_id_at(instant)}'"


def _suffix(span: TimeSpan) -> str:
    assert span.end is not None
    start, end = (None if at is None else at.astimezone(UTC) for at in (span.start, span.end))
    assert end is not None
    is_month = start is not None and (end.year - start.year) * 12 + end.month - start.month <= 1
    return f"p{start:%Y%m}" if is_month else f"before_{end:%Y%m}"


async def _free_name(connection: AsyncConnection, name: str) -> str:
    candidate, number = name, 1
    while (await connection.execute(IS_TAKEN, {"name": candidate})).scalar_one():
        number += 1
        candidate = f"{name}_{number}"
    return candidate

"""Rollups rebuilt from the records, and held against them."""

import math
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Insert, Select, delete, func, insert, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models.rollups import HISTOGRAMS, ROLLUPS, Rollup, Tier, bins_column
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit
from store.aggregation.measures import Fold, Part
from store.aggregation.queries import Span
from store.aggregation.records import Records
from store.aggregation.relations import BUCKET, GroupedQuery, Relation, key_columns
from store.aggregation.sources import OPERATIONS
from store.auth.access import UNRESTRICTED
from store.database import Database, DatabaseFailureError
from store.dialects import DatabaseDialect
from store.histograms import RELATIVE_ERROR
from store.query.per_organization import organizations_in
from store.rollups.definitions import TABLE, counted_parts, stored_parts
from store.rollups.folded import fetch_fold, is_folded
from store.rollups.merging import NUMBERS_OF_ROLLUPS, new_batch
from store.rollups.relation import RollupRelation
from store.rollups.state import RollupCoverage
from store.time_buckets import DAY, next_day, start_of_day
from store.validation import EARLIEST

HOURLY, DAILY = Bucket(BucketUnit.HOUR), Bucket(BucketUnit.DAY)
RECORDS = OPERATIONS.table
RELATIVE_TOLERANCE = 1e-9
"""Relative difference of two sums of the same floats, added in different orders."""


async def rebuild(database: Database, first: datetime, last: datetime) -> None:
    """Make the rows of the hours [first, last) again, in one transaction.

    Writers go on: what they commit meanwhile is neither counted here nor taken away.
    """
    try:
        async with database.rewrite() as connection:
            await rewrite_hours(connection, database.dialect, first, last)
    except DatabaseFailureError:
        # A sum beyond the range of its type: then every operation has rows of its own.
        async with database.rewrite() as connection:
            await rewrite_hours(connection, database.dialect, first, last, singly=True)


async def rewrite_hours(
    connection: AsyncConnection,
    dialect: DatabaseDialect,
    first: datetime,
    last: datetime,
    singly: bool = False,
) -> None:
    """Rewrite the hours in a transaction that sees one snapshot.

    Days that are touched are taken apart: they are merged again later.
    """
    batch = new_batch()
    folded = await fetch_fold(connection)
    names = await organizations_in(connection, OPERATIONS.table)
    records = Records(OPERATIONS, dialect, UNRESTRICTED, None, last)
    for rollup in ROLLUPS:
        rows = sums_by_hour(records, rollup, Span(first, last), Tier.HOUR, batch)
        if folded is not None:
            rows = rows.where(is_folded(dialect, folded))
        if names is not None:
            # They are what the records' index begins with.
            rows = rows.where(OPERATIONS.table.c.organization_id.in_(names))
        if singly:
            rows = rows.group_by(OPERATIONS.table.c.id)
        await connection.execute(insertion(rollup, rows))
    old = TABLE.c.rollup.in_(NUMBERS_OF_ROLLUPS) & TABLE.c.batch.is_distinct_from(batch)
    hours = (TABLE.c.starts_at >= first) & (TABLE.c.starts_at < last)
    days = (TABLE.c.starts_at >= start_of_day(first)) & (TABLE.c.starts_at < next_day(last))
    of_hours = (Tier.FRESH, Tier.HOUR, Tier.COUNTED)
    await connection.execute(delete(TABLE).where(old, TABLE.c.tier.in_(of_hours), hours))
    await connection.execute(delete(TABLE).where(old, TABLE.c.tier == Tier.DAY, days))
    await connection.execute(
        update(TABLE)
        .where(old, TABLE.c.tier == Tier.COUNTED, days)
        .values(tier=Tier.HOUR, batch=batch)
    )


def sums_by_hour(
    records: Records, rollup: Rollup, span: Span, tier: Tier, batch: int | None = None
) -> Select[Any]:
    dialect = records.dialect
    parts = counted_parts() if rollup.histograms else stored_parts()
    grouped = records.grouped(GroupedQuery(span, rollup.dimensions, HOURLY, parts))
    if rollup.histograms:
        lanes = {
            bins_column(n): dialect.sketches.bin_indexes_of(records.operand(n)) for n in HISTOGRAMS
        }
        grouped = grouped.add_columns(*(column.label(name) for name, column in lanes.items()))
    return grouped.add_columns(
        literal(rollup.number, TABLE.c.rollup.type).label("rollup"),
        literal(tier.value, TABLE.c.tier.type).label("tier"),
        literal(batch, TABLE.c.batch.type).label("batch"),
    )


def insertion(rollup: Rollup, rows: Select[Any]) -> Insert:
    keys = [c.name for group in key_columns(OPERATIONS, rollup.dimensions) for c in group]
    named = dict(zip(keys, rollup.dimensions, strict=True)) | {BUCKET: "starts_at"}
    names = [named.get(column.name, column.name) for column in rows.selected_columns]
    return insert(TABLE).from_select(names, rows)


@dataclass(frozen=True, slots=True)
class Difference:
    rollup: str
    day: datetime
    resolution: str
    key: tuple[Any, ...]
    column: str
    recorded: Any
    rolled_up: Any


async def busy_days(
    connection: AsyncConnection,
    dialect: DatabaseDialect,
    since: datetime | None,
    until: datetime | None,
) -> dict[datetime, int]:
    """Return the UTC days in [since, until) that have records or rows of rollups, in order.

    Each with how many records it has, and at least 1: one pass over both tables finds them all.
    """
    days: dict[datetime, int] = {}
    for table, instant in ((RECORDS, RECORDS.c.occurred_at), (TABLE, TABLE.c.starts_at)):
        day = dialect.expressions.bin(instant, DAY, EARLIEST).label("day")
        statement = select(day, func.count()).select_from(table).group_by(day)
        if since is not None:
            statement = statement.where(instant >= since)
        if until is not None:
            statement = statement.where(instant < until)
        counted = table is RECORDS
        for row, count in await connection.execute(statement):
            days[row] = max(days.get(row, 0), count if counted else 1)
    return dict(sorted(days.items()))


def spans_of(days: Mapping[datetime, int], most_records: int) -> Iterator[Span]:
    """Yield days as spans of at most so many records, or of one day; empty days cost nothing in them."""
    first: datetime | None = None
    last, count = EARLIEST, 0
    for day, records in days.items():
        if first is not None and count + records > most_records:
            yield Span(first, last + DAY)
            first, count = None, 0
        first = first or day
        last, count = day, count + records
    if first is not None:
        yield Span(first, last + DAY)


async def differences(
    connection: AsyncConnection, dialect: DatabaseDialect, span: Span, coverage: RollupCoverage
) -> AsyncIterator[Difference]:
    assert span.until is not None
    valid_from = max(coverage.valid_from, EARLIEST)
    records = Records(OPERATIONS, dialect, UNRESTRICTED, None, span.until)
    for rollup in ROLLUPS:
        for days in (False, True):
            sums, quantiles = (None, rollup) if rollup.histograms else (rollup, None)
            rolled = RollupRelation(sums, quantiles, records, valid_from, coverage.folded, days)
            shape = GroupedQuery(
                span,
                rollup.dimensions,
                DAILY if days else HOURLY,
                _middles() if rollup.histograms else stored_parts(),
            )
            statement = union_all(_tagged(records, shape, 0), _tagged(rolled, shape, 1))
            rows = (await connection.execute(statement)).all()
            keys = len(rollup.dimensions) + 1
            for key, *values in _compare(rows, keys, list(shape.parts)):
                shown_key = key[:-1] if days else key
                resolution = "day" if days else "hour"
                yield Difference(rollup.name, start_of_day(key[-1]), resolution, shown_key, *values)


def _middles() -> dict[str, Part]:
    return {f"{number}_middle": Part(Fold.QUANTILE, number, 0.5) for number in HISTOGRAMS}


def _tagged(relation: Relation, shape: GroupedQuery, tag: int) -> Select[Any]:
    names = [c.name for group in key_columns(relation.source, shape.groups) for c in group]
    names += [BUCKET] if shape.bucket is not None else []
    names += list(shape.parts)
    grouped = relation.grouped(shape).subquery()
    return select(literal(tag).label("tag_"), *(grouped.c[name] for name in names))


def _compare(
    rows: Any, keys: int, names: list[str]
) -> Iterator[tuple[tuple[Any, ...], str, Any, Any]]:
    sides: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
    for tag, *values in rows:
        sides[tag][tuple(values[:keys])] = values[keys:]
    recorded, rolled = sides
    for key in recorded.keys() | rolled.keys():
        nothing = [None] * len(names)
        both = zip(names, recorded.get(key, nothing), rolled.get(key, nothing), strict=True)
        for name, summed, from_records in both:
            if not same(
                summed,
                from_records,
                2.1 * RELATIVE_ERROR if name.endswith("_middle") else RELATIVE_TOLERANCE,
            ):
                yield key, name, summed, from_records
                break


def same(value: Any, expected: Any, close: float) -> bool:
    if value is None or expected is None:
        return not value and not expected
    return math.isclose(
        value, expected, rel_tol=close, abs_tol=0.002 if close > RELATIVE_TOLERANCE else 1e-6
    )


def hours_between(
    first: datetime, last: datetime, step: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    while first < last:
        following = min(first + step, last)
        yield first, following
        first = following

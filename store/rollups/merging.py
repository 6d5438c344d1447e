"""Many rows become few: those of an hour, and those of a day, which then counts its hours.

Every step is one transaction that sees one state: it adds the sums of the rows that it sees and
takes away those rows, so that a reader finds the one or the other, and what writers add meanwhile
stays as it is. Where two servers merge the same rows, the second one fails and changes nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from random import SystemRandom
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Insert,
    Select,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from models.rollups import (
    DIMENSIONS,
    EXTREMES,
    FLAGS,
    HISTOGRAMS,
    NUMBERS,
    ROLLUPS,
    ROWS,
    SUM_COLUMNS,
    Tier,
    answered_count_column,
    bins_column,
    number_column,
    sketch_column,
    true_count_column,
)
from models.types import Instant
from store.dialects import DatabaseDialect
from store.rollups.definitions import TABLE
from store.time_buckets import DAY, HOUR

LARGE = 2**47
"""Rows with a larger sum stay as they are: tens of thousands of smaller ones can be added safely."""
FEW = 64
"""So many values of an hour are kept as lanes, which take two bytes each; a packed histogram takes
a thousand or more."""
BATCHES = SystemRandom()
NUMBERS_OF_ROLLUPS = tuple(rollup.number for rollup in ROLLUPS)
OPEN = (Tier.FRESH, Tier.HOUR)
"""Rows of hours that their day does not count yet."""


def new_batch() -> int:
    return BATCHES.getrandbits(62)


async def merge_hour(connection: AsyncConnection, dialect: DatabaseDialect, hour: datetime) -> int:
    batch = new_batch()
    seen = rows_within(hour, hour, OPEN, batch)
    await connection.execute(insertion_of(merged(dialect, Tier.HOUR, batch, seen)))
    return await remove(connection, seen)


async def merge_day(connection: AsyncConnection, dialect: DatabaseDialect, day: datetime) -> int:
    batch = new_batch()
    last = day + DAY - HOUR
    day_rows = rows_within(day, last, (*OPEN, Tier.DAY), batch)
    await connection.execute(insertion_of(merged(dialect, Tier.DAY, batch, day_rows, day)))
    hours = rows_within(day, last, (*OPEN, Tier.COUNTED), batch)
    await connection.execute(insertion_of(merged(dialect, Tier.COUNTED, batch, hours)))
    return await remove(connection, rows_within(day, last, tuple(Tier), batch))


def rows_within(
    first: datetime, last: datetime, tiers: Sequence[Tier], batch: int
) -> ColumnElement[bool]:
    columns = TABLE.c
    small: Iterable[ColumnElement[bool]] = (
        func.coalesce(columns[name], 0).between(-LARGE, LARGE) for name in SUM_COLUMNS
    )
    return and_(
        columns.rollup.in_(NUMBERS_OF_ROLLUPS),
        columns.tier.in_(tiers),
        columns.starts_at.between(first, last),
        columns.batch.is_distinct_from(batch),
        *small,
    )


def merged(
    dialect: DatabaseDialect,
    tier: Tier,
    batch: int,
    seen: ColumnElement[bool],
    starts_at: datetime | None = None,
) -> Select[Any]:
    columns = TABLE.c
    start: ColumnElement[Any] = columns.starts_at
    if starts_at is not None:
        start = cast(literal(starts_at, Instant()), Instant())
    keys = [columns.rollup, *(columns[name] for name in DIMENSIONS)]
    if starts_at is None:
        keys.append(columns.starts_at)
    parts: dict[str, ColumnElement[Any]] = {
        name: cast(func.sum(columns[name]), columns[name].type) for name in summed_columns()
    }
    for number in EXTREMES:
        low, high = number_column(number, "min"), number_column(number, "max")
        parts |= {low: func.min(columns[low]), high: func.max(columns[high])}
    for number in HISTOGRAMS:
        packed = columns[sketch_column(number)]
        lanes: ColumnElement[Any] = columns[bins_column(number)]
        if tier is not Tier.DAY:
            few = dialect.sketches.has_few_bins(lanes, FEW)
            parts[bins_column(number)] = dialect.sketches.join_bins(lanes, few)
            lanes = case((few, null()), else_=lanes)
        stored = dialect.sketches.stored_histogram(packed, lanes)
        parts[sketch_column(number)] = dialect.sketches.add_histograms(stored)
    statement = select(
        columns.rollup,
        literal(tier.value, columns.tier.type).label("tier"),
        start.label("starts_at"),
        literal(batch, columns.batch.type).label("batch"),
        *(columns[name] for name in DIMENSIONS),
        *(part.label(name) for name, part in parts.items()),
    )
    return statement.where(seen).group_by(*keys)


def summed_columns() -> list[str]:
    names = [ROWS]
    for flag, partial in FLAGS.items():
        names += [true_count_column(flag)] + [answered_count_column(flag)] * partial
    for number in NUMBERS:
        names += [number_column(number, "present"), number_column(number, "sum")]
    return names


def insertion_of(rows: Select[Any] | CompoundSelect[Any]) -> Insert:
    """Insert what a select returns, column by column of the same name."""
    return insert(TABLE).from_select([column.name for column in rows.selected_columns], rows)


async def remove(connection: AsyncConnection, seen: ColumnElement[bool]) -> int:
    return (await connection.execute(delete(TABLE).where(seen))).rowcount

"""Rows of any table as hypothesis makes them: every column type, with nulls and extremes."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    LargeBinary,
    Table,
    Uuid,
)

from models.feeds import FEED_POSITION
from models.partitions import INFO_KEY, Partition
from models.types import CleanText, Instant
from store.database import Database
from store.maintenance.partitions import Partitions, month_of

Row = dict[str, Any]
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
"""Rows of partitioned tables lie in this month."""
NEXT_MONTH = datetime(2026, 12, 1, tzinfo=UTC)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
LONGS = st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1, 0, -1]) | st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
# A float beyond 2^53 comes back from JSONB as the whole number that it is written as.
JSON_FLOATS = st.floats(-1e15, 1e15, allow_subnormal=False)
JSON_LEAVES = st.none() | st.booleans() | LONGS | JSON_FLOATS | TEXTS
JSON_LISTS = {"scopes": st.lists(TEXTS, max_size=3), "pending": st.lists(LONGS, max_size=3)}
"""Columns that hold a list of one kind."""
JSON_OBJECTS = st.dictionaries(
    TEXTS,
    st.recursive(
        JSON_LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
INSTANTS = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")]),
)
INSTANTS_OF_MONTH = st.datetimes(
    MONTH.replace(tzinfo=None), NEXT_MONTH.replace(tzinfo=None), timezones=st.just(UTC)
).filter(lambda instant: instant < NEXT_MONTH)


def v7_at(instant: datetime, tail: int) -> UUID:
    """A UUIDv7 of an instant."""
    milliseconds = int(instant.timestamp() * 1_000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | tail)


IDS_OF_MONTH = st.builds(v7_at, INSTANTS_OF_MONTH, st.integers(0, 2**62 - 1))


def values_of(column: Column[Any], partition: Partition | None) -> st.SearchStrategy[Any]:
    """What a column can hold."""
    if partition is not None and column.name == partition.column:
        return INSTANTS_OF_MONTH if partition.by == "instant" else IDS_OF_MONTH
    kinds: tuple[tuple[type[Any], st.SearchStrategy[Any]], ...] = (
        (Instant, INSTANTS),
        (JSON, JSON_LISTS.get(column.name, JSON_OBJECTS)),
        (Uuid, st.uuids()),
        (Boolean, st.booleans()),
        (Date, st.dates()),
        (Double, FLOATS),
        (BigInteger, LONGS),
        (Integer, st.integers(-(2**31), 2**31 - 1)),
        (LargeBinary, st.binary(max_size=40)),
        (CleanText, TEXTS),
    )
    found = next(values for kind, values in kinds if isinstance(column.type, kind))
    return st.none() | found if column.nullable else found


def rows_of(table: Table, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    """Rows of a table; ``fixed`` says what some columns hold."""
    partition = table.info.get(INFO_KEY)
    made = {column.name: values_of(column, partition) for column in table.columns}
    if FEED_POSITION in made:
        made[FEED_POSITION] = st.none()
    return st.fixed_dictionaries(made | fixed)


def key_of(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The primary key of a row."""
    return tuple(row[column.name] for column in table.primary_key.columns)


def tuples(table: Table, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """The rows as bulk inserts take them."""
    names = [column.name for column in table.columns]
    # Nobody sends a place in a feed: the database gives it.
    return [tuple(None if n == FEED_POSITION else row[n] for n in names) for row in rows]


async def insert(database: Database, table: Table, rows: list[Row]) -> None:
    """Write rows as they are, past the writer; makes the partitions they need."""
    partitions = Partitions(database.dialect, lambda: MONTH)
    partition = table.info.get(INFO_KEY)
    if partition is not None:
        await partitions.ensure((table, month_of(_filed_at(row, partition))) for row in rows)
    async with database.write() as connection:
        await database.dialect.rows.bulk_insert(connection, table, tuples(table, rows))


def _filed_at(row: Row, partition: Partition) -> datetime:
    value = row[partition.column]
    if isinstance(value, datetime):
        return value
    return datetime.fromtimestamp((value.int >> 80) / 1_000, UTC)


def plain(value: Any) -> Any:
    """A value in a form in which equal means the same on every database."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, dict | list):
        return json.loads(json.dumps(value))
    return value.isoformat() if isinstance(value, date) else value

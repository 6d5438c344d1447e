"""COPY into PostgreSQL, with instants as the numbers that PostgreSQL keeps.

asyncpg encodes an instant in half a microsecond, ten times as long as a number, and that is half of
the time of a load of operations. In the binary form of COPY an instant is a 64-bit number, and what
asyncpg takes a column for, it learns from a statement that is prepared beforehand and never run. So
instants are sent as numbers, by a statement that says so. Other versions of the driver than those
this was tried with get rows in the public way.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Column, Table

from models.types import MICROSECOND, Instant
from store.dialects import plans
from store.dialects.base import DuplicateKeys
from store.dialects.plans import Columns

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Where PostgreSQL counts the microseconds of a ``timestamptz`` from."""
TAKES_NUMBERS = asyncpg.__version__.startswith("0.32.")
"""Whether this driver can be told what to take a column for: it is a version that this was tried
with, since there is no public way."""


@dataclass(frozen=True, slots=True)
class Load:
    """Rows for one COPY, to be sent once."""

    table: Table
    names: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]
    instants_are_numbers: bool


def load_of(table: Table, columns: Columns) -> Load:
    """The rows of these columns as the driver takes them."""
    convert = as_numbers if TAKES_NUMBERS else as_they_are
    names, rows = plans.load_of(table, columns, convert)
    return Load(table, tuple(names), rows, TAKES_NUMBERS)


async def copy(driver: Any, load: Load) -> None:
    """COPY rows into a table; raises ``DuplicateKeys``."""
    name, names, rows = load.table.name, load.names, load.rows
    try:
        if load.instants_are_numbers:
            into, types = statements(load.table, names)
            described = await driver._prepare(types, use_cache=True)
            await driver._protocol.copy_in(into, None, None, rows, described._state, None)
        else:
            await driver.copy_records_to_table(name, records=rows, columns=names)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKeys from error


@lru_cache(maxsize=1_000)
def statements(table: Table, names: tuple[str, ...]) -> tuple[str, str]:
    """The COPY into some columns, and the statement whose columns have the types that are sent."""
    own = [f'"{name}"' for name in names]
    types = [
        "NULL::bigint" if isinstance(table.c[name].type, Instant) else column
        for name, column in zip(names, own, strict=True)
    ]
    return (
        f'COPY "{table.name}" ({", ".join(own)}) FROM STDIN (FORMAT binary)',
        f'SELECT {", ".join(types)} FROM "{table.name}" LIMIT 0',  # noqa: S608  # our own names
    )


def as_they_are(column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """Values of a column for the driver, which knows every type of ours."""
    del column
    return values


def as_numbers(column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """The same, with instants as microseconds since 2000."""
    if not isinstance(column.type, Instant):
        return values
    if plans.is_one(values):
        values, count = values[:1], len(values)
    else:
        count = 1
    return [None if at is None else (at - EPOCH) // MICROSECOND for at in values] * count

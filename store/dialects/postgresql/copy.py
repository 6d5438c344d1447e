"""COPY into PostgreSQL, with instants as the numbers that PostgreSQL keeps.

asyncpg encodes an instant in half a microsecond, ten times as long as a number, and that is half of
the time of a load of operations. In the binary form of COPY an instant is a 64-bit number, and what
asyncpg takes a column for, it learns from a statement that is prepared beforehand and never run. So
instants are sent as numbers, by a statement that says so. Other versions of the driver than those
this was tried with get rows in the public way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import asyncpg
from sqlalchemy import Column, Table

from models.types import MICROSECOND, Instant
from store.dialects import insert_plans
from store.dialects.attempts import TransactionAttempt
from store.dialects.errors import name_statement
from store.dialects.insert_plans import Columns, Convert
from store.dialects.postgresql.errors import POSTGRESQL_ERRORS
from store.dialects.rows import DuplicateKeysError
from store.scheduling.slices import COLUMNAR_SLICE_ITEMS, in_turns

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Where PostgreSQL counts the microseconds of a ``timestamptz`` from."""
SUPPORTS_RAW_INSTANTS = asyncpg.__version__.startswith("0.32.")
"""Whether this driver can be told what to take a column for: it is a version that this was tried
with, since there is no public way."""


@dataclass(frozen=True, slots=True)
class CopyLoad:
    table: Table
    names: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]
    count: int


def copy_load_of(table: Table, columns: Columns) -> CopyLoad:
    names, rows = insert_plans.insert_values_of(table, columns, converter)
    count = len(next(iter(columns.values()), ()))
    return CopyLoad(table, tuple(names), rows, count)


async def copy(driver: Any, load: CopyLoad) -> None:
    """COPY rows into a table; raises ``DuplicateKeysError``."""
    table, names = load.table, load.names
    rows: Any = load.rows if load.count <= COLUMNAR_SLICE_ITEMS * 2 else in_turns(load.rows)
    try:
        if SUPPORTS_RAW_INSTANTS:
            into, types = statements(table, names)
            described = await driver._prepare(types, use_cache=True)
            await driver._protocol.copy_in(into, None, None, rows, described._state, None)
        else:
            await driver.copy_records_to_table(table.name, records=rows, columns=names)
    except asyncpg.UniqueViolationError as error:
        raise DuplicateKeysError from error
    except POSTGRESQL_ERRORS as error:
        name_statement(error, f"COPY {table.name}")
        raise


async def copy_alone(driver: Any, load: CopyLoad, attempt: TransactionAttempt) -> None:
    """COPY by itself, which is a transaction: it is committed once its last row was sent."""

    def end() -> Iterator[tuple[Any, ...]]:
        attempt.send_commit()
        yield from ()

    await copy(driver, replace(load, rows=chain(load.rows, end())))


@lru_cache(maxsize=1_000)
def statements(table: Table, names: tuple[str, ...]) -> tuple[str, str]:
    quoted_names = [f'"{name}"' for name in names]
    types = [
        "NULL::bigint" if isinstance(table.c[name].type, Instant) else column
        for name, column in zip(names, quoted_names, strict=True)
    ]
    return (
        f'COPY "{table.name}" ({", ".join(quoted_names)}) FROM STDIN (FORMAT binary)',
        f'SELECT {", ".join(types)} FROM "{table.name}" LIMIT 0',  # noqa: S608  # our own names
    )


def converter(column: Column[Any]) -> Convert | None:
    return since_2000 if SUPPORTS_RAW_INSTANTS and isinstance(column.type, Instant) else None


def since_2000(instant: datetime) -> int:
    """Return microseconds since PostgreSQL's epoch, exact."""
    return (instant - EPOCH) // MICROSECOND

"""Whether a database could take a write now: its rights, and room on its disk."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects.errors import Diagnosis, Fault

MIN_FREE_BYTES = 256 * 2**10
"""With less room than this, SQLite's next write may fail."""
RIGHTS = text(
    """SELECT name,
      has_table_privilege(to_regclass(name), 'SELECT'),
      has_table_privilege(to_regclass(name), 'INSERT')
        AND has_table_privilege(to_regclass(name), 'UPDATE')
    FROM unnest(CAST(:names AS text[])) AS named(name)"""
)
SCHEMA_AWAY = (
    "the tables are not visible: their schema was renamed or dropped, its USAGE was revoked, "
    "or search_path leads elsewhere"
)
HIDDEN = text(
    """SELECT to_regclass('alembic_version') IS NULL
      AND EXISTS (
        SELECT FROM pg_class WHERE relname IN ('alembic_version', 'operations', 'request_events')
        GROUP BY relnamespace HAVING count(*) = 3
      )"""
)
"""Whether a schema that is not visible has our tables, and not only those of another program."""
SMALL_MEMORY = text("SET LOCAL work_mem = '64kB'")
SPILL = text("SELECT count(*) FROM generate_series(1, 20000)")
"""More than fits: it goes to a temporary file, for which a full disk has no room."""


@dataclass(frozen=True, slots=True)
class Rights:
    unreadable: Sequence[str] = ()
    unwritable: Sequence[str] = ()


async def rights_on_postgresql(connection: AsyncConnection, names: Sequence[str]) -> Rights:
    """Look the rights of the connected role up; a table that is not there is neither."""
    rows = (await connection.execute(RIGHTS, {"names": list(names)})).all()
    return Rights(
        [name for name, reads, _ in rows if not reads],
        [name for name, _, writes in rows if not writes],
    )


async def tables_are_hidden_on_postgresql(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(HIDDEN))


async def spill_on_postgresql(connection: AsyncConnection) -> None:
    """Write a temporary file; raises the driver's error where there is no room."""
    await connection.execute(SMALL_MEMORY)
    await connection.execute(SPILL)


def free_space_of(folder: Path) -> Diagnosis | None:
    """Return a diagnosis if the disk of a SQLite file is full; a rolled back write needs no space."""
    status = os.statvfs(folder)
    blocks = status.f_bavail if os.geteuid() else status.f_bfree
    if blocks * status.f_frsize >= MIN_FREE_BYTES:
        return None
    reason = "the disk of the database is full"
    return Diagnosis(Fault.UNAVAILABLE, "SQLITE_FULL", reason, reason)


class Probes(ABC):
    async def rights(self, connection: AsyncConnection, tables: Sequence[str]) -> Rights:
        del connection, tables
        return Rights()

    async def hides_tables(self, connection: AsyncConnection) -> bool:
        del connection
        return False

    @abstractmethod
    async def check_free_space(self, connection: AsyncConnection) -> Diagnosis | None:
        """Return or raise what is wrong where the disk has no room for a write."""

    @abstractmethod
    async def read_server_clock(self, connection: AsyncConnection) -> datetime: ...

"""Monthly partitions: made ahead of time, and on demand before a flush that needs one."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Table

from models import Base
from models.partitions import INFO_KEY, Partition
from store.dialects import DatabaseDialect
from store.ids import Clock

MONTHS = 12
Month = int
"""Months since year 0: ``year * 12 + month - 1``."""


def month_of(instant: datetime) -> Month:
    """The UTC calendar month of an instant."""
    instant = instant.astimezone(UTC)
    return instant.year * MONTHS + instant.month - 1


def start_of(month: Month) -> datetime:
    """The first instant of a month, UTC."""
    return datetime(month // MONTHS, month % MONTHS + 1, 1, tzinfo=UTC)


def partitioned_tables() -> list[Table]:
    """Every table that is cut into months."""
    return [t for t in Base.metadata.sorted_tables if INFO_KEY in t.info]


def partition_of(table: Table) -> Partition:
    """How that table is cut."""
    partition: Partition = table.info[INFO_KEY]
    return partition


class Partitions:
    """Knows which partitions exist and makes those that are missing."""

    def __init__(self, dialect: DatabaseDialect, clock: Clock, months_ahead: int = 2) -> None:
        self._dialect = dialect
        self._clock = clock
        self._months_ahead = months_ahead
        self._known: set[tuple[str, Month]] = set()
        self._lock = asyncio.Lock()

    async def ensure(self, needed: Iterable[tuple[Table, Month]]) -> None:
        """Make what is missing of ``needed``; does nothing on a database without partitions."""
        if not self._dialect.partitioned:
            return
        missing = {(t.name, m): (t, m) for t, m in needed if (t.name, m) not in self._known}
        if not missing:
            return
        async with self._lock:
            for key in sorted(missing):
                if key not in self._known:
                    table, month = missing[key]
                    await self._dialect.ensure_partition(
                        table, start_of(month), start_of(month + 1)
                    )
                    self._known.add(key)

    async def ensure_ahead(self) -> None:
        """Make the partitions of this month and the next ones."""
        month = month_of(self._clock())
        ahead = range(month, month + self._months_ahead + 1)
        await self.ensure((table, m) for table in partitioned_tables() for m in ahead)

    def forget(self) -> None:
        """Look again next time, after partitions were dropped by somebody else."""
        self._known.clear()

"""Partitions by month: made ahead of time, and on demand before a flush that needs one."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Table

from models import Base
from models.partitions import INFO_KEY, Partition
from store.dialects import DatabaseDialect, TimeSpan
from store.ids import Clock
from store.maintenance.settings import MaintenanceSettings

MONTHS = 12
Month = int
"""Months since year 0: ``year * 12 + month - 1``."""
LAST_MONTH: Month = 10_000 * MONTHS


def month_of(instant: datetime) -> Month:
    instant = instant.astimezone(UTC)
    return instant.year * MONTHS + instant.month - 1


def start_of(month: Month) -> datetime:
    return datetime(month // MONTHS, month % MONTHS + 1, 1, tzinfo=UTC)


def partitioned_tables() -> list[Table]:
    return [t for t in Base.metadata.sorted_tables if INFO_KEY in t.info]


def partition_of(table: Table) -> Partition:
    partition: Partition = table.info[INFO_KEY]
    return partition


class Partitions:
    """Knows which months have a partition and makes those that are missing.

    Each month from ``partition_months`` ago on gets its own; older ones share, so that records of
    many years do not make every statement plan with hundreds of tables.
    """

    def __init__(
        self,
        dialect: DatabaseDialect,
        clock: Clock,
        settings: MaintenanceSettings | None = None,
    ) -> None:
        self._dialect = dialect
        self._clock = clock
        self._settings = settings or MaintenanceSettings()
        self._known: dict[str, list[tuple[Month, Month]]] = {}
        self._lock = asyncio.Lock()

    async def ensure(self, needed: Iterable[tuple[Table, Month]]) -> None:
        """Make what is missing of ``needed``; does nothing on a database without partitions."""
        if not self._dialect.partitioned:
            return
        missing = {(t.name, m): t for t, m in needed if not self._is_known(t, m)}
        if not missing:
            return
        for name, month in sorted(missing):
            async with self._lock:  # for each of them: who needs one does not wait for a hundred
                await self._ensure_one(missing[name, month], month)

    async def _ensure_one(self, table: Table, month: Month) -> None:
        if not self._is_known(table, month):
            shared_before = start_of(month_of(self._clock()) - self._settings.partition_months)
            span = TimeSpan(start_of(month), start_of(month + 1))
            span = await self._dialect.partitions.ensure_partition(table, span, shared_before)
            self._known.setdefault(table.name, []).append(_months_of(span))

    async def ensure_ahead(self) -> None:
        month = month_of(self._clock())
        ahead = range(month, month + self._settings.partitions_ahead + 1)
        await self.ensure((table, m) for table in partitioned_tables() for m in ahead)

    def forget(self) -> None:
        self._known.clear()

    def _is_known(self, table: Table, month: Month) -> bool:
        return any(first <= month < end for first, end in self._known.get(table.name, ()))


def _months_of(span: TimeSpan) -> tuple[Month, Month]:
    return (
        0 if span.start is None else month_of(span.start),
        LAST_MONTH if span.end is None else month_of(span.end - timedelta.resolution) + 1,
    )

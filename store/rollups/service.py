"""The rollups as one thing: started with the store, worked on, listed, rebuilt, verified."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from models.rollups import ROLLUPS, Rollup
from store.database import ContentionError, Database
from store.ids import Clock
from store.rollups.definitions import TABLE
from store.rollups.folding import Folding
from store.rollups.maintenance import Maintenance
from store.rollups.rebuilding import (
    Difference,
    busy_days,
    differences,
    hours_between,
    rebuild,
    spans_of,
)
from store.rollups.state import RollupStates, oldest_record
from store.time_buckets import DAY, HOUR, next_day, next_hour, start_of_day, start_of_hour
from store.validation import EARLIEST, FUTURE

REBUILD_TRIES = 5
"""How often a stretch is rebuilt again after somebody else changed its rows."""
VERIFIED_RECORDS = 100_000
"""Records of one step of a verification, which holds what it compares in memory."""
Progress = Callable[[int, int], None]
"""Told how many steps of how many are done."""


@dataclass(frozen=True, slots=True)
class RollupSize:
    rollup: Rollup
    rows: int


class Rollups:
    def __init__(
        self, database: Database, states: RollupStates, clock: Clock, day_delay: timedelta
    ) -> None:
        self._database = database
        self._states = states
        self._clock = clock
        self.maintenance = Maintenance(database, states, clock, day_delay)
        self.folding = Folding(database)

    async def prepare(self) -> None:
        await self._states.prepare()

    async def valid_from(self) -> datetime | None:
        """Since when all hours are right; None where none is, or where no server keeps rollups."""
        self._states.forget()
        return await self._states.valid_from()

    async def sizes(self) -> list[RollupSize]:
        statement = select(TABLE.c.rollup, func.count()).group_by(TABLE.c.rollup)
        async with self._database.read() as connection:
            counts = {row[0]: row[1] for row in await connection.execute(statement)}
        return [RollupSize(rollup, counts.get(rollup.number, 0)) for rollup in ROLLUPS]

    async def rebuild(
        self,
        since: datetime | None,
        until: datetime | None,
        progress: Progress,
        step: timedelta = DAY,
    ) -> int:
        """Make the hours that [since, until) touches again from the records; returns how many.

        Each step is a transaction of its own, and servers may write meanwhile.
        """
        first, last = await self._hours(since, until)
        async with self._database.read() as connection:
            dialect = self._database.dialect
            busy = await busy_days(connection, dialect, start_of_day(first), last)
        steps = [hours for hours in hours_between(first, last, step) if _touches(hours, busy)]
        for done, (start, end) in enumerate(steps):
            progress(done, len(steps))
            await self._patiently(start, end)
        progress(len(steps), len(steps))
        return (last - first) // HOUR

    async def _patiently(self, first: datetime, last: datetime) -> None:
        for left in reversed(range(REBUILD_TRIES)):
            try:
                return await rebuild(self._database, first, last)
            except ContentionError:
                if not left:
                    raise
        return None

    async def verify(
        self, since: datetime | None, until: datetime | None, progress: Progress
    ) -> AsyncIterator[Difference]:
        """Yield where rollups and records differ, in the UTC days that [since, until) touches.

        Days before the rollups are right are left out: no answer reads them.
        """
        self._states.forget()
        coverage = await self._states.coverage()
        if coverage is None:
            return
        valid_from = coverage.valid_from
        first = max(since.astimezone(UTC) if since else EARLIEST, valid_from)
        last = next_day(until.astimezone(UTC)) if until else None
        dialect = self._database.dialect
        async with self._database.read() as connection:
            busy = await busy_days(connection, dialect, start_of_day(first), last)
        steps = list(spans_of(busy, VERIFIED_RECORDS))
        for done, span in enumerate(steps):
            progress(done, len(steps))
            async with self._database.read() as connection:
                async for difference in differences(connection, dialect, span, coverage):
                    yield difference
        progress(len(steps), len(steps))

    async def _hours(
        self, since: datetime | None, until: datetime | None
    ) -> tuple[datetime, datetime]:
        latest = next_hour(self._clock() + FUTURE)
        async with self._database.read() as connection:
            rolled = await connection.scalar(select(func.min(TABLE.c.starts_at)))
            recorded = await oldest_record(connection)
        oldest = min((instant for instant in (rolled, recorded) if instant), default=None)
        first = max(since.astimezone(UTC) if since else (oldest or latest), oldest or latest)
        last = min(until.astimezone(UTC), latest) if until else latest
        return start_of_hour(first), next_hour(last)


def _touches(stretch: tuple[datetime, datetime], days: Mapping[datetime, int]) -> bool:
    day, end = start_of_day(stretch[0]), stretch[1]
    while day < end:
        if day in days:
            return True
        day += DAY
    return False

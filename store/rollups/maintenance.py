"""Works on the rollups in the background: sums up what was recorded before them, merges their rows."""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from models.rollups import RETIRED_NUMBERS, Tier
from store.database import ContentionError, Database, DatabaseFailureError
from store.errors import StoreError
from store.ids import Clock
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import PeriodicTask, Schedule
from store.rollups.definitions import TABLE
from store.rollups.merging import NUMBERS_OF_ROLLUPS, OPEN, merge_day, merge_hour
from store.rollups.rebuilding import rewrite_hours
from store.rollups.state import RollupStates, oldest_record, read_valid_from, write_valid_from
from store.time_buckets import DAY, HOUR, next_hour, start_of_day
from store.validation import EARLIEST, FUTURE

SCHEDULE = Schedule(interval=5.0, jitter=0.1)
WORK_SECONDS = 60.0
"""A turn ends after so long, well before its lease does."""
MERGE_THRESHOLD_ROWS = 256
"""So many rows of an hour are merged while the hour still grows."""
DAY_PAUSE_SECONDS = 300.0
"""A day in which little arrives late is merged again no sooner than this."""
MAX_FILL_SPAN = timedelta(days=1)
"""How much is summed up in one transaction, to begin with."""
QUICK_SECONDS, SLOW_SECONDS = 1.0, 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RollupStats:
    merges: int = 0
    merged_rows: int = 0
    filled_hours: int = 0
    failures: int = 0


class Maintenance:
    def __init__(
        self, database: Database, states: RollupStates, clock: Clock, day_delay: timedelta
    ) -> None:
        self._database = database
        self._states = states
        self._clock = clock
        self._day_delay = day_delay
        self._step = MAX_FILL_SPAN
        self._oldest: datetime | None = None
        self._days: dict[datetime, float] = {}
        self.stats = RollupStats()
        failures = FailureLog(log, "rollup maintenance failed; retrying later")
        self.task = PeriodicTask("rollups", self.run_once, SCHEDULE, failures, self._note_failure)

    def _note_failure(self, error: Exception) -> None:
        del error
        self.stats.failures += 1

    async def run_once(self) -> None:
        if not await self._states.take_turn():
            return
        until = time.monotonic() + WORK_SECONDS
        try:
            while time.monotonic() < until and await self._fill():
                pass
            await self._delete_retired()
            await self._merge(until)
        finally:
            with suppress(StoreError):  # the lease ends by itself
                await self._states.end_turn()

    # --- what was recorded before there were rollups -----------------------------------------------

    async def _fill(self) -> bool:
        async with self._database.read() as connection:
            last = await read_valid_from(connection)
            if last is not None and last <= EARLIEST:
                return False
            # What is older and comes later is summed up as it is written.
            oldest = self._oldest = self._oldest or await oldest_record(connection)
        last = last or next_hour(self._clock() + FUTURE + HOUR)
        if oldest is None or oldest >= last:
            first = EARLIEST
        else:
            first = max(last - self._step, EARLIEST)
            if self._step >= DAY:
                first = start_of_day(first)
        started = time.monotonic()
        try:
            await self._fill_between(first, last, is_empty=oldest is None or oldest >= last)
        except (StoreError, DatabaseFailureError):
            self._step = max(self._step / 2, HOUR)
            self._step -= self._step % HOUR
            raise
        seconds = time.monotonic() - started
        if seconds < QUICK_SECONDS:
            self._step *= 2
        elif seconds > SLOW_SECONDS:
            self._step = max(self._step // 2 // HOUR * HOUR, HOUR)
        self._states.forget()
        return True

    async def _fill_between(self, first: datetime, last: datetime, is_empty: bool) -> None:
        async with self._database.rewrite() as connection:
            if not is_empty:
                await rewrite_hours(connection, self._database.dialect, first, last)
                self.stats.filled_hours += (last - first) // HOUR
            await write_valid_from(connection, first)

    # --- merging -----------------------------------------------------------------------------------

    async def _delete_retired(self) -> None:
        """Delete what servers of a former version still write beside this one."""
        retired = TABLE.c.rollup.in_(RETIRED_NUMBERS)
        async with self._database.read() as connection:
            statement = select(TABLE.c.rollup).where(retired).limit(1)
            if (await connection.execute(statement)).first() is None:
                return
        async with self._database.write() as connection:
            await connection.execute(delete(TABLE).where(retired))

    async def _merge(self, until: float) -> None:
        now = self._clock()
        hours: dict[datetime, dict[int, int]] = {}
        for start, tier, count in await self._open_rows():
            hours.setdefault(start, {})[tier] = count
        days: dict[datetime, int] = {}
        for start, counts in sorted(hours.items()):
            day, count = start_of_day(start), sum(counts.values())
            if day + DAY + self._day_delay <= now:
                days[day] = days.get(day, 0) + count
            elif counts.get(Tier.FRESH, 0) >= max(
                MERGE_THRESHOLD_ROWS, counts.get(Tier.HOUR, 0) // 2
            ):
                await self._merge_one(start, is_day=False)
            if time.monotonic() > until:
                return
        for day, count in sorted(days.items()):
            seen = self._days.get(day, float("-inf"))
            if count < MERGE_THRESHOLD_ROWS and time.monotonic() - seen < DAY_PAUSE_SECONDS:
                continue
            await self._merge_one(day, is_day=True)
            self._days[day] = time.monotonic()
            if time.monotonic() > until:
                return

    async def _open_rows(self) -> list[tuple[datetime, int, int]]:
        columns = TABLE.c
        statement = (
            select(columns.starts_at, columns.tier, func.count())
            .where(columns.rollup.in_(NUMBERS_OF_ROLLUPS), columns.tier.in_(OPEN))
            .group_by(columns.starts_at, columns.tier)
        )
        async with self._database.read() as connection:
            return [(start, tier, n) for start, tier, n in await connection.execute(statement)]

    async def _merge_one(self, start: datetime, is_day: bool) -> None:
        merge = merge_day if is_day else merge_hour
        try:
            async with self._database.rewrite() as connection:
                rows = await merge(connection, self._database.dialect, start)
        except ContentionError:
            return  # somebody else merged or rebuilt the same rows
        self.stats.merges += 1
        self.stats.merged_rows += rows

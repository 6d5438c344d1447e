"""What must be done from time to time: partitions ahead, forgetting what no answer can need."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, delete, exists, select, tuple_

from models import Consumption, Limit, LimitUsage, Reservation, ReservationHold, SignIn, table_of
from models.enums import LimitPeriod
from models.types import EPOCH
from store.database import Database
from store.ids import Clock
from store.maintenance.failure_log import FailureLog
from store.maintenance.partitions import Partitions
from store.maintenance.periodic import PeriodicTask, Schedule

SCHEDULE = Schedule(interval=3_600.0, first=60.0, retry=60.0, jitter=0.1)
EXPIRED_RETENTION = timedelta(days=1)
"""How long holds and sign-ins are kept after they expired."""
BATCH_ROWS = 1_000
"""Rows of one transaction: others never wait for long."""
MAX_BATCHES = 1_000
"""Batches of one table in a run; the next run goes on."""
LONGEST_PERIODS = {
    LimitPeriod.HOUR: timedelta(hours=2),
    LimitPeriod.DAY: timedelta(days=2),
    LimitPeriod.WEEK: timedelta(days=8),
    LimitPeriod.MONTH: timedelta(days=32),
    LimitPeriod.YEAR: timedelta(days=367),
}
"""No period of a calendar is longer, in whatever zone; a lifetime has no end."""
CONSUMPTIONS, RESERVATIONS = table_of(Consumption), table_of(Reservation)
HOLDS, LIMITS, USAGES = table_of(ReservationHold), table_of(Limit), table_of(LimitUsage)
SIGN_INS = table_of(SignIn)

log = logging.getLogger(__name__)


class Housekeeping:
    def __init__(
        self,
        database: Database,
        partitions: Partitions,
        clock: Clock,
        idempotency: timedelta,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._clock = clock
        self._idempotency = idempotency
        self._batch_rows = batch_rows
        failures = FailureLog(log, "housekeeping failed; retrying later")
        self.task = PeriodicTask("housekeeping", self._work, SCHEDULE, failures)

    async def run_once(self) -> None:
        async with self._database.translated():
            await self._partitions.ensure_ahead()
        for table, is_old in self._old(self._clock()):
            await self._delete(table, is_old)

    def _old(self, now: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """Yield the conditions on expired rows by table.

        A repeat of ``consume`` or ``reserve``, a commit and a release are answered within the time of
        idempotency. Usage is read in its period only; it stays for that time as well.
        """
        oldest = now - self._idempotency
        yield CONSUMPTIONS, CONSUMPTIONS.c.created_at < oldest
        yield HOLDS, HOLDS.c.expires_at < now - EXPIRED_RETENTION
        settled = RESERVATIONS.c.settled_at
        is_settled_lately = settled.is_not(None) & (settled >= oldest)
        yield RESERVATIONS, (RESERVATIONS.c.expires_at < oldest) & ~is_settled_lately
        for period, longest in LONGEST_PERIODS.items():
            of_limit = exists().where(
                LIMITS.c.organization_id == USAGES.c.organization_id,
                LIMITS.c.id == USAGES.c.limit_id,
                LIMITS.c.period == period.value,
            )
            ended = USAGES.c.period_start < oldest - longest
            yield USAGES, (USAGES.c.period_start > EPOCH) & ended & of_limit
        yield SIGN_INS, SIGN_INS.c.expires_at < now - EXPIRED_RETENTION

    async def _delete(self, table: Table, is_old: ColumnElement[bool]) -> None:
        """Delete in batches, each in a transaction of its own, between those of others."""
        key = list(table.primary_key.columns)
        keys = select(*key).where(is_old).limit(self._batch_rows)
        statement = delete(table).where(tuple_(*key).in_(keys))
        deleted = 0
        for _ in range(MAX_BATCHES):
            async with self._database.write() as connection:
                count = (await connection.execute(statement)).rowcount
            deleted += count
            if count < self._batch_rows:
                break
        if deleted:
            log.info("deleted expired rows", extra={"table": table.name, "rows": deleted})

    async def _work(self) -> None:
        await self.run_once()

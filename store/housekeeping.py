"""What must be done from time to time: partitions ahead, forgetting what no retry can ask for."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import delete

from models import Consumption, ReservationHold, table_of
from store.database import Database, DatabaseFailure
from store.errors import StoreError
from store.ids import Clock
from store.partitions import Partitions

PAUSE_SECONDS = 3_600.0
FIRST_PAUSE_SECONDS = 60.0
KEEP_EXPIRED_HOLDS = timedelta(days=1)
CONSUMPTIONS, HOLDS = table_of(Consumption), table_of(ReservationHold)

log = logging.getLogger(__name__)


class Housekeeping:
    """Runs hourly in every server; each step is harmless when another server does it too."""

    def __init__(
        self, database: Database, partitions: Partitions, clock: Clock, idempotency: timedelta
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._clock = clock
        self._idempotency = idempotency

    async def run_once(self) -> None:
        """Do all of it now."""
        now = self._clock()
        with self._database.translated():
            await self._partitions.ensure_ahead()
        async with self._database.write() as connection:
            old = CONSUMPTIONS.c.created_at < now - self._idempotency
            await connection.execute(delete(CONSUMPTIONS).where(old))
            expired = HOLDS.c.expires_at < now - KEEP_EXPIRED_HOLDS
            await connection.execute(delete(HOLDS).where(expired))

    async def run(self) -> None:
        """Do it again and again until cancelled; a failure is logged and tried again."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = PAUSE_SECONDS
            try:
                await self.run_once()
            except (StoreError, DatabaseFailure):
                log.warning("housekeeping will be tried again", exc_info=True)
                pause = FIRST_PAUSE_SECONDS

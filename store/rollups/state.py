"""Since when the rollups are right, and whose turn it is to work on them."""

import asyncio
import time
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Operation, RollupState, table_of
from models.rollups import OPERATION_ROLLUPS
from store.aggregation.sources import OPERATIONS
from store.database import ContentionError, Database
from store.ids import Clock
from store.rollups.definitions import fingerprint
from store.validation import EARLIEST

STATES, RECORDS = table_of(RollupState), table_of(Operation)
SOURCE = OPERATIONS.name
REREAD_SECONDS = 5.0
"""How long a server may not know that another one began to rebuild all rollups."""
LEASE = timedelta(minutes=2)
PREPARE_TRIES = 50
PREPARE_PAUSE_SECONDS = 0.1
"""Five seconds in all: the others only delete the old rows and write one."""
OFF = "off"
"""The fingerprint where servers do not keep rollups."""


class RollupStates:
    def __init__(self, database: Database, clock: Clock, enabled: bool = True) -> None:
        self._database = database
        self._clock = clock
        self.enabled = enabled
        self._fingerprint = fingerprint() if enabled else OFF
        self._valid_from: datetime | None = None
        self._read_at = float("-inf")

    async def prepare(self) -> None:
        """Before anything is written: what other lists made is forgotten, and made again later.

        A server that keeps no rollups says so, and nobody reads them until they were made again.
        Servers that start together do it in turn: who comes second finds it done.
        """
        for left in reversed(range(PREPARE_TRIES)):
            try:
                return await self._prepare()
            except ContentionError:
                if not left:
                    raise
                await asyncio.sleep(PREPARE_PAUSE_SECONDS)
        return None

    async def _prepare(self) -> None:
        async with self._database.rewrite() as connection:
            result = await connection.execute(
                select(STATES.c.fingerprint).where(STATES.c.source == SOURCE)
            )
            if result.scalar() == self._fingerprint:
                return
            await self._begin(connection)
        self.forget()

    async def _begin(self, connection: AsyncConnection) -> None:
        await connection.execute(delete(OPERATION_ROLLUPS))
        recorded = await connection.execute(select(RECORDS.c.organization_id).limit(1))
        is_right = recorded.first() is None and self.enabled
        row = {
            "source": SOURCE,
            "fingerprint": self._fingerprint,
            "valid_from": EARLIEST if is_right else None,
            "leased_until": EARLIEST,
        }
        await self._database.dialect.rows.upsert(connection, STATES, [row])

    async def valid_from(self) -> datetime | None:
        """Since when all hours are right; None where none is."""
        if not self.enabled:
            return None
        if time.monotonic() - self._read_at > REREAD_SECONDS:
            self._read_at = time.monotonic()
            async with self._database.read() as connection:
                self._valid_from = await read_valid_from(connection)
        return self._valid_from

    def forget(self) -> None:
        self._read_at = float("-inf")

    async def take_turn(self) -> bool:
        now = self._clock()
        async with self._database.write() as connection:
            taken = await connection.execute(
                update(STATES)
                .where(STATES.c.source == SOURCE, STATES.c.leased_until < now)
                .where(STATES.c.fingerprint == self._fingerprint)
                .values(leased_until=now + LEASE)
            )
        return taken.rowcount == 1

    async def end_turn(self) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(STATES).where(STATES.c.source == SOURCE).values(leased_until=EARLIEST)
            )


async def read_valid_from(connection: AsyncConnection) -> datetime | None:
    result = await connection.execute(
        select(STATES.c.valid_from).where(
            STATES.c.source == SOURCE, STATES.c.fingerprint == fingerprint()
        )
    )
    return result.scalar()


async def write_valid_from(connection: AsyncConnection, valid_from: datetime) -> None:
    """Set the instant from which all hours are right once this transaction commits."""
    await connection.execute(
        update(STATES).where(STATES.c.source == SOURCE).values(valid_from=valid_from)
    )


async def oldest_record(connection: AsyncConnection) -> datetime | None:
    oldest: datetime | None = await connection.scalar(select(func.min(RECORDS.c.occurred_at)))
    return oldest

"""Since when the rollups are right, and whose turn it is to work on them."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models import RollupState, table_of
from models.rollups import OPERATION_ROLLUPS
from store.database import ContentionError, Database
from store.dialects import CommitHorizon
from store.ids import Clock
from store.rollups.definitions import fingerprint
from store.rollups.folded import FOLDS, RECORDS, SOURCE, fetch_fold
from store.validation import EARLIEST

STATES = table_of(RollupState)
REREAD_SECONDS = 1.0
"""How long a server may not know that another one began to rebuild all rollups.

What was committed for so long and folded is looked at by each question, beside what is not folded.
"""
LEASE = timedelta(minutes=2)
PREPARE_TRIES = 50
PREPARE_PAUSE_SECONDS = 0.1
"""Five seconds in all: the others only delete the old rows and write one."""
OFF = "off"
"""The fingerprint where servers do not keep rollups."""


@dataclass(frozen=True, slots=True)
class RollupCoverage:
    """What the rollups contain: every hour from ``valid_from`` on, of the records of ``folded``."""

    valid_from: datetime
    folded: CommitHorizon


class RollupStates:
    def __init__(self, database: Database, clock: Clock, enabled: bool = True) -> None:
        self._database = database
        self._clock = clock
        self.enabled = enabled
        self._fingerprint = fingerprint() if enabled else OFF
        self._coverage: RollupCoverage | None = None
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
            if result.scalar() == self._fingerprint and not await self._is_foreign(connection):
                return
            await self._begin(connection)
        self.forget()

    async def _is_foreign(self, connection: AsyncConnection) -> bool:
        """Return whether the fold is of another database, which this one was restored from.

        Where transactions are counted, a copy begins to count again, and everything would seem folded.
        """
        folded = await fetch_fold(connection)
        ended = await self._database.dialect.feeds.commit_horizon(connection, RECORDS)
        return folded is None or folded.below > ended.below

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
        dialect = self._database.dialect
        await dialect.rows.upsert(connection, STATES, [row])
        # From here on records are folded; what there is now is summed up by the hour.
        below, pending = await dialect.feeds.commit_horizon(connection, RECORDS)
        fold = {"source": SOURCE, "folded_below": below, "pending": list(pending)}
        await dialect.rows.upsert(connection, FOLDS, [fold])

    async def valid_from(self) -> datetime | None:
        """Since when all hours are right; None where none is."""
        coverage = await self.coverage()
        return None if coverage is None else coverage.valid_from

    async def coverage(self) -> RollupCoverage | None:
        """Return what the rollups contained a moment ago, or None where no hour of them is right."""
        if not self.enabled:
            return None
        if time.monotonic() - self._read_at > REREAD_SECONDS:
            self._read_at = time.monotonic()
            async with self._database.read() as connection:
                self._coverage = await read_coverage(connection)
        return self._coverage

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


async def owns_rollups(connection: AsyncConnection) -> bool:
    """Return whether the rows of the rollups are those of this version's list."""
    statement = select(STATES.c.fingerprint).where(STATES.c.source == SOURCE)
    return bool(await connection.scalar(statement) == fingerprint())


async def read_coverage(connection: AsyncConnection) -> RollupCoverage | None:
    statement = (
        select(STATES.c.valid_from, FOLDS.c.folded_below, FOLDS.c.pending)
        .join_from(STATES, FOLDS, STATES.c.source == FOLDS.c.source)
        .where(STATES.c.source == SOURCE, STATES.c.fingerprint == fingerprint())
    )
    row = (await connection.execute(statement)).first()
    if row is None or row.valid_from is None:
        return None
    return RollupCoverage(row.valid_from, CommitHorizon(row.folded_below, tuple(row.pending)))


async def write_valid_from(connection: AsyncConnection, valid_from: datetime) -> None:
    """Set the instant from which all hours are right once this transaction commits."""
    await connection.execute(
        update(STATES).where(STATES.c.source == SOURCE).values(valid_from=valid_from)
    )


async def oldest_record(connection: AsyncConnection) -> datetime | None:
    oldest: datetime | None = await connection.scalar(select(func.min(RECORDS.c.occurred_at)))
    return oldest

"""Looks for requests that have been silent for too long, again and again, in every server."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models import Request, table_of
from store.database import Database
from store.errors import StoreError
from store.ids import Clock
from store.ingest.entries import ItemStatus
from store.ingest.writer import Writer
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import RUN_AGAIN, PeriodicTask, Schedule
from store.requests.entries import StallCheckEntry

MAX_STALL_CHECK_ITEMS = 200
"""Requests of one transaction: it holds their rows for some ten milliseconds, not longer."""
JITTER = 0.1
REQUESTS = table_of(Request)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class StallCheckStats:
    sweeps: int = 0
    looks: int = 0
    moved: int = 0
    failures: int = 0


class StallChecker:
    """Judges due requests through the writer; two servers that do so at once write one event.

    A server that did not listen cannot say that nobody spoke: silence counts from the start of the
    sweeper, and again after the database was away or too busy, for it took no message either then.
    """

    def __init__(self, database: Database, writer: Writer, clock: Clock, pause: float) -> None:
        self._database = database
        self._writer = writer
        self._clock = clock
        self._listening_since = clock()
        self.stats = StallCheckStats()
        self.task = PeriodicTask(
            "sweeper",
            self._work,
            Schedule(interval=pause, jitter=JITTER),
            FailureLog(log, "the stall check failed; retrying"),
            self._note_failure,
        )

    def start_listening(self) -> None:
        self._listening_since = self._clock()

    async def due(self, now: datetime) -> list[StallCheckEntry]:
        """Return the requests past their deadline, oldest first, at most ``MAX_STALL_CHECK_ITEMS``."""
        deadline = REQUESTS.c.deadline_at
        statement = select(REQUESTS.c.organization_id, REQUESTS.c.id).where(deadline <= now)
        statement = statement.order_by(deadline).limit(MAX_STALL_CHECK_ITEMS)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return [StallCheckEntry(row.organization_id, row.id, self._listening_since) for row in rows]

    async def run_once(self) -> bool:
        entries = await self.due(self._clock())
        # Each by itself: they share a transaction all the same, and one that fails spoils no other.
        submitted = (self._writer.submit([entry], entry.organization) for entry in entries)
        outcomes = await asyncio.gather(*submitted, return_exceptions=True)
        self.stats.sweeps += 1
        self.stats.looks += len(entries)
        done = [e.result for e in entries if e.result is not None]
        self.stats.moved += sum(result.status is ItemStatus.ACCEPTED for result in done)
        failed = [error for error in outcomes if error is not None]
        for error in failed:
            if isinstance(error, StoreError):
                raise error
        if failed:
            self.stats.failures += 1
            log.error("stall check failed for %d requests", len(failed), exc_info=failed[0])
        return len(entries) == MAX_STALL_CHECK_ITEMS and not failed

    async def _work(self) -> float | None:
        return RUN_AGAIN if await self.run_once() else None

    def _note_failure(self, error: Exception) -> None:
        self.stats.failures += 1
        if isinstance(error, StoreError):
            self.start_listening()

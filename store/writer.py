"""The ingest writer: concurrent writes share transactions, each caller waits for its commit.

Submissions queue up to a bound; a few flush loops take what is there, write it in one transaction,
and only after the commit set every caller's results. An acknowledged entry is a committed entry.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Table

from store.database import Contention, Database
from store.entries import Applier, Entry, Flush
from store.errors import Overloaded, StoreError
from store.fair_queue import Tenant
from store.ids import Clock
from store.partitions import Month, Partitions
from store.write_queue import Submission, WriteQueue, WriterSettings, loops_for

log = logging.getLogger(__name__)

CONTENTION_TRIES = 5
"""How often a flush is run again after a deadlock or lock time-out before its callers are told."""
CONTENTION_PAUSE = 0.02
"""Seconds before the second try; each further pause is longer by as much."""


Shortcut = Callable[[Database, Sequence[Entry]], Awaitable[bool]]
"""Writes all entries of a flush in a transaction of its own, by fewer steps; False where these
cannot be written so: then nothing is written, and the appliers have their turn."""


@dataclass(slots=True)
class WriterStats:
    """What the writer did since it started, for metrics."""

    queued: int = 0
    flushes: int = 0
    entries: int = 0
    refused: int = 0
    retries: int = 0
    failures: int = 0
    seconds: float = 0.0


class Writer:
    """Group commit over a bounded queue."""

    def __init__(
        self,
        database: Database,
        partitions: Partitions,
        appliers: Sequence[Applier],
        clock: Clock,
        settings: WriterSettings,
        shortcut: Shortcut | None = None,
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._appliers = appliers
        self._clock = clock
        self._settings = settings
        self._shortcut = shortcut
        self._queue = WriteQueue(settings, database.dialect.parallel_writers)
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._had_company = False
        self._cut = 0  # entries whose transaction was under way when patience ended
        self.stats = WriterStats()

    def start(self) -> None:
        """Start the flush loops."""
        self._closing, self._cut = False, 0
        count = loops_for(self._database.dialect.parallel_writers)
        self._tasks = [asyncio.create_task(self._run(), name=f"writer-{i}") for i in range(count)]

    async def submit(self, entries: Sequence[Entry], tenant: Tenant = None) -> None:
        """Write ``entries`` in one transaction and set their results; returns after the commit.

        ``tenant`` is the organization in whose turn they are written.

        Raises ``Overloaded`` at once when the queue is full or the server is stopping, and
        ``Overloaded`` or ``TimedOut`` when the database could not take them: nothing is known to
        be written then, and a repeat with the same ids is harmless.
        """
        if not entries:
            return
        if self._closing or not self._tasks:
            raise Overloaded("the server is stopping: send this again in a moment")
        count = sum([entry.count for entry in entries])
        try:
            self._queue.check(tenant, count)
        except Overloaded:
            self.stats.refused += count
            raise
        submission = Submission(entries, count, tenant)
        self._queue.add(submission)
        self.stats.queued = self._queue.items
        self._arrived.set()
        await submission.done

    async def close(self, timeout: float = 30.0) -> int:
        """Write what is queued, then stop; returns how many entries were left unwritten."""
        self._closing = True
        self._arrived.set()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=timeout)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        left = self.stats.queued + self._cut
        for submission in self._queue.clear():
            submission.fail(Overloaded("the server stopped: send this again"))
        self.stats.queued = 0
        self._tasks = []
        return left

    async def _run(self) -> None:
        while True:
            while not self._queue.has_turn():
                if self._closing and not self._queue:
                    return
                self._arrived.clear()
                await self._arrived.wait()
            batch = self._queue.begin()
            try:
                await self._gather()
                self._queue.fill(batch)
                self.stats.queued = self._queue.items
                self._had_company = len(batch.submissions) > 1
                if batch.submissions:
                    await self._flush(batch.submissions)
            finally:
                self._queue.end(batch)
                self._arrived.set()  # what came meanwhile waited for this

    async def _gather(self) -> None:
        """Wait for company, as long as there was some the last time."""
        if not (self._queue.is_much or self._closing):
            await asyncio.sleep(self._settings.delay_seconds if self._had_company else 0)

    async def _flush(self, batch: list[Submission]) -> None:
        started = time.perf_counter()
        try:
            await self._write_patiently([e for s in batch for e in s.entries])
        except StoreError as error:
            self._fail(batch, error)
        except asyncio.CancelledError:
            self._cut_off(batch)
            raise
        except Exception as error:  # the writer's edge: the loop must go on
            if len(batch) > 1:
                await self._isolate(batch)
            else:
                log.exception("a batch could not be written")
                self._fail(batch, error)
        else:
            for submission in batch:
                submission.succeed()
        self.stats.flushes += 1
        self.stats.entries += sum(s.count for s in batch)
        self.stats.seconds += time.perf_counter() - started

    async def _isolate(self, batch: list[Submission]) -> None:
        """Something in the batch cannot be written: write each caller's part by itself."""
        waiting = deque(batch)
        try:
            while waiting:
                await self._flush([waiting.popleft()])
        except asyncio.CancelledError:
            self._cut_off(waiting)
            raise

    def _cut_off(self, batch: Iterable[Submission]) -> None:
        """Tell those who still wait that nothing is known to be written."""
        for submission in batch:
            self._cut += 0 if submission.done.done() else submission.count
            submission.fail(Overloaded("the server stopped: send this again"))

    def _fail(self, batch: list[Submission], error: Exception) -> None:
        self.stats.failures += 1
        for submission in batch:
            submission.fail(error)

    async def _write_patiently(self, entries: list[Entry]) -> None:
        for attempt in range(1, CONTENTION_TRIES + 1):
            try:
                await self._write(entries)
            except Contention:
                if attempt == CONTENTION_TRIES:
                    raise
                self.stats.retries += 1
                self._partitions.forget()
                await asyncio.sleep(CONTENTION_PAUSE * attempt)
            else:
                return

    async def _write(self, entries: list[Entry]) -> None:
        needed: dict[tuple[str, Month], tuple[Table, Month]] = {}
        for entry in entries:
            entry.result = None
            for table, month in entry.partitions():
                needed[table.name, month] = table, month
        with self._database.translated():
            await self._partitions.ensure(needed.values())
        if self._shortcut is not None and await self._shortcut(self._database, entries):
            return
        async with self._database.write() as connection:
            flush = Flush(connection, self._database.dialect, self._clock())
            for applier in self._appliers:
                mine = [e for e in entries if isinstance(e, applier.kinds)]
                await applier.apply(flush, mine)
        for notice in flush.notices:
            notice()

"""The ingest writer: concurrent writes share transactions, each caller waits for its commit.

Submissions queue up to a bound; a few flush loops take what is there, write it in one transaction,
and only after the commit set every caller's results. An acknowledged entry is a committed entry.
Every wait has a deadline: a flush that runs out is abandoned, and its callers learn whether
anything of it can be stored.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Table

from store.database import OUTCOME_UNKNOWN_MESSAGE, ContentionError, Database
from store.dialects import TransactionAttempt
from store.errors import OutcomeUnknownError, OverloadedError, StoreError
from store.ids import Clock
from store.ingest.entries import Applier, Entry, Flush, Lane
from store.ingest.lanes import WriteLane
from store.ingest.queue import Submission, WriterSettings, loops_for
from store.maintenance.partitions import Month, Partitions
from store.scheduling.fair_queue import Tenant

log = logging.getLogger(__name__)

CONTENTION_TRIES = 5
"""How often a flush is run again after a deadlock or lock time-out before its callers are told."""
CONTENTION_PAUSE_SECONDS = 0.02
"""Seconds before the second try; each further pause is longer by as much."""


QUEUE_FLUSHES = 3
"""An entry may wait in the queue for as long as so many flushes may take; then it is refused."""
SERVER_STOPPED_MESSAGE = "the server stopped: send this again"
DATABASE_TIMEOUT_MESSAGE = "the database took too long: nothing was stored, try again"

PartitionsNeeded = Iterable[tuple[Table, Month]]
Shortcut = Callable[[Database, Sequence[Entry], TransactionAttempt], Awaitable[bool]]
"""Writes all entries of a flush in a transaction of its own, by fewer steps; False where these
cannot be written so: then nothing is written, and the appliers have their turn."""


@dataclass(slots=True)
class WriterStats:
    queued: int = 0
    flushes: int = 0
    entries: int = 0
    refused: int = 0
    retries: int = 0
    failures: int = 0
    abandoned: int = 0
    unknown: int = 0
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
        shortcuts: Sequence[Shortcut] = (),
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._appliers = appliers
        self._clock = clock
        self._settings = settings
        self._shortcuts = shortcuts
        self._lanes: dict[Lane, WriteLane] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._preparing = 0  # entries whose partitions are being made
        self._cut = 0  # entries whose transaction was under way when patience ended
        self._expiry: asyncio.TimerHandle | None = None
        self.stats = WriterStats()

    def start(self) -> None:
        self._closing, self._cut = False, 0
        writers = self._database.dialect.parallel_writers
        shared = WriteLane(self._settings, writers)
        # Where there is one writer, lanes would only make more transactions of the same work.
        self._lanes = {
            lane: WriteLane(self._settings, writers) if writers > 1 else shared for lane in Lane
        }
        self._tasks = [
            asyncio.create_task(self._run(lane), name=f"writer-{n}-{i}")
            for n, lane in enumerate(self._own_lanes)
            for i in range(loops_for(writers))
        ]

    @property
    def _own_lanes(self) -> list[WriteLane]:
        return list(dict.fromkeys(self._lanes.values()))

    async def submit(self, entries: Sequence[Entry], tenant: Tenant = None) -> None:
        """Write ``entries`` in one transaction and set their results; returns after the commit.

        ``tenant`` is the organization in whose turn they are written.

        Raises ``OverloadedError`` where nothing of them is stored: the queue is full, the server is
        stopping, or the database could not take them. Raises ``OutcomeUnknownError`` where the commit
        was sent and not answered: a repeat with the same ids finds out.
        """
        if not entries:
            return
        self._check_open()
        count = sum([entry.count for entry in entries])
        lane = self._lanes[lane_of(entries)]
        try:
            lane.check(tenant, count, self._own_lanes, self._preparing)
        except OverloadedError:
            self.stats.refused += count
            raise
        self._preparing += count
        try:
            # Here and not in a flush, where others would wait for partitions they do not need.
            await self._ensure_partitions(partitions_of(entries))
        finally:
            self._preparing -= count
        self._check_open()
        submission = Submission(entries, count, tenant)
        lane.add(submission)
        self._count_queued()
        if self._expiry is None:
            self._expire_later()
        await submission.done

    def _count_queued(self) -> None:
        self.stats.queued = sum(lane.queue.items for lane in self._own_lanes)

    def _check_open(self) -> None:
        if self._closing or not self._tasks:
            raise OverloadedError("The server is stopping. Send the call again in a moment.")

    async def close(self, timeout: float = 30.0) -> int:
        self._closing = True
        for lane in self._own_lanes:
            lane.wake()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=timeout)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        left = self.stats.queued + self._preparing + self._cut
        for lane in self._own_lanes:
            for submission in lane.queue.clear():
                submission.fail(OverloadedError(SERVER_STOPPED_MESSAGE))
        self.stats.queued = 0
        self._tasks = []
        return left

    # --- flush loops ---------------------------------------------------------------------------

    async def _run(self, lane: WriteLane) -> None:
        while True:
            while not lane.queue.has_turn():
                if self._closing and not lane.queue:
                    return
                await lane.wait()
            with lane.transaction() as batch:
                await self._gather(lane)
                lane.queue.fill(batch)
                self._count_queued()
                lane.had_company = len(batch.submissions) > 1
                if batch.submissions:
                    await self._flush(batch.submissions)

    async def _gather(self, lane: WriteLane) -> None:
        if not (lane.queue.is_much or self._closing):
            await asyncio.sleep(self._settings.delay_seconds if lane.had_company else 0)

    def _expire_later(self) -> None:
        pause = self._database.flush_seconds
        self._expiry = asyncio.get_running_loop().call_later(pause, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        before = time.monotonic() - QUEUE_FLUSHES * self._database.flush_seconds
        for lane in self._own_lanes:
            for submission in lane.queue:
                if submission.since <= before and not submission.done.done():
                    self.stats.refused += submission.count
                    submission.fail(OverloadedError(DATABASE_TIMEOUT_MESSAGE))
        if self.stats.queued:
            self._expire_later()

    async def _flush(self, batch: list[Submission]) -> None:
        started = time.perf_counter()
        attempt = TransactionAttempt()
        deadline = asyncio.get_running_loop().call_later(
            self._database.flush_seconds, self._abandon, batch, attempt
        )
        try:
            await self._write_patiently([e for s in batch for e in s.entries], attempt)
        except StoreError as error:
            self._fail(batch, error)
        except asyncio.CancelledError:
            self._cut_off(batch, attempt)
            raise
        except Exception as error:  # the writer's edge: the loop must go on
            if len(batch) > 1 and not attempt.is_abandoned:
                await self._isolate(batch)
            else:
                log.exception("failed to write a batch")
                self._fail(batch, error)
        else:
            for submission in batch:
                submission.succeed()
        finally:
            deadline.cancel()
        self.stats.flushes += 1
        self.stats.entries += sum(s.count for s in batch)
        self.stats.seconds += time.perf_counter() - started

    def _abandon(self, batch: list[Submission], attempt: TransactionAttempt) -> None:
        self.stats.abandoned += 1
        log.warning("flush timed out and was abandoned", extra={"calls": len(batch)})
        is_certain = attempt.abandon()
        self._fail(
            batch,
            OverloadedError(DATABASE_TIMEOUT_MESSAGE)
            if is_certain
            else OutcomeUnknownError(OUTCOME_UNKNOWN_MESSAGE),
        )

    async def _isolate(self, batch: list[Submission]) -> None:
        waiting = deque(batch)
        ends = time.monotonic() + self._database.flush_seconds
        try:
            while waiting:
                submission = waiting.popleft()
                if time.monotonic() < ends:
                    await self._flush([submission])
                else:
                    self._fail([submission], OverloadedError(DATABASE_TIMEOUT_MESSAGE))
        except asyncio.CancelledError:
            self._cut_off(waiting)
            raise

    def _cut_off(
        self, batch: Iterable[Submission], attempt: TransactionAttempt | None = None
    ) -> None:
        is_certain = attempt is None or attempt.abandon()
        for submission in batch:
            self._cut += 0 if submission.done.done() else submission.count
            submission.fail(
                OverloadedError(SERVER_STOPPED_MESSAGE)
                if is_certain
                else OutcomeUnknownError(OUTCOME_UNKNOWN_MESSAGE)
            )

    def _fail(self, batch: list[Submission], error: Exception) -> None:
        waiting = [submission for submission in batch if not submission.done.done()]
        if waiting:
            self.stats.failures += 1
            self.stats.unknown += isinstance(error, OutcomeUnknownError)
        for submission in waiting:
            submission.fail(error)

    async def _write_patiently(self, entries: list[Entry], attempt: TransactionAttempt) -> None:
        for tries in range(1, CONTENTION_TRIES + 1):
            try:
                await self._write(entries, attempt)
            except ContentionError as error:
                if tries == CONTENTION_TRIES or attempt.is_abandoned:
                    raise
                self.stats.retries += 1
                if self._database.dialect.partitions.is_partition_missing(error.__cause__):
                    self._partitions.forget()
                    await self._ensure_partitions(partitions_of(entries))
                await asyncio.sleep(CONTENTION_PAUSE_SECONDS * tries)
            else:
                return

    async def _ensure_partitions(self, needed: PartitionsNeeded) -> None:
        async with self._database.translated():
            await self._partitions.ensure(needed)

    async def _write(self, entries: list[Entry], attempt: TransactionAttempt) -> None:
        for shortcut in self._shortcuts:
            clear(entries)
            if await shortcut(self._database, entries, attempt):
                return
        clear(entries)
        async with self._database.write(attempt, self._database.flush_seconds) as connection:
            flush = Flush(connection, self._database.dialect, self._clock())
            for applier in self._appliers:
                applicable = [e for e in entries if isinstance(e, applier.kinds)]
                await applier.apply(flush, applicable)
        for notice in flush.notices:
            notice()


def clear(entries: Iterable[Entry]) -> None:
    for entry in entries:
        entry.clear()


def lane_of(entries: Sequence[Entry]) -> Lane:
    return max([entry.lane for entry in entries])


def partitions_of(entries: Iterable[Entry]) -> PartitionsNeeded:
    """Return every partition that must exist before these entries can be written."""
    needed: dict[tuple[str, Month], tuple[Table, Month]] = {}
    for entry in entries:
        for table, month in entry.partitions():
            needed[table.name, month] = table, month
    return needed.values()

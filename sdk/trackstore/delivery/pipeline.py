"""Delivery pipeline of one process: queue, spool, threads and shutdown."""

import logging
import math
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from trackstore.client import Client
from trackstore.delivery import forks
from trackstore.delivery.delivery_stats import CLOSED, TOO_LARGE, DeliveryStats
from trackstore.delivery.exits import MIN_WAIT_SECONDS, process_exit
from trackstore.delivery.item_sources import ItemSource, MemoryItemSource, SpooledItemSource
from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.sender import Sender
from trackstore.delivery.signals import watch_process
from trackstore.delivery.spool import Spool
from trackstore.delivery.spool_files import is_full
from trackstore.delivery.spooler import Spooler
from trackstore.delivery.wakeup import WakeupEvent
from trackstore.results import Flushed, Stats
from trackstore.settings import Settings

CONCURRENT_CLOSE_SECONDS = 2.0
"""Extra time in which a second caller of ``close`` waits for the first to count the rest: a process
that ended earlier would lose it silently."""
MAX_ITEM_BYTES = 8 * 2**20
"""A quarter of what the server accepts in one call."""

log = logging.getLogger("trackstore")


class Delivery:
    """Accepts encoded items and settles each of them. Threads start with the first item.

    ``on_duplicates`` receives items that the server answered as duplicates.
    """

    def __init__(self, settings: Settings, on_duplicates: Callable[[list[bytes]], None]) -> None:
        self._settings = settings
        self._on_duplicates = on_duplicates
        self.is_closed = False
        if settings.spool_folder is not None:
            self._settings = with_usable_spool(settings)
        self._begin()
        forks.register(self)
        process_exit.register(self)
        watch_process(signals=settings.flush_on_signals)
        if self._spool is not None:
            self._start()  # an earlier process may have left items there

    def _begin(self) -> None:
        settings = self._settings
        self._start_lock = threading.RLock()
        self._close_lock = threading.RLock()
        self._final_flush: Flushed | None = None
        self.delivery_stats = DeliveryStats()
        self._wakeup = WakeupEvent()
        self._sender_wakeup = WakeupEvent()
        self._queue = ItemQueue(
            settings.queue_items,
            settings.queue_bytes,
            settings.batch_items,
            self._wakeup,
            self.delivery_stats,
        )
        self._spool, self._spooler = self._spooling()
        item_source: ItemSource = MemoryItemSource(self._queue)
        wakeup = self._wakeup
        if self._spool is not None and self._spooler is not None:
            item_source = SpooledItemSource(self._spool, self._spooler, self._queue)
            wakeup = self._sender_wakeup
        self._sender = Sender(
            settings, item_source, wakeup, self.delivery_stats, self._on_duplicates, self._recover
        )
        self._threads: list[threading.Thread] = []
        self._client: Client | None = None
        self.is_started = False

    def _spooling(self) -> tuple[Spool | None, Spooler | None]:
        folder = self._settings.spool_folder
        if folder is None:
            return None, None
        spool = Spool(folder, self._settings.spool_bytes, self.delivery_stats)
        return spool, Spooler(self._queue, spool, self._wakeup, self._sender_wakeup)

    def _recover(self) -> None:
        if self._spool is not None:
            orphaned = self._spool.recover()
            if orphaned:
                log.info("recovered %d item(s) of an earlier process from disk", orphaned)

    # ------------------------------------------------------------------ for callers

    def put(self, item: bytes) -> None:
        """Queue an item, or count it as dropped. Never waits for disk or network."""
        if not self.is_started:
            self._start()
        if self.is_closed:
            self.delivery_stats.refuse(CLOSED)
        elif len(item) > MAX_ITEM_BYTES:
            self.delivery_stats.refuse(
                TOO_LARGE, f"{len(item):,} bytes, at most {MAX_ITEM_BYTES:,}"
            )
        else:
            self._queue.put(item)

    def flush(self, timeout: float) -> Flushed:
        """Send queued items; return when all are settled or after ``timeout`` seconds."""
        deadline = monotonic() + timeout
        accepted_count = self.delivery_stats.accepted
        if self.delivery_stats.settled < accepted_count:
            if self._spooler is not None:
                self._spooler.move()
            self._flush_now(timeout)
        with self.delivery_stats.changed:
            while self.delivery_stats.settled < accepted_count:
                seconds_left = deadline - monotonic()
                if seconds_left <= 0 or self.delivery_stats.is_final:
                    break
                self.delivery_stats.changed.wait(seconds_left)
            return self._flushed(max(0, accepted_count - self.delivery_stats.settled))

    def close(self, timeout: float) -> Flushed:
        """Send what is queued and stop accepting items; count the rest.

        A second caller waits for the first one, within a time limit of its own.
        """
        if self._close_lock.acquire(timeout=max(0.0, timeout) + CONCURRENT_CLOSE_SECONDS):
            try:
                if self._final_flush is None:
                    self._final_flush = self._flushed(
                        self.delivery_stats.left
                    )  # for a signal handler that closes
                    self._final_flush = self._close(timeout)
            finally:
                self._close_lock.release()
        return self._final_flush or self._flushed(self.delivery_stats.left)

    def _close(self, timeout: float) -> Flushed:
        deadline = monotonic() + timeout
        try:
            self.flush(timeout)
            self.is_closed = True
            self.flush(deadline - monotonic())  # what other threads tracked meanwhile
        finally:  # also where the program is interrupted while it waits
            self.is_closed = True
            flushed = self._finish()
        return flushed

    def _finish(self) -> Flushed:
        self._sender.stop()
        if self._spool is not None and self._spooler is not None:
            self._spooler.stop()
            self._spooler.move()
        flushed = self._flushed(self.delivery_stats.left)
        if self._spool is not None:
            self._spool.close()
        self.delivery_stats.finish(flushed.spooled)
        with self._start_lock:
            if self._client is not None:
                self._client.close()
        return flushed

    @property
    def spooled(self) -> int:
        return 0 if self._spool is None else self._spool.stored

    def _flushed(self, left: int) -> Flushed:
        return Flushed(
            left,
            min(left, self.spooled),
            self.delivery_stats.problem or self.delivery_stats.failing,
        )

    def stats(self) -> Stats:
        delivery_stats = self.delivery_stats
        return Stats(
            tracked=delivery_stats.tracked,
            queued=delivery_stats.left,
            acknowledged=delivery_stats.acknowledged,
            duplicates=delivery_stats.duplicates,
            recovered=delivery_stats.recovered,
            truncated=delivery_stats.truncated,
            dropped=dict(delivery_stats.dropped),
            batches=delivery_stats.batches,
            retries=delivery_stats.retries,
            problem=delivery_stats.problem or delivery_stats.failing,
        )

    def client(self) -> Client:
        with self._start_lock:
            if self._client is None:
                self._client = Client(settings=self._settings)
            return self._client

    # ------------------------------------------------------------------ threads

    def _start(self) -> None:
        with self._start_lock:
            if self.is_started:
                return
            self.is_started = True
            runs = [self._sender.run]
            if self._spooler is not None:
                runs.append(self._spooler.run)
            for run in runs:
                thread = threading.Thread(target=run, name="trackstore", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the interpreter is ending: the last flush sends by itself
                    log.debug("the interpreter is shutting down: no thread can be started")
                    return
                self._threads.append(thread)
        watch_process(signals=self._settings.flush_on_signals)

    def _flush_now(self, timeout: float) -> None:
        if any(thread.is_alive() for thread in self._threads):
            self._sender.flush_now()
        else:
            self._sender.drain(timeout)

    # ------------------------------------------------------------------ forks and the end

    @property
    def exit_seconds(self) -> float:
        # What lies on disk is safe: nobody need wait for a server that is known to be away.
        is_safe = self._spool is not None and self.delivery_stats.problem is not None
        return min(MIN_WAIT_SECONDS if is_safe else math.inf, self._settings.exit_seconds)

    def flush_now(self, seconds: float) -> None:
        self._sender.flush_now(seconds)

    def before_fork(self) -> None:
        """Hold the locks, so that nothing is half done while the process is copied."""
        self._start_lock.acquire()
        if self._spool is not None:
            self._spool.lock.acquire()
            self._spool.disconnect()

    def after_fork_in_parent(self) -> None:
        if self._spool is not None:
            self._spool.lock.release()
        self._start_lock.release()

    def after_fork_in_child(self) -> None:
        """Start empty: the parent sends what it has queued."""
        if self._spool is not None:
            self._spool.forget()
        self._begin()


def with_usable_spool(settings: Settings) -> Settings:
    assert settings.spool_folder is not None
    spool = Spool(settings.spool_folder, settings.spool_bytes, DeliveryStats())
    try:
        spool.check()
        spool.close()
    except (OSError, sqlite3.Error) as error:
        if is_full(error):
            message = "items stay in memory for now: spool folder %s is full: %s"
            log.warning(message, settings.spool_folder, error)
            return settings
        log.warning(
            "items stay in memory: spool folder %s is not usable: %s", settings.spool_folder, error
        )
        return replace(settings, spool_folder=None)
    return settings

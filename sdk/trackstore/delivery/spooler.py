"""Thread that moves items from memory to disk, independent of the server."""

import logging
import sqlite3
import threading

from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.spool import Spool
from trackstore.delivery.wakeup import WakeupEvent

COLLECT_SECONDS = 0.05
"""Delay in which further items are collected for one write."""
RETRY_SECONDS = 1.0
"""Delay after a failed write; meanwhile the queue fills up to its limit."""
MAX_BATCH_ITEMS = 5_000
MAX_BATCH_BYTES = 8 * 2**20

log = logging.getLogger("trackstore")


class Spooler:
    def __init__(
        self, queue: ItemQueue, spool: Spool, wakeup: WakeupEvent, sender_wakeup: WakeupEvent
    ) -> None:
        self._queue = queue
        self._spool = spool
        self._wakeup = wakeup
        self._sender_wakeup = sender_wakeup
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self.has_failed = False
        """Whether the last write failed."""

    def run(self) -> None:
        while not self._stopped.is_set():
            if not self.has_failed:
                self._wakeup.wait()
                self._stopped.wait(COLLECT_SECONDS)
            if not self.move():
                self._stopped.wait(RETRY_SECONDS)

    def move(self) -> bool:
        """Move all queued items; return False if the disk is not writable."""
        with self._lock:
            while True:
                items = self._queue.peek(MAX_BATCH_ITEMS, MAX_BATCH_BYTES)
                if not items:
                    return True
                try:
                    self._spool.append(items)
                except (OSError, sqlite3.Error) as error:
                    if not self.has_failed:
                        log.warning("spool write failed, items stay in memory: %s", error)
                    self.has_failed = True
                    self._sender_wakeup.set()  # the sender takes them from memory
                    return False
                self._queue.remove(items)
                if self.has_failed:
                    log.warning("spool is writable again")
                self.has_failed = False
                self._sender_wakeup.set()

    def take(self, max_items: int, max_bytes: int) -> list[bytes]:
        """Take items from memory while the disk is not writable."""
        with self._lock:
            return self._queue.take(max_items, max_bytes) if self.has_failed else []

    def stop(self) -> None:
        self._stopped.set()
        self._wakeup.set()

"""The thread that brings items from memory to disk, however long the server takes to answer."""

import logging
import sqlite3
import threading

from trackstore.delivery.bell import Bell
from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.spool import Spool

GATHER_SECONDS = 0.05
"""How long an item waits in memory for others to be written with it."""
AGAIN_SECONDS = 1.0
"""After a disk that did not take them; meanwhile the queue fills, up to its bound."""
AT_ONCE = 5_000
MOST_BYTES = 8 * 2**20

log = logging.getLogger("trackstore")


class Spooler:
    """Moves items from the queue to the spool, and tells the sender."""

    def __init__(self, queue: ItemQueue, spool: Spool, bell: Bell, told: Bell) -> None:
        self._queue = queue
        self._spool = spool
        self._bell = bell
        self._told = told
        self._lock = threading.RLock()
        self._held: list[bytes] = []
        """Taken from the queue, not yet on disk."""
        self._stopped = threading.Event()
        self._has_failed = False

    def run(self) -> None:
        """Move until stopped: the body of the thread."""
        while not self._stopped.is_set():
            if not self._held:
                self._bell.wait()
                self._stopped.wait(GATHER_SECONDS)
            if not self.move():
                self._stopped.wait(AGAIN_SECONDS)

    def move(self) -> bool:
        """Move everything there is, from any thread; False where the disk did not take it."""
        with self._lock:
            while True:
                self._held = self._held or self._queue.take(AT_ONCE, MOST_BYTES)
                if not self._held:
                    return True
                try:
                    self._spool.append(self._held)
                except (OSError, sqlite3.Error) as error:
                    if not self._has_failed:
                        log.warning("the spool takes nothing: %s", error)
                    self._has_failed = True
                    return False
                self._held = []
                self._has_failed = False
                self._told.ring()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._bell.ring()

"""The way from a tracked item to the store, for one process: queue, spool, threads, and their end."""

import atexit
import logging
import threading
import weakref
from collections.abc import Callable
from time import monotonic

from trackstore.answers import Flushed, Stats
from trackstore.client import Client
from trackstore.delivery import forks
from trackstore.delivery.bell import Bell
from trackstore.delivery.drops import CLOSED, TOO_LARGE, Ledger
from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.sender import Sender
from trackstore.delivery.supplies import MemorySupply, Supply
from trackstore.settings import Settings

LARGEST_ITEM = 8 * 2**20
"""Bytes of one item at most: half of what the server takes as one call."""

log = logging.getLogger("trackstore")


class Delivery:
    """Takes encoded items and sees to it that each has an end. Threads begin with the first item.

    ``doubled`` hears of items that the server answered as duplicates.
    """

    def __init__(self, settings: Settings, doubled: Callable[[list[bytes]], None]) -> None:
        self._settings = settings
        self._doubled = doubled
        self.is_closed = False
        self._begin()
        forks.register(self)
        atexit.register(_close_at_exit, weakref.ref(self))

    def _begin(self) -> None:
        """Start with nothing: in a new tracker, and in a forked child."""
        settings = self._settings
        self._start_lock = threading.RLock()
        self.ledger = Ledger()
        self._bell = Bell()
        self._queue = ItemQueue(
            settings.queue_items,
            settings.queue_bytes,
            settings.batch_items,
            self._bell,
            self.ledger,
        )
        self._supply: Supply = MemorySupply(self._queue)
        self._sender = Sender(
            settings, self._supply, self._bell, self.ledger, self._doubled, lambda: None
        )
        self._threads: list[threading.Thread] = []
        self._client: Client | None = None
        self.is_started = False

    # ------------------------------------------------------------------ for callers

    def put(self, item: bytes) -> None:
        """Take an item, or count it as dropped. Never waits for disk or network."""
        if not self.is_started:
            self._start()
        if self.is_closed:
            self.ledger.refuse(CLOSED)
        elif len(item) > LARGEST_ITEM:
            self.ledger.refuse(TOO_LARGE, f"{len(item):,} bytes, at most {LARGEST_ITEM:,}")
        else:
            self._queue.put(item)

    def flush(self, timeout: float) -> Flushed:
        """Send what is there; returns when each item has an end, or after so many seconds."""
        deadline = monotonic() + timeout
        wanted = self.ledger.accepted
        if self.ledger.settled < wanted:
            self._hurry(timeout)
        with self.ledger.changed:
            while self.ledger.settled < wanted:
                rest = deadline - monotonic()
                if rest <= 0 or self.is_closed:
                    break
                self.ledger.changed.wait(rest)
            return Flushed(left=max(0, wanted - self.ledger.settled), problem=self.ledger.problem)

    def close(self, timeout: float) -> Flushed:
        """Take nothing more, send what is there, and end; what is left then is counted."""
        if self.is_closed:
            return Flushed(left=self.ledger.left, problem=self.ledger.problem)
        flushed = self.flush(timeout)
        self.is_closed = True
        self._sender.stop()
        self.ledger.finish(drop_rest=True)
        with self._start_lock:
            if self._client is not None:
                self._client.close()
        return flushed

    def stats(self) -> Stats:
        """What became of everything so far."""
        ledger = self.ledger
        return Stats(
            tracked=ledger.tracked,
            queued=ledger.left,
            acknowledged=ledger.acknowledged,
            duplicates=ledger.duplicates,
            recovered=ledger.recovered,
            dropped=dict(ledger.dropped),
            batches=ledger.batches,
            retries=ledger.retries,
            problem=ledger.problem,
        )

    def client(self) -> Client:
        """The connection for questions; each process has its own."""
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
            thread = threading.Thread(target=self._sender.run, name="trackstore", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending: the last flush sends by itself
                log.debug("no thread can be started any more")
                return
            self._threads.append(thread)
            forks.close_with_child(self)

    def _hurry(self, timeout: float) -> None:
        if any(thread.is_alive() for thread in self._threads):
            self._sender.hurry()
        else:
            self._sender.drain(timeout)

    # ------------------------------------------------------------------ forks and the end

    def close_at_exit(self) -> None:
        """The process ends: hold it up for a bounded time only."""
        if self.is_started:
            self.close(self._settings.exit_seconds)

    def before_fork(self) -> None:
        """Nothing may be half done while the process is copied."""
        self._start_lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._start_lock.release()

    def after_fork_in_child(self) -> None:
        """Start empty: the parent sends what it queued, over connections that are its own."""
        self._begin()


def _close_at_exit(reference: "weakref.ref[Delivery]") -> None:
    delivery = reference()
    if delivery is not None:
        delivery.close_at_exit()

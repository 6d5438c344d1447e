"""The thread that sends: it waits until a batch is worth it, and brings it to the server."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from trackstore.backoff import Backoff
from trackstore.delivery.aside import Aside
from trackstore.delivery.bell import Bell
from trackstore.delivery.courier import Courier, Parcels
from trackstore.delivery.drops import CLIENT_ERROR, Ledger
from trackstore.delivery.supplies import Supply
from trackstore.delivery.transport import Transport
from trackstore.settings import Settings

IDLE_SECONDS = 60.0
"""How often a thread without work looks up, such as for what a dead process left on disk."""
UNREADABLE_SECONDS = 1.0
"""The wait for items that cannot be taken just now, such as from a disk that fails."""

log = logging.getLogger("trackstore")


class Sender:
    """Takes items of one supply and sends them, in order, one batch at a time."""

    def __init__(
        self,
        settings: Settings,
        supply: Supply,
        bell: Bell,
        ledger: Ledger,
        doubled: Callable[[list[bytes]], None],
        idle: Callable[[], None],
    ) -> None:
        self.transport = Transport(settings)
        self._settings = settings
        self._supply = supply
        self._bell = bell
        self._ledger = ledger
        self._idle = idle
        self._stopped = threading.Event()
        self._wanted = 0
        """Up to how many items somebody waits for, counted as the ledger counts them."""
        self._hurried = False
        self._hurry_until = 0.0
        self._next_look = monotonic()
        backoff = Backoff(settings.first_delay_seconds, settings.longest_delay_seconds)
        self._aside = Aside(
            settings.failing_items,
            settings.queue_bytes,
            settings.failing_seconds,
            settings.first_delay_seconds,
        )
        self._courier = Courier(
            self.transport, ledger, backoff, self._pause, supply.settled, doubled, self._aside
        )

    def hurry(self, seconds: float = 0.0) -> None:
        """Send what is there, and what comes in so many seconds, without waiting for full batches.

        A batch that waits for its next try is tried again at once, once.
        """
        self._hurry_until = max(self._hurry_until, monotonic() + seconds)
        self._wanted = self._ledger.accepted
        self._hurried = True
        self._bell.ring()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped.set()
        self._bell.ring()

    def run(self) -> None:
        """Send until stopped: the body of the thread."""
        while not self._stopped.is_set():
            try:
                self._look_after()
                batch = self._next_batch()
                if batch:
                    self._deliver(batch)
                elif len(self._supply):
                    self._stopped.wait(UNREADABLE_SECONDS)
            except Exception:
                # The edge: whatever went wrong here must neither end the thread nor pass unseen.
                log.exception("tracking met a mistake of its own")
                self._stopped.wait(1.0)
        self.transport.close()

    def drain(self, seconds: float) -> None:
        """Send what is there from the thread of the caller, where no thread can be started."""
        deadline = monotonic() + seconds
        while len(self._supply) and monotonic() < deadline and not self._stopped.is_set():
            self._deliver(self._take())
        self._courier.retry(at_once=True)

    def _look_after(self) -> None:
        """At the start, and now and then when there is nothing to do."""
        if len(self._aside):
            at_once, self._hurried = self._hurried, False
            self._courier.retry(at_once)
        if monotonic() >= self._next_look and not len(self._supply):
            self._next_look = monotonic() + IDLE_SECONDS
            self._idle()

    def _next_batch(self) -> Parcels:
        """Wait for a batch: full, or old enough, or wanted; empty where it is time to look up."""
        since = None
        while not self._stopped.is_set():
            if not len(self._supply):
                idle = min(IDLE_SECONDS, self._aside.next_due())
                if not self._bell.wait(idle) or (self._hurried and len(self._aside)):
                    return []
                continue
            since = monotonic() if since is None else since
            rest = self._settings.interval_seconds - (monotonic() - since)
            is_wanted = self._ledger.settled < self._wanted or monotonic() < self._hurry_until
            if rest <= 0 or self._is_full or is_wanted:
                return self._take()
            self._bell.wait(rest)
        return []

    @property
    def _is_full(self) -> bool:
        settings = self._settings
        return (
            len(self._supply) >= settings.batch_items or self._supply.size >= settings.batch_bytes
        )

    def _take(self) -> Parcels:
        return self._supply.take(self._settings.batch_items, self._settings.batch_bytes)

    def _deliver(self, batch: Parcels) -> None:
        settled_before, aside_before = self._ledger.settled, len(self._aside)
        try:
            self._courier.deliver(batch)
        except Exception as error:
            lost = len(batch) - (self._ledger.settled - settled_before)
            lost -= len(self._aside) - aside_before
            self._ledger.drop(CLIENT_ERROR, lost, repr(error))
            self._supply.settled(batch)
            raise

    def _pause(self, seconds: float, least: float) -> bool:
        """Wait between two tries; who flushes cuts it short once, to ``least``. Whether to go on."""
        begun = monotonic()
        while not self._stopped.is_set():
            waited = monotonic() - begun
            if waited >= seconds:
                return True
            if self._hurried and waited >= least:
                self._hurried = False
                return True
            self._bell.wait((least if self._hurried else seconds) - waited)
        return False

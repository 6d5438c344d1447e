"""Counts the outcome of every item."""

import logging
from collections import Counter
from threading import Condition, RLock
from time import monotonic

QUEUE_FULL = "QUEUE_FULL"
"""The queue in memory was full."""
SPOOL_FULL = "SPOOL_FULL"
"""The spool reached its size limit."""
SPOOL_DAMAGED = "SPOOL_DAMAGED"
"""The spool file was damaged while in use, and the item could not be read again."""
INVALID = "INVALID"
"""A value does not match the schema, or cannot be encoded as JSON."""
TOO_LARGE = "TOO_LARGE"
"""The item exceeds the size limit of the server."""
CLOSED = "CLOSED"
"""The tracker was closed before the item was sent or tracked."""
CLIENT_ERROR = "CLIENT_ERROR"
"""An internal error of this package; see the log."""
LOG_INTERVAL_SECONDS = 60.0
"""Drops of one reason are logged once in this interval. All are counted."""

log = logging.getLogger("trackstore")


class DeliveryStats:
    """Counts of one process. Every accepted item is settled once: acknowledged or dropped.

    Items that the queue refuses are dropped without being accepted.
    """

    def __init__(self) -> None:
        # Re-entrant: a signal handler may track while the code that it interrupts counts.
        self._lock = RLock()
        self.changed = Condition(self._lock)
        self.queued = 0
        """Items accepted by the queue, which counts them under its own lock."""
        self.settled = 0
        self.acknowledged = 0
        self.duplicates = 0
        self.recovered = 0
        self.truncated = 0
        self.batches = 0
        self.retries = 0
        self.problem: str | None = None
        self.failing: str | None = None
        """Why items are held on which the server fails."""
        self.dropped: Counter[str] = Counter()
        self._refused = 0
        self._unreported: Counter[str] = Counter()
        self._logged: dict[str, float] = {}
        self.is_final = False
        """Set when nothing is counted any more."""

    @property
    def accepted(self) -> int:
        return self.queued + self.recovered

    @property
    def left(self) -> int:
        return self.accepted - self.settled

    @property
    def tracked(self) -> int:
        return self.accepted + self._refused

    def refuse(self, reason: str, detail: str = "") -> None:
        with self._lock:
            self._refused += 1
            self._drop(reason, 1, detail)

    def acknowledge(self, items: int, duplicates: int) -> None:
        with self.changed:
            if self.is_final:
                return
            self.settled += items
            self.acknowledged += items
            self.duplicates += duplicates
            self.changed.notify_all()

    def truncate(self, values: int) -> None:
        with self._lock:
            if values and not self.truncated:
                log.warning(
                    "%d value(s) exceeded the limits of the server and were truncated", values
                )
            self.truncated += values

    def drop(self, reason: str, items: int = 1, detail: str = "") -> None:
        with self.changed:
            if self.is_final:
                return
            self.settled += items
            self._drop(reason, items, detail)
            self.changed.notify_all()

    def recover(self, items: int) -> None:
        with self._lock:
            self.recovered += items

    def finish(self, spooled: int) -> None:
        """Stop counting; drop the rest except for ``spooled`` items."""
        with self.changed:
            lost = self.left - spooled
            if lost > 0:
                self.drop(CLOSED, lost, self.problem or self.failing or "")
            self.is_final = True
            self.changed.notify_all()

    def take_unreported(self) -> Counter[str]:
        with self._lock:
            drops, self._unreported = self._unreported, Counter()
        return drops

    def restore_unreported(self, drops: Counter[str]) -> None:
        with self._lock:
            self._unreported += drops

    def _drop(self, reason: str, items: int, detail: str) -> None:
        self.dropped[reason] += items
        self._unreported[reason] += items
        now = monotonic()
        if now - self._logged.get(reason, -LOG_INTERVAL_SECONDS) >= LOG_INTERVAL_SECONDS:
            self._logged[reason] = now
            log.warning("%d item(s) dropped: %s%s", items, reason, f" ({detail})" if detail else "")

"""Counts the outcome of every item."""

import logging
from collections import Counter
from threading import Condition, RLock
from time import monotonic

QUEUE_FULL = "QUEUE_FULL"
"""More was tracked than could be sent, and the queue in memory has its bound."""
SPOOL_FULL = "SPOOL_FULL"
"""The same for what may lie on disk."""
SPOOL_DAMAGED = "SPOOL_DAMAGED"
"""The file of the spool was damaged while it was in use, and the item could not be read again."""
INVALID = "INVALID"
"""A value was of another type than the schema says, or could not be made JSON at all."""
TOO_LARGE = "TOO_LARGE"
"""The item alone is larger than the server takes."""
CLOSED = "CLOSED"
"""The tracker was closed before the item could be sent, or before it was tracked."""
CLIENT_ERROR = "CLIENT_ERROR"
"""A mistake of this package; the log has more."""
LOG_INTERVAL_SECONDS = 60.0
"""So long nothing more is logged about drops of one reason; they are counted all the same."""

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
        """Items that the queue took, counted by it under its own lock."""
        self.settled = 0
        self.acknowledged = 0
        self.duplicates = 0
        self.recovered = 0
        self.truncated = 0
        self.batches = 0
        self.retries = 0
        self.problem: str | None = None
        self.failing: str | None = None
        """Why items are kept that the server fails over by themselves."""
        self.dropped: Counter[str] = Counter()
        self._refused = 0
        self._unreported: Counter[str] = Counter()
        self._logged: dict[str, float] = {}
        self.is_final = False
        """Whether nothing is settled any more."""

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

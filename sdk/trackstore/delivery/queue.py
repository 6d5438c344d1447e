"""Bounded FIFO queue of encoded items in memory."""

from collections import deque
from itertools import islice
from threading import RLock

from trackstore.delivery.delivery_stats import QUEUE_FULL, DeliveryStats
from trackstore.delivery.wakeup import WakeupEvent


class ItemQueue:
    """Encoded items of one process. Callers of ``put`` pay for a lock and an append."""

    def __init__(
        self,
        max_items: int,
        max_bytes: int,
        wake_at: int,
        wakeup: WakeupEvent,
        delivery_stats: DeliveryStats,
    ) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._wake_at = min(wake_at, max_items)
        self._wakeup = wakeup
        self._delivery_stats = delivery_stats
        self._items: deque[bytes] = deque()
        # Re-entrant: a signal handler may track while the code that it interrupts does.
        self._lock = RLock()
        self.size = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: bytes) -> bool:
        items, size = self._items, len(item)
        with self._lock:
            if len(items) >= self._max_items or self.size + size > self._max_bytes:
                full = True
            else:
                full = False
                items.append(item)
                self.size += size
                self._delivery_stats.queued += 1
            count = len(items)
        if full:
            self._delivery_stats.refuse(QUEUE_FULL)
            return False
        if count in (1, self._wake_at):
            self._wakeup.set()
        return True

    def take(self, max_items: int, max_bytes: int) -> list[bytes]:
        """Remove and return the oldest items; at least one if there is one."""
        with self._lock:
            items = self.peek(max_items, max_bytes)
            self.remove(items)
        return items

    def peek(self, max_items: int, max_bytes: int) -> list[bytes]:
        items: list[bytes] = []
        size = 0
        with self._lock:
            for item in islice(self._items, max_items):
                size += len(item)
                if items and size > max_bytes:
                    break
                items.append(item)
        return items

    def remove(self, items: list[bytes]) -> None:
        with self._lock:
            for item in items:
                self._items.popleft()
                self.size -= len(item)

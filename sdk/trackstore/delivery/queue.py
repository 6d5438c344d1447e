"""What waits in memory: bounded by items and bytes, taken in the order in which it came."""

from collections import deque
from itertools import islice
from threading import RLock

from trackstore.delivery.bell import Bell
from trackstore.delivery.drops import QUEUE_FULL, Ledger


class ItemQueue:
    """Encoded items of one process. ``put`` is what a caller pays for: a lock and an append."""

    def __init__(
        self, most_items: int, most_bytes: int, ring_at: int, bell: Bell, ledger: Ledger
    ) -> None:
        self._most_items = most_items
        self._most_bytes = most_bytes
        self._ring_at = min(ring_at, most_items)
        self._bell = bell
        self._ledger = ledger
        self._items: deque[bytes] = deque()
        # Re-entrant: a signal handler may track while the code that it interrupts does.
        self._lock = RLock()
        self.size = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: bytes) -> bool:
        """Take an item; False where there is no room."""
        items, size = self._items, len(item)
        with self._lock:
            if len(items) >= self._most_items or self.size + size > self._most_bytes:
                full = True
            else:
                full = False
                items.append(item)
                self.size += size
                self._ledger.queued += 1
            count = len(items)
        if full:
            self._ledger.refuse(QUEUE_FULL)
            return False
        if count in (1, self._ring_at):
            self._bell.ring()
        return True

    def take(self, most_items: int, most_bytes: int) -> list[bytes]:
        """Remove the oldest items, up to so many; at least one where there is one."""
        with self._lock:
            found = self.peek(most_items, most_bytes)
            self.remove(found)
        return found

    def peek(self, most_items: int, most_bytes: int) -> list[bytes]:
        """Return what ``take`` would, and leave it in the queue."""
        found: list[bytes] = []
        size = 0
        with self._lock:
            for item in islice(self._items, most_items):
                size += len(item)
                if found and size > most_bytes:
                    break
                found.append(item)
        return found

    def remove(self, items: list[bytes]) -> None:
        """Remove these, which are the oldest."""
        with self._lock:
            for item in items:
                self._items.popleft()
                self.size -= len(item)

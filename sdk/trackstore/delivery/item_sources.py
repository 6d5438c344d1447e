"""Where the sender takes its items from: the queue in memory, or the spool on disk."""

from typing import Protocol

from trackstore.delivery.batch_sender import QueuedItems
from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.spool import Spool
from trackstore.delivery.spooler import Spooler


class ItemSource(Protocol):
    """Items in the order in which they are to be sent."""

    @property
    def size(self) -> int:
        """How many bytes wait."""

    def __len__(self) -> int: ...

    def take(self, max_items: int, max_bytes: int) -> QueuedItems:
        """The oldest items that were not taken yet."""

    def mark_settled(self, queued_items: QueuedItems) -> None:
        """These have an end."""


class SpooledItemSource:
    """What lies on disk, then what the disk does not take."""

    def __init__(self, spool: Spool, spooler: Spooler, queue: ItemQueue) -> None:
        self._spool = spool
        self._spooler = spooler
        self._queue = queue

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._spool.size + (self._queue.size if self._spooler.has_failed else 0)

    def __len__(self) -> int:
        return len(self._spool) + (len(self._queue) if self._spooler.has_failed else 0)

    def take(self, max_items: int, max_bytes: int) -> QueuedItems:
        """The oldest items that were not taken yet: those on disk are older."""
        if len(self._spool):
            return self._spool.take(max_items, max_bytes)
        return [(0, item) for item in self._spooler.take(max_items, max_bytes)]

    def mark_settled(self, queued_items: QueuedItems) -> None:
        """These have an end."""
        self._spool.mark_settled([queued_item for queued_item in queued_items if queued_item[0]])


class MemoryItemSource:
    """Straight from the queue: what is taken is in the sender's hands only."""

    def __init__(self, queue: ItemQueue) -> None:
        self._queue = queue

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._queue.size

    def __len__(self) -> int:
        return len(self._queue)

    def take(self, max_items: int, max_bytes: int) -> QueuedItems:
        """The oldest items, up to so many."""
        return [(0, item) for item in self._queue.take(max_items, max_bytes)]

    def mark_settled(self, queued_items: QueuedItems) -> None:
        """Nothing keeps them."""

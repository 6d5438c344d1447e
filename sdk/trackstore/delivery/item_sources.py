"""Item sources of the sender: the queue in memory, or the spool on disk."""

from typing import Protocol

from trackstore.delivery.batch_sender import QueuedItems
from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.spool import Spool
from trackstore.delivery.spooler import Spooler


class ItemSource(Protocol):
    @property
    def size(self) -> int: ...

    def __len__(self) -> int: ...

    def take(self, max_items: int, max_bytes: int) -> QueuedItems: ...

    def mark_settled(self, queued_items: QueuedItems) -> None: ...


class SpooledItemSource:
    """Items on disk, then those in memory while the disk is not writable."""

    def __init__(self, spool: Spool, spooler: Spooler, queue: ItemQueue) -> None:
        self._spool = spool
        self._spooler = spooler
        self._queue = queue

    @property
    def size(self) -> int:
        return self._spool.size + (self._queue.size if self._spooler.has_failed else 0)

    def __len__(self) -> int:
        return len(self._spool) + (len(self._queue) if self._spooler.has_failed else 0)

    def take(self, max_items: int, max_bytes: int) -> QueuedItems:
        if len(self._spool):
            return self._spool.take(max_items, max_bytes)
        return [(0, item) for item in self._spooler.take(max_items, max_bytes)]

    def mark_settled(self, queued_items: QueuedItems) -> None:
        self._spool.mark_settled([queued_item for queued_item in queued_items if queued_item[0]])


class MemoryItemSource:
    def __init__(self, queue: ItemQueue) -> None:
        self._queue = queue

    @property
    def size(self) -> int:
        return self._queue.size

    def __len__(self) -> int:
        return len(self._queue)

    def take(self, max_items: int, max_bytes: int) -> QueuedItems:
        return [(0, item) for item in self._queue.take(max_items, max_bytes)]

    def mark_settled(self, queued_items: QueuedItems) -> None:
        pass  # items of the queue are gone once taken

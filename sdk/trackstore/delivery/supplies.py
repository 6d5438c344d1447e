"""Where the sender takes its items from: the queue in memory, or the spool on disk."""

from typing import Protocol

from trackstore.delivery.courier import Parcels
from trackstore.delivery.queue import ItemQueue
from trackstore.delivery.spool import Spool
from trackstore.delivery.spooler import Spooler


class Supply(Protocol):
    """Items in the order in which they are to be sent."""

    @property
    def size(self) -> int:
        """How many bytes wait."""

    def __len__(self) -> int: ...

    def take(self, most_items: int, most_bytes: int) -> Parcels:
        """The oldest items that were not taken yet."""

    def settled(self, parcels: Parcels) -> None:
        """These have an end."""


class SpooledSupply:
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

    def take(self, most_items: int, most_bytes: int) -> Parcels:
        """The oldest items that were not taken yet: those on disk are older."""
        if len(self._spool):
            return self._spool.take(most_items, most_bytes)
        return [(0, item) for item in self._spooler.take(most_items, most_bytes)]

    def settled(self, parcels: Parcels) -> None:
        """These have an end."""
        self._spool.settled([parcel for parcel in parcels if parcel[0]])


class MemorySupply:
    """Straight from the queue: what is taken is in the sender's hands only."""

    def __init__(self, queue: ItemQueue) -> None:
        self._queue = queue

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._queue.size

    def __len__(self) -> int:
        return len(self._queue)

    def take(self, most_items: int, most_bytes: int) -> Parcels:
        """The oldest items, up to so many."""
        return [(0, item) for item in self._queue.take(most_items, most_bytes)]

    def settled(self, parcels: Parcels) -> None:
        """Nothing keeps them."""

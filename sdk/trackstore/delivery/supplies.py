"""Where the sender takes its items from: the queue in memory, or the spool on disk."""

from typing import Protocol

from trackstore.delivery.courier import Parcels
from trackstore.delivery.queue import ItemQueue


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

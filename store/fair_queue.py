"""A queue that serves its tenants in turns, and each tenant in order."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Tenant = str | None
"""An organization; None stands for callers that are bound to none, who share one turn."""
T = TypeVar("T")


def anyone(tenant: Tenant) -> bool:
    """Accept every tenant."""
    del tenant
    return True


class FairQueue(Generic[T]):
    """Round robin over tenants, first in first out within one.

    A tenant that is served goes to the end of the round, so that one with a thousand items delays
    another by at most one item. Every operation takes constant time, apart from ``pop`` with a
    condition, which looks at tenants, not at items.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[Tenant, deque[T]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        for line in self._lines.values():
            yield from line

    @property
    def tenants(self) -> int:
        """How many tenants have something in the queue."""
        return len(self._lines)

    def waiting(self, tenant: Tenant) -> int:
        """Return how many items of a tenant are in the queue."""
        return len(self._lines.get(tenant, ()))

    def push(self, tenant: Tenant, item: T) -> None:
        """Add an item behind the others of its tenant."""
        self._lines.setdefault(tenant, deque()).append(item)
        self._size += 1

    def pop(self, admits: Callable[[Tenant], bool] = anyone) -> tuple[Tenant, T] | None:
        """Remove the item whose turn it is, of a tenant that ``admits`` accepts; None if none is."""
        for tenant, line in self._lines.items():
            if admits(tenant):
                item = line.popleft()
                self._size -= 1
                self._lines.move_to_end(tenant)
                if not line:
                    del self._lines[tenant]
                return tenant, item
        return None

    def peek(self) -> tuple[Tenant, T] | None:
        """Return the item whose turn it is, and leave it in the queue; None if it is empty."""
        for tenant, line in self._lines.items():
            return tenant, line[0]
        return None

    def remove(self, tenant: Tenant, item: T) -> None:
        """Remove an item whose caller has gone, if it is still in the queue."""
        line = self._lines.get(tenant)
        if line is None or item not in line:
            return
        line.remove(item)
        self._size -= 1
        if not line:
            del self._lines[tenant]

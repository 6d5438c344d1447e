"""A queue that serves its tenants by fair shares, and each tenant in order."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, TypeVar

Tenant = str | None
"""An organization; None stands for callers that are bound to none, who have one share together."""
T = TypeVar("T")
MAX_TRACKED_TENANTS = 10_000
"""Tenants whose last item is remembered, 100 bytes each."""


def anyone(tenant: Tenant, item: object) -> bool:
    del tenant, item
    return True


class FairQueue(Generic[T]):
    """Start-time fair queuing (Goyal, Vin and Cheng, SIGCOMM 1996).

    Each item has a cost. The next one is of the tenant that was served least, by the costs of its
    items; whoever comes from outside begins where the present one stands, and cannot save up. So a
    tenant with a thousand items delays another one by at most one of them, whether that one waits
    for a place in the middle of the backlog or comes again and again.
    """

    def __init__(self) -> None:
        self._lines: dict[Tenant, deque[tuple[T, float]]] = {}
        self._heap: list[tuple[float, int, Tenant]] = []
        self._now = 0.0
        self._served: dict[Tenant, float] = {}
        self._numbers = count()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        for line in self._lines.values():
            for item, _ in line:
                yield item

    @property
    def tenants(self) -> int:
        return len(self._lines)

    def waiting(self, tenant: Tenant) -> int:
        return len(self._lines.get(tenant, ()))

    def push(self, tenant: Tenant, item: T, cost: float = 1) -> None:
        line = self._lines.get(tenant)
        if line is None:
            line = self._lines[tenant] = deque()
            self._enlist(tenant, max(self._now, self._served.get(tenant, 0.0)))
        line.append((item, cost))
        self._size += 1

    def pop(self, admits: Callable[[Tenant, T], bool] = anyone) -> tuple[Tenant, T] | None:
        """Remove the next item whose tenant and self ``admits`` accepts; None if there is none.

        Only the first item of each tenant is looked at.
        """
        passed: list[tuple[float, int, Tenant]] = []
        next_item: tuple[Tenant, T] | None = None
        while self._heap and next_item is None:
            entry = heapq.heappop(self._heap)
            start, _, tenant = entry
            line = self._lines[tenant]
            item, cost = line[0]
            if not admits(tenant, item):
                passed.append(entry)
                continue
            line.popleft()
            self._size -= 1
            self._now = max(self._now, start)
            self._remember(tenant, start + cost)
            if line:
                self._enlist(tenant, start + cost)
            else:
                del self._lines[tenant]
            next_item = tenant, item
        for entry in passed:
            heapq.heappush(self._heap, entry)
        return next_item

    def remove(self, tenant: Tenant, item: T) -> None:
        line = self._lines.get(tenant)
        if line is None:
            return
        for at, (queued, _) in enumerate(line):
            if queued is item:
                del line[at]
                self._size -= 1
                break
        if not line:
            del self._lines[tenant]
            self._heap = [entry for entry in self._heap if entry[2] != tenant]
            heapq.heapify(self._heap)

    def _enlist(self, tenant: Tenant, start: float) -> None:
        heapq.heappush(self._heap, (start, next(self._numbers), tenant))

    def _remember(self, tenant: Tenant, served: float) -> None:
        self._served[tenant] = served
        if len(self._served) > MAX_TRACKED_TENANTS:
            now = self._now
            self._served = {name: at for name, at in self._served.items() if at > now}
            if len(self._served) > MAX_TRACKED_TENANTS // 2:
                self._served.clear()  # so that this is done now and then only

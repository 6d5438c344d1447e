"""Holds items on which the server fails with an internal error, and schedules their retries.

Later items of the same record wait behind a failing one, so that the order within a record stays.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from trackstore.encoding import content_of, field_of

QueuedItem = tuple[int, bytes]
"""Number in the item source (0 without one) and encoded item."""
MAX_RETRY_DELAY_SECONDS = 300.0
OrderingKey = tuple[str, str]
"""Kind and id of the record whose items must stay in order."""


@dataclass(slots=True)
class FailingItems:
    """Items of one record in order; the first one makes the server fail."""

    queued_items: deque[QueuedItem]
    since: float
    due: float
    delay: float
    problem: str
    code: str
    ordering_key: OrderingKey | None = None

    def __len__(self) -> int:
        return len(self.queued_items)


@dataclass(slots=True)
class RetryBuffer:
    """Failing items of one process, bounded by count, bytes and time."""

    max_items: int
    max_bytes: int
    seconds: float
    first_delay: float
    clock: Callable[[], float] = monotonic
    items: int = 0
    size: int = 0
    _failing: deque[FailingItems] = field(default_factory=deque)
    _by_ordering_key: dict[OrderingKey, FailingItems] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.items

    @property
    def problem(self) -> str | None:
        return self._failing[0].problem if self._failing else None

    def has_room(self, queued_item: QueuedItem) -> bool:
        fits = self.size + len(queued_item[1]) <= self.max_bytes
        return self.items < self.max_items and (fits or not self.items)

    def add(self, queued_item: QueuedItem, code: str, problem: str) -> bool:
        if not self.has_room(queued_item):
            return False
        now = self.clock()
        ordering_key = ordering_key_of(queued_item[1])
        failing_items = FailingItems(
            deque([queued_item]),
            now,
            now + self.first_delay,
            self.first_delay,
            problem,
            code,
            ordering_key,
        )
        self._failing.append(failing_items)
        if ordering_key is not None:
            self._by_ordering_key[ordering_key] = failing_items
        self._count(queued_item, 1)
        return True

    def is_blocked(self, queued_item: QueuedItem) -> bool:
        return (
            bool(self._by_ordering_key) and ordering_key_of(queued_item[1]) in self._by_ordering_key
        )

    def append(self, queued_item: QueuedItem) -> bool:
        ordering_key = ordering_key_of(queued_item[1])
        if ordering_key is None or not self.has_room(queued_item):
            return False
        self._by_ordering_key[ordering_key].queued_items.append(queued_item)
        self._count(queued_item, 1)
        return True

    def due(self, at_once: bool = False) -> Iterator[FailingItems]:
        now = self.clock()
        yield from [
            failing_items for failing_items in self._failing if at_once or failing_items.due <= now
        ]

    def next_due(self) -> float:
        if not self._failing:
            return float("inf")
        return max(0.0, min(failing_items.due for failing_items in self._failing) - self.clock())

    def settle(self, failing: FailingItems, count: int = 1) -> None:
        for _ in range(count):
            self._count(failing.queued_items.popleft(), -1)
        failing.since = self.clock()
        failing.delay = self.first_delay
        if not failing.queued_items:
            self._failing.remove(failing)
            if failing.ordering_key is not None:
                del self._by_ordering_key[failing.ordering_key]

    def postpone(self, failing: FailingItems, problem: str) -> bool:
        """Schedule the next retry; return False if the time of the item is over."""
        now = self.clock()
        failing.problem = problem
        failing.due = now + failing.delay
        failing.delay = min(failing.delay * 2, MAX_RETRY_DELAY_SECONDS)
        return now - failing.since < self.seconds

    def _count(self, queued_item: QueuedItem, by: int) -> None:
        self.items += by
        self.size += by * len(queued_item[1])


def ordering_key_of(item: bytes) -> OrderingKey | None:
    """Return the record whose items must stay in order; None for independent items."""
    try:
        kind = field_of(item)
        if kind in ("operation", "consume"):
            return None
        content = content_of(item)
    except (TypeError, ValueError):
        return None
    match kind:
        case "session":
            return kind, str(content.get("id"))
        case "circuitBreaker":
            return kind, str(content.get("name"))
        case "createRequest":
            return "request", str(content.get("id")).lower()
        case _:
            return "request", str(content.get("requestId")).lower()

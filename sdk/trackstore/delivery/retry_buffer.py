"""Items over which the server fails by itself: kept and tried again, until a bound in time is over.

What such an item belongs to, such as a request, stays in order: later items of the same request wait
behind it, while everything else goes on.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from trackstore.encoding import content_of, field_of

QueuedItem = tuple[int, bytes]
"""A number by which its keeper knows it (0 without a keeper), and the item."""
MAX_RETRY_DELAY_SECONDS = 300.0
"""The longest wait before an item is tried again."""
OrderingKey = tuple[str, str]
"""What items must stay in order: the kind of a record, and its id."""


@dataclass(slots=True)
class FailingItems:
    """Items in their order, the first of which the server fails over."""

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
    """What is kept of one process, up to so many items and bytes and for so many seconds each."""

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
        """Why the oldest of them waits."""
        return self._failing[0].problem if self._failing else None

    def has_room(self, queued_item: QueuedItem) -> bool:
        """Whether one more item may be kept; the first may, whatever its size."""
        fits = self.size + len(queued_item[1]) <= self.max_bytes
        return self.items < self.max_items and (fits or not self.items)

    def add(self, queued_item: QueuedItem, code: str, problem: str) -> bool:
        """Keep an item that the server failed over; False where there is no room."""
        if not self.has_room(queued_item):
            return False
        now = self.clock()
        ordering_key = ordering_key_of(queued_item[1])
        one = FailingItems(
            deque([queued_item]),
            now,
            now + self.first_delay,
            self.first_delay,
            problem,
            code,
            ordering_key,
        )
        self._failing.append(one)
        if ordering_key is not None:
            self._by_ordering_key[ordering_key] = one
        self._count(queued_item, 1)
        return True

    def is_blocked(self, queued_item: QueuedItem) -> bool:
        """Whether an item has to wait, since an earlier one of the same record does."""
        return (
            bool(self._by_ordering_key) and ordering_key_of(queued_item[1]) in self._by_ordering_key
        )

    def append(self, queued_item: QueuedItem) -> bool:
        """Keep an item that ``is_blocked`` another one; False where there is no room."""
        ordering_key = ordering_key_of(queued_item[1])
        if ordering_key is None or not self.has_room(queued_item):
            return False
        self._by_ordering_key[ordering_key].queued_items.append(queued_item)
        self._count(queued_item, 1)
        return True

    def due(self, at_once: bool = False) -> Iterator[FailingItems]:
        """Those to be tried now, oldest first."""
        now = self.clock()
        yield from [one for one in self._failing if at_once or one.due <= now]

    def next_due(self) -> float:
        """Seconds until the next one is to be tried; infinite where nothing is kept."""
        if not self._failing:
            return float("inf")
        return max(0.0, min(one.due for one in self._failing) - self.clock())

    def settle(self, failing: FailingItems, count: int = 1) -> None:
        """The first ``count`` items have an end, or are in other hands."""
        for _ in range(count):
            self._count(failing.queued_items.popleft(), -1)
        failing.since = self.clock()
        failing.delay = self.first_delay
        if not failing.queued_items:
            self._failing.remove(failing)
            if failing.ordering_key is not None:
                del self._by_ordering_key[failing.ordering_key]

    def postpone(self, failing: FailingItems, problem: str) -> bool:
        """The server failed over the first one again; False where its time is over."""
        now = self.clock()
        failing.problem = problem
        failing.due = now + failing.delay
        failing.delay = min(failing.delay * 2, MAX_RETRY_DELAY_SECONDS)
        return now - failing.since < self.seconds

    def _count(self, queued_item: QueuedItem, by: int) -> None:
        self.items += by
        self.size += by * len(queued_item[1])


def ordering_key_of(item: bytes) -> OrderingKey | None:
    """What keeps an item in order with others; None for operations, which stand alone."""
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

"""Items over which the server fails by itself: kept and tried again, until a bound in time is over.

What such an item belongs to, such as a request, stays in order: later items of the same request wait
behind it, while everything else goes on.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from trackstore.encoding import content_of, field_of

Parcel = tuple[int, bytes]
"""A number by which its keeper knows it (0 without a keeper), and the item."""
LONGEST_DELAY_SECONDS = 300.0
"""The longest wait before an item is tried again."""
Line = tuple[str, str]
"""What items must stay in order: the kind of a record, and its id."""


@dataclass(slots=True)
class Failing:
    """Items in their order, the first of which the server fails over."""

    parcels: deque[Parcel]
    since: float
    due: float
    delay: float
    problem: str
    code: str
    line: Line | None = None

    def __len__(self) -> int:
        return len(self.parcels)


@dataclass(slots=True)
class Aside:
    """What is kept of one process, up to so many items and bytes and for so many seconds each."""

    most_items: int
    most_bytes: int
    seconds: float
    first_delay: float
    clock: Callable[[], float] = monotonic
    items: int = 0
    size: int = 0
    _failing: deque[Failing] = field(default_factory=deque)
    _lines: dict[Line, Failing] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.items

    @property
    def problem(self) -> str | None:
        """Why the oldest of them waits."""
        return self._failing[0].problem if self._failing else None

    def has_room(self, parcel: Parcel) -> bool:
        """Whether one more item may be kept; the first may, whatever its size."""
        fits = self.size + len(parcel[1]) <= self.most_bytes
        return self.items < self.most_items and (fits or not self.items)

    def add(self, parcel: Parcel, code: str, problem: str) -> bool:
        """Keep an item that the server failed over; False where there is no room."""
        if not self.has_room(parcel):
            return False
        now = self.clock()
        line = line_of(parcel[1])
        one = Failing(
            deque([parcel]), now, now + self.first_delay, self.first_delay, problem, code, line
        )
        self._failing.append(one)
        if line is not None:
            self._lines[line] = one
        self._count(parcel, 1)
        return True

    def is_behind(self, parcel: Parcel) -> bool:
        """Whether an item has to wait, since an earlier one of the same record does."""
        return bool(self._lines) and line_of(parcel[1]) in self._lines

    def append(self, parcel: Parcel) -> bool:
        """Keep an item that ``is_behind`` another one; False where there is no room."""
        line = line_of(parcel[1])
        if line is None or not self.has_room(parcel):
            return False
        self._lines[line].parcels.append(parcel)
        self._count(parcel, 1)
        return True

    def due(self, at_once: bool = False) -> Iterator[Failing]:
        """Those to be tried now, oldest first."""
        now = self.clock()
        yield from [one for one in self._failing if at_once or one.due <= now]

    def next_due(self) -> float:
        """Seconds until the next one is to be tried; infinite where nothing is kept."""
        if not self._failing:
            return float("inf")
        return max(0.0, min(one.due for one in self._failing) - self.clock())

    def settle(self, failing: Failing, count: int = 1) -> None:
        """The first ``count`` items have an end, or are in other hands."""
        for _ in range(count):
            self._count(failing.parcels.popleft(), -1)
        failing.since = self.clock()
        failing.delay = self.first_delay
        if not failing.parcels:
            self._failing.remove(failing)
            if failing.line is not None:
                del self._lines[failing.line]

    def postpone(self, failing: Failing, problem: str) -> bool:
        """The server failed over the first one again; False where its time is over."""
        now = self.clock()
        failing.problem = problem
        failing.due = now + failing.delay
        failing.delay = min(failing.delay * 2, LONGEST_DELAY_SECONDS)
        return now - failing.since < self.seconds

    def _count(self, parcel: Parcel, by: int) -> None:
        self.items += by
        self.size += by * len(parcel[1])


def line_of(item: bytes) -> Line | None:
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

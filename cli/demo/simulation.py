"""Discrete-event simulation: actors in virtual time, and the entries that they send."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store.ids import new_id, utc_now

Actor = Iterator[float]
"""Yields the seconds until its next step."""
Entry = dict[str, Any]
"""One ``EntryInput`` of the GraphQL API, as JSON."""


@dataclass(slots=True)
class EntryResult:
    """Result of an entry; empty until the server has answered."""

    status: str | None = None
    code: str | None = None
    message: str | None = None

    @property
    def is_denied(self) -> bool:
        return self.code == "LIMIT_EXCEEDED"


@dataclass(slots=True)
class DemoOrganization:
    """One organization, and the state of its video renderer."""

    name: str
    renderer_works: bool = True
    """Actual state; the breaker only notices failing calls."""
    breaker: str = "CLOSED"
    calls: int = 0
    failures: int = 0


@dataclass(slots=True)
class Simulation:
    random: random.Random
    now: float = 0.0
    """Seconds since the start."""
    pending: list[tuple[Entry, EntryResult]] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)
    """Ids of running requests."""
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Labels of open sessions by id."""
    counts: dict[str, int] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now
    _queue: list[tuple[float, int, Actor]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def start_actor(self, actor: Actor, after: float = 0.0) -> None:
        heapq.heappush(self._queue, (self.now + after, next(self._order), actor))

    def run_until(self, now: float) -> None:
        while self._queue and self._queue[0][0] <= now:
            self.now, _, actor = heapq.heappop(self._queue)
            pause = next(actor, None)
            if pause is not None:
                self.start_actor(actor, pause)
        self.now = now

    def send(self, kind: str, /, **fields: Any) -> EntryResult:
        receipt = EntryResult()
        self.pending.append(({kind: fields}, receipt))
        return receipt

    def event(self, kind: str, /, **fields: Any) -> EntryResult:
        """Send a command to a request, with an event id so that it can be repeated."""
        return self.send(kind, eventId=str(new_id()), occurredAt=self.time(), **fields)

    def operation(self, **fields: Any) -> EntryResult:
        self.count("operations")
        return self.send("operation", id=str(new_id()), occurredAt=self.time(), **fields)

    def count(self, counter: str) -> None:
        self.counts[counter] = self.counts.get(counter, 0) + 1

    def time(self) -> str:
        return self.clock().isoformat().replace("+00:00", "Z")

    def pick(self, *options: Any, weights: tuple[float, ...] | None = None) -> Any:
        return self.random.choices(options, weights=weights)[0]

    def milliseconds(self, usual: float) -> float:
        """Return a log-normally distributed duration with this median."""
        return round(usual * self.random.lognormvariate(0, 0.5), 2)

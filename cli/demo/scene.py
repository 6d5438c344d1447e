"""The scene in which the demonstration plays: actors in time, and what they send."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store.ids import new_id, utc_now

Actor = Iterator[float]
"""Does its next step each time it is resumed, and yields the seconds until the one after it."""
Entry = dict[str, Any]
"""One ``EntryInput`` of the GraphQL API, as JSON."""


@dataclass(slots=True)
class Receipt:
    """What became of an entry; empty until the next answer of the server."""

    status: str | None = None
    code: str | None = None
    message: str | None = None

    @property
    def is_denied(self) -> bool:
        """Whether a limit said no."""
        return self.code == "LIMIT_EXCEEDED"


@dataclass(slots=True)
class Company:
    """One organization of the demonstration: its name, and how its renderer is."""

    name: str
    renderer_works: bool = True
    """What is true; the breaker only learns it by calls that fail."""
    breaker: str = "CLOSED"
    calls: int = 0
    failures: int = 0


@dataclass(slots=True)
class Scene:
    """Time, chance, actors, and the entries that wait to be sent."""

    chance: random.Random
    now: float = 0.0
    """Seconds since the beginning."""
    pending: list[tuple[Entry, Receipt]] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)
    """Ids of those that have not ended."""
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Labels of those that have not ended, by id."""
    counts: dict[str, int] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now
    _queue: list[tuple[float, int, Actor]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def enter(self, actor: Actor, after: float = 0.0) -> None:
        """Let an actor begin."""
        heapq.heappush(self._queue, (self.now + after, next(self._order), actor))

    def play_until(self, now: float) -> None:
        """Let every actor act whose time has come."""
        while self._queue and self._queue[0][0] <= now:
            self.now, _, actor = heapq.heappop(self._queue)
            pause = next(actor, None)
            if pause is not None:
                self.enter(actor, pause)
        self.now = now

    def send(self, kind: str, /, **fields: Any) -> Receipt:
        """Send an entry with the next batch."""
        receipt = Receipt()
        self.pending.append(({kind: fields}, receipt))
        return receipt

    def event(self, kind: str, /, **fields: Any) -> Receipt:
        """Send a command to a request; with an id, so that it can be sent again."""
        return self.send(kind, eventId=str(new_id()), occurredAt=self.time(), **fields)

    def operation(self, **fields: Any) -> Receipt:
        """Send a finished call."""
        self.count("operations")
        return self.send("operation", id=str(new_id()), occurredAt=self.time(), **fields)

    def count(self, what: str) -> None:
        """Count it for the summary."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def time(self) -> str:
        """The present instant, as the API takes it."""
        return self.clock().isoformat().replace("+00:00", "Z")

    def pick(self, *options: Any, weights: tuple[float, ...] | None = None) -> Any:
        """One of the options."""
        return self.chance.choices(options, weights=weights)[0]

    def milliseconds(self, usual: float) -> float:
        """A duration around the usual one, with the long tail that latencies have."""
        return round(usual * self.chance.lognormvariate(0, 0.5), 2)

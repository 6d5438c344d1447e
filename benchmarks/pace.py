"""Events at a steady rate, whether or not the server keeps up, and how long they took to arrive."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.audience import Receipts

NANOSECONDS = 1_000_000_000
MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Published:
    """One event: its place in a log, and times in nanoseconds.

    ``committed`` is never later than the commit where the database does not tell when that was.
    """

    room: str
    seq: int
    sent: int
    committed: int
    acknowledged: int


Publish = Callable[[int, str], Awaitable[Published]]
"""Publishes the event of that number in that room."""


@dataclass(slots=True)
class Window:
    """What was published, by number; ``until`` is the last place in each room."""

    published: dict[int, Published] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)

    begun: int = 0

    def correct(self, commits: Mapping[tuple[str, int], int]) -> None:
        """Take over when each event was committed, by room and place."""
        for number, event in self.published.items():
            self.published[number] = replace(event, committed=commits[event.room, event.seq])

    def taken(self) -> list[float]:
        """Milliseconds that each event took to be acknowledged, sorted."""
        return sorted((p.acknowledged - p.sent) / MILLISECOND for p in self.published.values())


async def pace(publish: Publish, rooms: Sequence[str], count: int, rate: float) -> Window:
    """Publish so many events at that rate, the rooms taking turns."""
    window = Window(begun=now())
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def one(number: int, room: str) -> None:
        done = await publish(number, room)
        window.published[number] = done
        window.until[room] = max(window.until.get(room, 0), done.seq)

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / rate - loop.time()))
            tasks.create_task(one(number, rooms[number % len(rooms)]))
    return window


def latencies(window: Window, receipts: Receipts) -> tuple[list[float], list[float]]:
    """Milliseconds from the commit, and from sending, of every receipt; in order."""
    published = window.published
    pairs = list(zip(receipts.numbers, receipts.times, strict=True))
    return (
        sorted((time - published[number].committed) / MILLISECOND for number, time in pairs),
        sorted((time - published[number].sent) / MILLISECOND for number, time in pairs),
    )


def quantile(ordered: Sequence[float], part: float) -> float:
    """Of sorted values, by nearest rank."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def now() -> int:
    """The clock of this machine, which all of its processes share."""
    return time.time_ns()

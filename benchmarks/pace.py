"""Publish events at a steady rate, whether or not the server keeps up, and measure their latency."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.audience import Receipts

NANOSECONDS = 1_000_000_000
MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Published:
    """Hold one event: its place in a log, and times in nanoseconds.

    ``committed`` is at or before the commit where the database does not report its time.
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
    published: dict[int, Published] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)

    started: int = 0

    def correct(self, commits: Mapping[tuple[str, int], int]) -> None:
        for number, event in self.published.items():
            self.published[number] = replace(event, committed=commits[event.room, event.seq])

    def acknowledgement_times(self) -> list[float]:
        return sorted((p.acknowledged - p.sent) / MILLISECOND for p in self.published.values())


async def pace(publish: Publish, rooms: Sequence[str], count: int, rate: float) -> Window:
    window = Window(started=now())
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def one(number: int, room: str) -> None:
        published = await publish(number, room)
        window.published[number] = published
        window.until[room] = max(window.until.get(room, 0), published.seq)

    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / rate - loop.time()))
            tasks.create_task(one(number, rooms[number % len(rooms)]))
    return window


def latencies(window: Window, receipts: Receipts) -> tuple[list[float], list[float]]:
    """Return milliseconds from commit, and from sending, of every receipt, in order."""
    published = window.published
    pairs = list(zip(receipts.numbers, receipts.times, strict=True))
    return (
        sorted((time - published[number].committed) / MILLISECOND for number, time in pairs),
        sorted((time - published[number].sent) / MILLISECOND for number, time in pairs),
    )


def quantile(ordered: Sequence[float], part: float) -> float:
    """Return the nearest-rank quantile of sorted values."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def now() -> int:
    """Return the machine's clock, which its processes share."""
    return time.time_ns()

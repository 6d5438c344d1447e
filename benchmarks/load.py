"""Drive senders with prepared work for a while, and measure their speed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

GRACE_SECONDS = 60.0
"""Time for the last answers after the end of a round."""
Sender = Callable[[Any], Awaitable[object]]
"""Sends one item and waits for the answer; raises if it is wrong."""


@dataclass(frozen=True, slots=True)
class Load:
    """Hold the seconds that each item took, in order of completion."""

    seconds: float
    durations: Sequence[float]

    @property
    def rate(self) -> float:
        return len(self.durations) / self.seconds

    def milliseconds(self, quantile: float) -> float:
        """Return the nearest-rank quantile of the durations."""
        ordered = sorted(self.durations)
        return 1_000 * ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]


async def drive(senders: Sequence[Sender], items: Sequence[Any], seconds: float) -> Load:
    """Let each sender take the next item once its last is answered, until time or work runs out."""
    queue = iter(items)
    durations: list[float] = []
    clock = time.perf_counter
    started = clock()
    ends = started + seconds

    async def work(send: Sender) -> None:
        for item in queue:
            started = clock()
            await send(item)
            finished = clock()
            durations.append(finished - started)
            if finished >= ends:
                return

    async with (
        asyncio.timeout(GRACE_SECONDS + min(seconds, GRACE_SECONDS)),
        asyncio.TaskGroup() as group,
    ):
        for send in senders:
            group.create_task(work(send))
    return Load(clock() - started, durations)

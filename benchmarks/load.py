"""Drives senders with ready-made work for a while, and says how fast they were."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

GRACE = 60.0
"""Seconds after the end of a round in which the last answers must come."""
Sender = Callable[[Any], Awaitable[object]]
"""Sends one item and returns when it is answered; raises when the answer is not the right one."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was done in ``seconds``: the seconds each item took, in the order they ended."""

    seconds: float
    taken: Sequence[float]

    @property
    def rate(self) -> float:
        """Items a second."""
        return len(self.taken) / self.seconds

    def milliseconds(self, quantile: float) -> float:
        """The time within which that part of the items was answered (nearest rank)."""
        ordered = sorted(self.taken)
        return 1_000 * ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]


async def drive(senders: Sequence[Sender], items: Sequence[Any], seconds: float) -> Load:
    """Let each sender take the next item when its last is answered, until time or work is over."""
    queue = iter(items)
    taken: list[float] = []
    clock = time.perf_counter
    started = clock()
    ends = started + seconds

    async def work(send: Sender) -> None:
        for item in queue:
            begun = clock()
            await send(item)
            ended = clock()
            taken.append(ended - begun)
            if ended >= ends:
                return

    async with asyncio.timeout(GRACE + min(seconds, GRACE)), asyncio.TaskGroup() as group:
        for send in senders:
            group.create_task(work(send))
    return Load(clock() - started, taken)

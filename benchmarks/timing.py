"""Time calls that take turns, and relate them to the reference."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks.scale import Budget

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Timed:
    """Hold milliseconds of one contender: the median of each round, and all calls."""

    rounds: list[float]
    calls: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.rounds)

    @property
    def p99(self) -> float:
        ordered = sorted(self.calls)
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]

    def times(self, reference: "Timed") -> list[float]:
        pairs = zip(self.rounds, reference.rounds, strict=True)
        return [reference_time / own_time for own_time, reference_time in pairs]


async def take_turns(
    calls: Mapping[str, Ask], rounds: int, seconds: float, budget: Budget
) -> dict[str, Timed]:
    """Run A B C, A B C, ...: each for the given seconds, and at least once."""
    timings = {name: Timed([], []) for name in calls}
    for number in range(rounds):
        if number and budget.is_spent:
            break
        for name, ask in calls.items():
            durations = await _repeat(ask, seconds)
            timings[name].rounds.append(statistics.median(durations))
            timings[name].calls.extend(durations)
    return timings


async def _repeat(ask: Ask, seconds: float) -> list[float]:
    clock, durations = time.perf_counter, list[float]()
    ends = clock() + seconds
    while not durations or clock() < ends:
        started = clock()
        await ask()
        durations.append(1_000 * (clock() - started))
    return durations

"""Statements that take turns: how long each takes, and how that relates to the reference."""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks.scale import Budget

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of one contender, median of each round; those of all calls."""

    rounds: list[float]
    calls: list[float]

    @property
    def p50(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def p99(self) -> float:
        """Of all calls, nearest rank."""
        ordered = sorted(self.calls)
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]

    def times(self, reference: "Timed") -> list[float]:
        """How many times as long the reference took, round by round."""
        pairs = zip(self.rounds, reference.rounds, strict=True)
        return [theirs / mine for mine, theirs in pairs]


async def take_turns(
    asked: Mapping[str, Ask], rounds: int, seconds: float, budget: Budget
) -> dict[str, Timed]:
    """A B C, A B C ...: each asks for so many seconds, and once at least."""
    found = {name: Timed([], []) for name in asked}
    for number in range(rounds):
        if number and budget.is_spent:
            break
        for name, ask in asked.items():
            taken = await _repeat(ask, seconds)
            found[name].rounds.append(statistics.median(taken))
            found[name].calls.extend(taken)
    return found


async def _repeat(ask: Ask, seconds: float) -> list[float]:
    clock, taken = time.perf_counter, list[float]()
    ends = clock() + seconds
    while not taken or clock() < ends:
        begun = clock()
        await ask()
        taken.append(1_000 * (clock() - begun))
    return taken

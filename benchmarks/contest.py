"""Contenders take turns, round by round, so that a machine that drifts drifts for all of them."""

import gc
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.load import Load, Sender, drive
from benchmarks.processes import CpuMeter
from benchmarks.scale import Budget, Scale

SPARE = 1.25
"""Items made ready for a round, as a multiple of what the last one needed."""
FIRST_RATE = 200.0
"""Items a second that are made ready for the first round of all."""


@dataclass(frozen=True, slots=True)
class Round:
    """One contender in one round; ``cpu`` is milliseconds per 1,000 units, by part."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu: Mapping[str, float]


class Contender(Protocol):
    """Something that can be measured again and again."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    async def measure(self, seconds: float) -> Round:
        """Work for about that long."""


@dataclass(slots=True)
class LoadContender:
    """A contender that sends items through senders; ``make`` makes so many new ones, untimed."""

    name: str
    senders: Sequence[Sender]
    make: Callable[[int], Sequence[Any]]
    units: int = 1
    pids: Mapping[str, int] = field(default_factory=dict)
    before: Callable[[], Awaitable[None]] | None = None
    expected_rate: float = FIRST_RATE

    async def measure(self, seconds: float) -> Round:
        """One round: work is made ready, then timed."""
        count = int(self.expected_rate * seconds * SPARE) + len(self.senders)
        items = self.make(count)
        if self.before is not None:
            await self.before()
        gc.collect()
        meter = CpuMeter(self.pids)
        load = await drive(self.senders, items, seconds)
        used = meter.read()
        self.expected_rate = load.rate
        return round_of(load, self.units, used)


def round_of(load: Load, units: int, cpu_seconds: Mapping[str, float]) -> Round:
    """A load in units a second."""
    thousands = len(load.taken) * units / 1_000
    return Round(
        rate=load.rate * units,
        p50_ms=load.milliseconds(0.5),
        p99_ms=load.milliseconds(0.99),
        cpu={name: 1_000 * seconds / thousands for name, seconds in cpu_seconds.items()},
    )


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds of one contender, and how they relate to the reference of the same rounds."""

    name: str
    rounds: Sequence[Round]
    ratios: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the ratios of the rounds: a drift of the machine is in both of a pair."""
        return statistics.median(self.ratios)

    def median(self, value: Callable[[Round], float]) -> float:
        """The median over the rounds."""
        return statistics.median(value(r) for r in self.rounds)


async def contest(
    contenders: Sequence[Contender], reference: str, scale: Scale, budget: Budget
) -> list[Result]:
    """Warm everybody up, then A B C, C B A ...; the ratio is taken within each round.

    The order is turned round each time: what one leaves to be written to disk is not always the
    same other one's to bear.
    """
    rounds: dict[str, list[Round]] = {c.name: [] for c in contenders}
    for contender in contenders:
        await contender.measure(scale.warm_up_seconds)
    for number in range(scale.rounds):
        if number and budget.is_spent:
            break
        for contender in contenders if number % 2 else reversed(contenders):
            rounds[contender.name].append(await contender.measure(scale.seconds))
    base = rounds[reference]
    return [
        Result(name, own, [mine.rate / its.rate for mine, its in zip(own, base, strict=True)])
        for name, own in rounds.items()
    ]

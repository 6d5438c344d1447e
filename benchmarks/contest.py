"""Let contenders take turns, round by round, so that drift of the machine affects all of them."""

import gc
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.load import Load, Sender, drive
from benchmarks.processes import CpuMeter
from benchmarks.scale import Budget, Scale

ITEM_RESERVE = 1.25
"""Items prepared for a round, as a multiple of those used in the last one."""
INITIAL_RATE = 200.0
"""Items per second prepared for the first round."""


@dataclass(frozen=True, slots=True)
class Round:
    """Hold one contender's round; ``cpu`` is milliseconds per 1,000 units, by part."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu: Mapping[str, float]


class Contender(Protocol):
    @property
    def name(self) -> str: ...

    async def measure(self, seconds: float) -> Round: ...


@dataclass(slots=True)
class LoadContender:
    """Send items through senders; ``make`` creates new ones outside of the measured time."""

    name: str
    senders: Sequence[Sender]
    make: Callable[[int], Sequence[Any]]
    units: int = 1
    pids: Mapping[str, int] = field(default_factory=dict)
    prepare: Callable[[], Awaitable[None]] | None = None
    expected_rate: float = INITIAL_RATE

    async def measure(self, seconds: float) -> Round:
        count = int(self.expected_rate * seconds * ITEM_RESERVE) + len(self.senders)
        items = self.make(count)
        if self.prepare is not None:
            await self.prepare()
        gc.collect()
        meter = CpuMeter(self.pids)
        load = await drive(self.senders, items, seconds)
        used = meter.read()
        self.expected_rate = load.rate
        return round_of(load, self.units, used)


def round_of(load: Load, units: int, cpu_seconds: Mapping[str, float]) -> Round:
    thousands = len(load.durations) * units / 1_000
    return Round(
        rate=load.rate * units,
        p50_ms=load.milliseconds(0.5),
        p99_ms=load.milliseconds(0.99),
        cpu={name: 1_000 * seconds / thousands for name, seconds in cpu_seconds.items()},
    )


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    rounds: Sequence[Round]
    ratios: Sequence[float]

    @property
    def ratio(self) -> float:
        """Return the median ratio of the rounds, which cancels drift of the machine."""
        return statistics.median(self.ratios)

    def median(self, value: Callable[[Round], float]) -> float:
        return statistics.median(value(r) for r in self.rounds)


async def contest(
    contenders: Sequence[Contender], reference: str, scale: Scale, budget: Budget
) -> list[Result]:
    """Warm up, then run A B C, C B A, ...; ratios are taken within each round.

    The order alternates, because what one contender leaves to be written to disk slows the next one.
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
        Result(
            name,
            contender_rounds,
            [
                own_round.rate / reference_round.rate
                for own_round, reference_round in zip(contender_rounds, base, strict=True)
            ],
        )
        for name, contender_rounds in rounds.items()
    ]

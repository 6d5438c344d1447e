"""Define the size of a run: rounds, seconds, numbers of items, and the time budget."""

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Hold the sizes of one run; ``seconds`` is the time of one contender per round."""

    rounds: int
    seconds: float
    warm_up_seconds: float
    batch: int
    conversions: int
    page_rows: int
    limits: int
    memory_mutations: int
    starts: int
    months: tuple[int, ...]
    """Operations in the month of the stats case, step by step."""
    subscribers: tuple[int, ...]
    """Subscribers of one request, size by size."""
    watched: int
    """Requests with two subscribers each."""
    live_seconds: float
    """Duration of event logging per contender and round."""
    budget_seconds: float


FULL = Scale(
    rounds=5,
    seconds=1.2,
    warm_up_seconds=0.6,
    batch=1_000,
    conversions=20,
    page_rows=20_000,
    limits=1_000,
    memory_mutations=600,
    starts=4,
    months=(1_000_000, 2_000_000, 5_000_000),
    subscribers=(100, 1_000, 2_000),
    watched=500,
    live_seconds=4,
    budget_seconds=440,
)
"""For published results; about seven minutes on two cores."""

QUICK = Scale(
    rounds=1,
    seconds=0.3,
    warm_up_seconds=0.15,
    batch=1_000,
    conversions=2,
    page_rows=6_000,
    limits=20,
    memory_mutations=12,
    starts=1,
    months=(50_000,),
    subscribers=(10, 30),
    watched=5,
    live_seconds=0.3,
    budget_seconds=120,
)
"""Only checks that everything runs."""


APART_SECONDS = {"stats": 720, "live": 420, "sdk": 240, "peers": 240}
"""Time of a full run of each standalone case."""


class Budget:
    """Limit the time of a run: no round begins once it is spent."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def is_spent(self) -> bool:
        return time.monotonic() >= self._ends

"""Exact quantiles, as SQLite calls them: it has window functions, and no aggregate that sorts.

A quantile is linear between the two values on both sides of the place q * (n - 1), as PostgreSQL's
``percentile_cont`` defines it.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import floor

RUN_VALUES = 65_536
"""Values that are sorted at once. Everything else in the process waits for that, some 20 ms."""
DOUBLE_BYTES = 8


class ExactQuantile:
    """The quantiles of the values of one group, as an aggregate: eight bytes a value are held."""

    def __init__(self) -> None:
        self._runs: list[array[float]] = []
        self._latest = array("d")
        self._quantiles = ""

    def step(self, value: float | None, quantiles: str) -> None:
        if value is None:
            return
        self._quantiles = quantiles
        self._latest.append(value)
        if len(self._latest) == RUN_VALUES:
            self._end_run()

    def finalize(self) -> bytes | None:
        if self._latest:
            self._end_run()
        if not self._runs:
            return None
        return array("d", [self._quantile(float(q)) for q in self._quantiles.split()]).tobytes()

    def _end_run(self) -> None:
        self._runs.append(array("d", sorted(self._latest)))
        self._latest = array("d")

    def _quantile(self, q: float) -> float:
        place = q * (sum(map(len, self._runs)) - 1)
        below = floor(place)
        low = value_at(self._runs, below)
        if place == below:
            return low
        return low + (value_at(self._runs, below + 1) - low) * (place - below)


def value_at(runs: Sequence["array[float]"], rank: int) -> float:
    if len(runs) == 1:
        return runs[0][rank]
    pieces = [(run, 0, len(run)) for run in runs]
    while True:
        widest, begin, end = max(pieces, key=lambda piece: piece[2] - piece[1])
        middle = widest[(begin + end) // 2]
        less = [bisect_left(run, middle, begin, end) for run, begin, end in pieces]
        up_to = [bisect_right(run, middle, begin, end) for run, begin, end in pieces]
        if rank < sum(less):
            pieces = [(run, begin, at) for (run, begin, _), at in zip(pieces, less, strict=True)]
        elif rank >= sum(up_to):
            pieces = [(run, at, end) for (run, _, end), at in zip(pieces, up_to, strict=True)]
        else:
            return middle


def nth(encoded: bytes | None, place: int) -> float | None:
    """Return one of several quantiles; None where there were no values."""
    if encoded is None:
        return None
    start = place * DOUBLE_BYTES
    return array("d", encoded[start : start + DOUBLE_BYTES])[0]

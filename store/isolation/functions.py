"""The functions of our own that the embedded database calls."""

import sqlite3

from store import exact_quantiles, histograms

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1


class ExactSum:
    def __init__(self) -> None:
        self._integers = 0
        self._floats = 0.0
        self._count = 0

    def step(self, value: float | None) -> None:
        if value is None:
            return
        self._count += 1
        if isinstance(value, int):
            self._integers += value
        else:
            self._floats += value

    def finalize(self) -> int | float | None:
        if not self._count:
            return None
        if self._floats:
            return self._integers + self._floats
        return self._integers if LONG_MIN <= self._integers <= LONG_MAX else float(self._integers)


def add_functions(connection: sqlite3.Connection) -> None:
    """Add what PostgreSQL has as functions of the database (migrations), or of its own."""
    for name, arguments, function in (
        ("trackstore_histogram", 2, histograms.sketch_of_row),
        ("trackstore_single", 1, histograms.single_value_sketch),
        ("trackstore_quantile", 3, histograms.quantile),
        ("trackstore_nth", 2, exact_quantiles.nth),
    ):
        connection.create_function(name, arguments, function, deterministic=True)
    for name, arguments, aggregate in (
        ("trackstore_exact", 2, exact_quantiles.ExactQuantile),
        ("trackstore_union", 1, histograms.UnionSketches),
        ("trackstore_lanes", 1, histograms.CollectBins),
        ("trackstore_join", 1, histograms.JoinBins),
        ("trackstore_wide_sum", 1, ExactSum),
    ):
        connection.create_aggregate(name, arguments, aggregate)  # type: ignore[arg-type]  # a quantile is bytes

"""The rows that set rollups right after costs of recorded operations changed.

A rollup row is a sum, and so is a correction: it counts no operation, and has the differences of
what changed. Whoever sums up rows sums up corrections with them, and merges them like all others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.enums import PriceStatus
from models.rollups import (
    DIMENSIONS,
    OPERATION_ROLLUPS,
    ROWS,
    SUMS,
    Tier,
    answered_count_column,
    number_column,
    true_count_column,
)
from store.dialects import Columns
from store.time_buckets import start_of_hour
from store.validation import LONG_MAX

OF = {column.name: position for position, column in enumerate(OPERATION_ROLLUPS.columns)}
"""Position of each column of the rollups."""
COSTS = ("cost_baseline", "cost_actual", "cost_saved")
PARTS = (
    true_count_column("unpriced"),
    answered_count_column("unpriced"),
    *(number_column(name, "present") for name in COSTS),
    *(number_column(name, "sum") for name in COSTS),
)
UNPRICED = PriceStatus.UNPRICED.value
Costs = Sequence[Any]
"""Status, baseline, actual and saved of one operation."""
Key = tuple[int, datetime, tuple[Any, ...]]
"""A rollup's number, an hour, and the values of the rollup's dimensions."""


@dataclass(frozen=True, slots=True)
class Change:
    row: Mapping[Any, Any]
    old: Costs
    new: Costs


def parts_of(costs: Costs) -> list[int]:
    status, *amounts = costs
    present = [int(amount is not None) for amount in amounts]
    sums = [amount or 0 for amount in amounts]
    return [int(status == UNPRICED), int(status is not None), *present, *sums]


def corrections_of(changes: Sequence[Change]) -> Columns:
    sums: dict[Key, list[int]] = {}
    for change in changes:
        pairs = zip(parts_of(change.new), parts_of(change.old), strict=True)
        difference = [new - old for new, old in pairs]
        for key in keys_of(change):
            totals = sums.setdefault(key, [0] * len(PARTS))
            for place, value in enumerate(difference):
                totals[place] += value
    rows: Iterable[tuple[Key, list[int]]] = sums.items()
    if any(abs(value) > LONG_MAX for totals in sums.values() for value in totals):
        # Beyond what a column holds: each operation takes away its old costs, and adds the new ones.
        rows = [
            (key, totals)
            for change in changes
            for key in keys_of(change)
            for totals in ([-value for value in parts_of(change.old)], parts_of(change.new))
        ]
    return columns_of([(key, totals) for key, totals in rows if any(totals)])


def keys_of(change: Change) -> Iterable[Key]:
    hour = start_of_hour(change.row["occurred_at"])
    for rollup in SUMS:
        yield rollup.number, hour, tuple(change.row[name] for name in rollup.dimensions)


def columns_of(rows: Sequence[tuple[Key, list[int]]]) -> Columns:
    dimensions = {rollup.number: rollup.dimensions for rollup in SUMS}
    columns: dict[int, list[Any]] = {
        OF["rollup"]: [key[0] for key, _ in rows],
        OF["tier"]: [Tier.FRESH.value] * len(rows),
        OF["starts_at"]: [key[1] for key, _ in rows],
        OF[ROWS]: [0] * len(rows),
    }
    keyed = [dict(zip(dimensions[key[0]], key[2], strict=True)) for key, _ in rows]
    for name in DIMENSIONS:
        columns[OF[name]] = [key.get(name) for key in keyed]
    for place, part in enumerate(PARTS):
        columns[OF[part]] = [correction[place] for _, correction in rows]
    return columns

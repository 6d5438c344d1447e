"""The rows that a flush adds to the rollups: its operations summed up, column by column.

First by all dimensions at once, then from those sums by the dimensions of each rollup: most flushes
repeat a few keys. Labels of tenants are many, so that their rollup is summed up by itself.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, pairwise, repeat
from operator import itemgetter
from typing import Any

from models.enums import Outcome, PriceStatus
from models.rollups import (
    DIMENSIONS,
    EXTREMES,
    HISTOGRAMS,
    NUMBERS,
    OPERATION_ROLLUPS,
    ROLLUPS,
    ROWS,
    SUM_COLUMNS,
    Rollup,
    Tier,
    answered_count_column,
    bins_column,
    number_column,
    true_count_column,
)
from store.dialects import Columns
from store.histograms import bin_indexes
from store.operations.bulk.frames import Frame, Values
from store.operations.columns import AT
from store.time_buckets import HOUR, start_of_hour
from store.validation import LONG_MAX

OF = {column.name: position for position, column in enumerate(OPERATION_ROLLUPS.columns)}
"""Position of each column of the rollups."""
TENANTS = frozenset({"namespace_id", "workspace_id", "api_key_id"})
FLAG_SOURCES = {
    "error": AT["outcome"],
    "cache_hit": AT["cache_hit"],
    "unpriced": AT["price_status"],
}
FLAG_VALUES = {
    "error": Outcome.ERROR.value,
    "cache_hit": True,
    "unpriced": PriceStatus.UNPRICED.value,
}
LANES = frozenset(OF[bins_column(name)] for name in HISTOGRAMS)
IN_SUMS = frozenset(OF.values()) - LANES
IN_HISTOGRAMS = LANES | {OF[ROWS]} | {OF[number_column(name, "present")] for name in HISTOGRAMS}
"""What rows of both kinds of rollups hold."""
Fold = Callable[[Iterable[Any]], Any]
Part = tuple[Fold, Values]


def deltas_of(frame: Frame) -> Columns:
    hours = list(hours_of(frame.columns[AT["occurred_at"]]))
    spread = _Sums.of(frame, hours)
    every = tuple(dict.fromkeys(name for r in ROLLUPS for name in r.dimensions))
    finest = spread.by([name for name in every if name not in TENANTS])
    deltas = []
    for rollup in ROLLUPS:
        base = spread if TENANTS.intersection(rollup.dimensions) else finest
        deltas.append((rollup, base.of_rollup(rollup).by(rollup.dimensions)))
    if any(map(too_large, (sums for _, sums in deltas))):
        deltas = [(r, spread.of_rollup(r).only(r.dimensions).as_groups()) for r in ROLLUPS]
    return join_rollup_sums(deltas)


def hours_of(times: Sequence[datetime]) -> Iterator[datetime]:
    place = 0
    while place < len(times):
        hour = start_of_hour(times[place])
        end = bisect_left(times, hour + HOUR, place)
        yield from repeat(hour, end - place)
        place = end


class _Sums:
    def __init__(
        self, hours: Sequence[datetime], dimensions: dict[str, Values], parts: dict[int, Part]
    ) -> None:
        self.hours = hours
        self.dimensions = dimensions
        self.parts = parts

    @classmethod
    def of(cls, frame: Frame, hours: Sequence[datetime]) -> "_Sums":
        columns = frame.columns
        dimensions = {n: columns[AT[n]] for n in DIMENSIONS if AT[n] in columns}
        ones = (1,) * frame.count
        parts: dict[int, Part] = {OF[ROWS]: (sum, ones)}
        for flag, source in FLAG_SOURCES.items():
            values = columns.get(source)
            if values is None:
                continue
            flag_values = FLAG_VALUES[flag]
            if flag_values in values:
                parts[OF[true_count_column(flag)]] = (
                    sum,
                    [value == flag_values for value in values],
                )
            parts[OF[answered_count_column(flag)]] = (sum, present(values, ones))
        for name in NUMBERS:
            values = columns.get(AT[name])
            if values is None:
                continue
            parts[OF[number_column(name, "present")]] = (sum, present(values, ones))
            parts[OF[number_column(name, "sum")]] = (sum, values)
            if name in EXTREMES:
                parts[OF[number_column(name, "min")]] = (min, values)
                parts[OF[number_column(name, "max")]] = (max, values)
            if name in HISTOGRAMS:
                parts[OF[bins_column(name)]] = (concatenate_bins, bin_indexes(values))
        return cls(hours, dimensions, parts)

    def only(self, names: Sequence[str]) -> "_Sums":
        selected = {name: values for name in names if (values := self.dimensions.get(name))}
        return _Sums(self.hours, selected, self.parts)

    def as_groups(self) -> "_Sums":
        parts = {
            place: (flatten_bins, [None if v is None else (v,) for v in values])
            if fold is concatenate_bins
            else (fold, values)
            for place, (fold, values) in self.parts.items()
        }
        return _Sums(self.hours, self.dimensions, parts)

    def of_rollup(self, rollup: Rollup) -> "_Sums":
        columns = IN_HISTOGRAMS if rollup.histograms else IN_SUMS
        parts = {place: part for place, part in self.parts.items() if place in columns}
        return _Sums(self.hours, self.dimensions, parts)

    def by(self, names: Sequence[str]) -> "_Sums":
        dimension_names = [name for name in names if name in self.dimensions]
        # What is the same throughout tells no rows apart, and need not be looked at in each.
        varied = [
            v
            for v in (self.hours, *(self.dimensions[n] for n in dimension_names))
            if not is_same(v)
        ]
        places: defaultdict[Any, list[int]] = defaultdict(list)
        for place, key in enumerate(zip(*varied, strict=True) if varied else ()):
            places[key].append(place)
        if not varied:
            places[()] = list(range(len(self.hours)))
        if len(places) == len(self.hours):
            return self.only(dimension_names).as_groups()
        first = itemgetter(*(members[0] for members in places.values()), 0)
        hours = first(self.hours)[:-1]
        dimensions = [first(self.dimensions[name])[:-1] for name in dimension_names]
        order = list(chain.from_iterable(places.values()))
        ends = [0]
        for members in places.values():
            ends.append(ends[-1] + len(members))
        slices = [slice(start, end) for start, end in pairwise(ends)]
        pick: Callable[[Values], Values] = itemgetter(*order)
        done: dict[tuple[Fold, int], list[Any]] = {}
        parts: dict[int, Part] = {}
        for position, (fold, values) in self.parts.items():
            cached = done.get((fold, id(values)))
            if cached is None:
                cached = done[fold, id(values)] = fold_slices(fold, pick(values), slices)
            parts[position] = (flatten_bins if fold is concatenate_bins else fold, cached)
        return _Sums(hours, dict(zip(dimension_names, dimensions, strict=True)), parts)


def too_large(sums: _Sums) -> bool:
    sums_of_columns = (sums.parts[OF[name]][1] for name in SUM_COLUMNS if OF[name] in sums.parts)
    return any(
        value is not None and abs(value) > LONG_MAX
        for values in sums_of_columns
        for value in values
    )


def present(values: Values, ones: Values) -> Values:
    return [value is not None for value in values] if None in values else ones


def fold_slices(fold: Fold, values: Values, slices: Sequence[slice]) -> list[Any]:
    """Aggregate each slice of the values; None for one without values."""
    if None not in values:
        return [fold(values[part]) for part in slices]
    present_values = ([v for v in values[part] if v is not None] for part in slices)
    return [fold(there) if there else None for there in present_values]


def is_same(values: Sequence[Any]) -> bool:
    return values.count(values[0]) == len(values)


def concatenate_bins(lanes: Iterable[int]) -> Sequence[int]:
    return tuple(lanes)


def flatten_bins(lanes: Iterable[Sequence[int]]) -> Sequence[int]:
    return tuple(chain.from_iterable(lanes))


def join_rollup_sums(rollup_sums: Sequence[tuple[Rollup, _Sums]]) -> Columns:
    columns: dict[int, list[Any]] = {
        OF["rollup"]: [r.number for r, sums in rollup_sums for _ in sums.hours],
        OF["starts_at"]: [hour for _, sums in rollup_sums for hour in sums.hours],
    }
    columns[OF["tier"]] = [Tier.FRESH.value] * len(columns[OF["rollup"]])
    for name in DIMENSIONS:
        if any(name in sums.dimensions for _, sums in rollup_sums):
            columns[OF[name]] = [
                value
                for _, sums in rollup_sums
                for value in sums.dimensions.get(name, (None,) * len(sums.hours))
            ]
    for position in dict.fromkeys(place for _, sums in rollup_sums for place in sums.parts):
        nothing: Part = (sum, ())
        columns[position] = [
            value
            for _, sums in rollup_sums
            for value in sums.parts.get(position, nothing)[1] or repeat(None, len(sums.hours))
        ]
    return columns

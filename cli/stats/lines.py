"""Groups over time as one line each: a sparkline per measure, its least and its greatest value."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from cli.output import out, print_table
from cli.stats.asking import Plan
from cli.stats.table import OTHERS, Row, key_cell, number, start_cell

LEVELS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
"""Where a group has no value: that is not zero."""
WIDTH = 60
"""Characters of the longest line; with more slices a character stands for the greatest of several."""
MOST_SLICES = 10_000
"""From the first to the last one that was found; beyond it there is no line worth looking at."""

Series = dict[datetime, Any]
"""The values of one measure of a group, by the start of the slice."""


def slices_of(made: Plan, rows: Sequence[Row]) -> list[datetime]:
    """Every slice from the first to the last one in ``rows``; none where they are too many."""
    starts = [datetime.fromisoformat(row["start"]) for row in rows if row["start"] is not None]
    if not starts:
        return []
    assert made.bucket is not None
    first, until = min(starts), max(starts) + timedelta(microseconds=1)
    if made.bucket.count(first, until, MOST_SLICES) > MOST_SLICES:
        return []
    return [span.start for span in made.bucket.spans(first, until)]


def print_lines(made: Plan, rows: Sequence[Row], slices: Sequence[datetime]) -> None:
    """A line per group, those with the most first; what is left out by top stands below."""
    per_character = -(-len(slices) // WIDTH)
    groups = _groups(made, [row for row in rows if not row.get(OTHERS)])
    heads = [name for one in made.measures for name in (one.name, "least", "greatest")]
    lines = [
        [*key, *_cells([[at.get(s) for s in slices] for at in series], per_character)]
        for key, series in groups
    ]
    print_table([*(column.name for column in made.keys), *heads], lines)
    first, last = (start_cell(made, slices[i]) for i in (0, -1))
    each = f", the greatest of {per_character} in each character" if per_character > 1 else ""
    out.print(Text(f"{first} to {last}, {len(slices):,} slices{each}", "dim"))
    for row in rows:
        if row.get(OTHERS):
            told = (f"{one.name} {number(row[one.name])}" for one in made.measures)
            out.print(Text(f"{OTHERS}, all slices together: {', '.join(told)}", "dim"))


def _groups(made: Plan, rows: Sequence[Row]) -> list[tuple[list[str | Text], list[Series]]]:
    """The cells of each key, and its values by measure and slice."""
    found: dict[tuple[Any, ...], list[Series]] = {}
    for row in rows:
        # True equals 1 in Python, and is another key.
        key = tuple((isinstance(row[k.name], bool), row[k.name]) for k in made.keys)
        series = found.setdefault(key, [{} for _ in made.measures])
        at = datetime.fromisoformat(row["start"])
        for measure, values in zip(made.measures, series, strict=True):
            values[at] = row[measure.name]
    ordered = sorted(found.items(), key=lambda group: -_weight(group[1][0]))
    return [([key_cell(value) for _, value in key], series) for key, series in ordered]


def _weight(values: Mapping[datetime, Any]) -> float:
    return float(sum(value for value in values.values() if value is not None))


def _cells(series: Sequence[Sequence[Any]], per_character: int) -> Iterator[Text]:
    for values in series:
        present = [value for value in values if value is not None]
        yield Text(sparkline(values, per_character), "cyan")
        for value in (min(present, default=None), max(present, default=None)):
            yield Text(number(value), justify="right")


def sparkline(values: Sequence[float | None], per_character: int = 1) -> str:
    """A character per value, or per several of them, from zero (or the least) to the greatest."""
    parts = [values[i : i + per_character] for i in range(0, len(values), per_character)]
    tops = [max((v for v in part if v is not None), default=None) for part in parts]
    low = min((v for v in tops if v is not None and v < 0), default=0)
    high = max((v for v in tops if v is not None and v > 0), default=0)
    return "".join(_level(value, low, high) for value in tops)


def _level(value: float | None, low: float, high: float) -> str:
    if value is None:
        return NOTHING
    if value == low:
        return LEVELS[0]
    # What is there at all stands above the line.
    return LEVELS[max(round((value - low) / (high - low) * (len(LEVELS) - 1)), 1)]

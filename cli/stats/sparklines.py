"""Groups over time: a sparkline per measure, with its minimum and maximum."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.text import Text

from cli.output import out, print_table
from cli.stats.arguments import QueryPlan
from cli.stats.table import OTHERS, Row, key_cell, number, start_cell

LEVELS = "▁▂▃▄▅▆▇█"
NO_VALUE = "·"
"""Character for a missing value, which is not zero."""
MAX_SPARKLINE_CHARS = 60
"""Maximum length; with more buckets, a character shows the largest of several."""
MAX_BUCKETS = 10_000
"""Maximum number of buckets in a sparkline."""

Series = dict[datetime, Any]
"""Values of one measure of a group by start of the bucket."""


def buckets_of(query: QueryPlan, rows: Sequence[Row]) -> list[datetime]:
    """Return every bucket from the first to the last in ``rows``; empty if there are too many."""
    starts = [datetime.fromisoformat(row["start"]) for row in rows if row["start"] is not None]
    if not starts:
        return []
    assert query.bucket is not None
    first, until = min(starts), max(starts) + timedelta(microseconds=1)
    if query.bucket.count(first, until, MAX_BUCKETS) > MAX_BUCKETS:
        return []
    return [span.start for span in query.bucket.spans(first, until)]


def print_lines(query: QueryPlan, rows: Sequence[Row], buckets: Sequence[datetime]) -> None:
    """Print a line per group, largest first; the groups that ``--top`` left out come last."""
    per_character = -(-len(buckets) // MAX_SPARKLINE_CHARS)
    groups = _groups(query, [row for row in rows if not row.get(OTHERS)])
    heads = [name for measure in query.measures for name in (measure.name, "min", "max")]
    lines = [
        [*key, *_cells([[at.get(s) for s in buckets] for at in series], per_character)]
        for key, series in groups
    ]
    print_table([*(column.name for column in query.keys), *heads], lines)
    first, last = (start_cell(query, buckets[i]) for i in (0, -1))
    each = f", the largest of {per_character} in each character" if per_character > 1 else ""
    out.print(Text(f"{first} to {last}, {len(buckets):,} buckets{each}", "dim"))
    for row in rows:
        if row.get(OTHERS):
            texts = (f"{measure.name} {number(row[measure.name])}" for measure in query.measures)
            out.print(Text(f"{OTHERS}, all buckets: {', '.join(texts)}", "dim"))


def _groups(query: QueryPlan, rows: Sequence[Row]) -> list[tuple[list[str | Text], list[Series]]]:
    groups: dict[tuple[Any, ...], list[Series]] = {}
    for row in rows:
        # True equals 1 in Python, and is another key.
        key = tuple((isinstance(row[k.name], bool), row[k.name]) for k in query.keys)
        series = groups.setdefault(key, [{} for _ in query.measures])
        at = datetime.fromisoformat(row["start"])
        for measure, values in zip(query.measures, series, strict=True):
            values[at] = row[measure.name]
    ordered = sorted(groups.items(), key=lambda group: -_weight(group[1][0]))
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
    """Return a character per value, or per several of them, scaled from zero or the minimum."""
    parts = [values[i : i + per_character] for i in range(0, len(values), per_character)]
    tops = [max((v for v in part if v is not None), default=None) for part in parts]
    low = min((v for v in tops if v is not None and v < 0), default=0)
    high = max((v for v in tops if v is not None and v > 0), default=0)
    return "".join(_level(value, low, high) for value in tops)


def _level(value: float | None, low: float, high: float) -> str:
    if value is None:
        return NO_VALUE
    if value == low:
        return LEVELS[0]
    # Values other than the lowest are above the first level.
    return LEVELS[max(round((value - low) / (high - low) * (len(LEVELS) - 1)), 1)]

"""Rows of an answer as a table with bars, and flat for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from cli.output import print_table
from cli.stats.arguments import Column, QueryPlan
from store.aggregation.catalog import BucketUnit

Row = dict[str, Any]
MAX_BAR_CHARS = 24
"""Length of the longest bar."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
OTHERS = "others"
DATES = {BucketUnit.MONTH: "%Y-%m", BucketUnit.QUARTER: "%Y-%m", BucketUnit.YEAR: "%Y"}
DAYS = {BucketUnit.DAY, BucketUnit.WEEK}


def flat_rows(query: QueryPlan, answer: Mapping[str, Any]) -> list[Row]:
    """Return one flat object per row: start, keys, measures. The remainder of ``--top`` is last."""
    rows = [_flat(query, row) for row in answer["rows"]]
    others = answer.get("others")
    if others is not None and any(_read(others, column) for column in query.measures):
        row: Row = {"start": None} if query.bucket else {}
        row |= dict.fromkeys([column.name for column in query.keys])
        row |= {column.name: _read(others, column) for column in query.measures}
        rows.append({**row, OTHERS: True})
    return rows


def _flat(query: QueryPlan, row: Mapping[str, Any]) -> Row:
    flat: Row = {"start": row["bucket"]["start"]} if query.bucket else {}
    return flat | {column.name: _read(row, column) for column in (*query.keys, *query.measures)}


def _read(row: Any, column: Column) -> Any:
    for step in column.path:
        row = row[step] if row is not None else None
    return row


def print_rows(query: QueryPlan, rows: Sequence[Row]) -> None:
    first = query.measures[0].name
    groups = [row for row in rows if not row.get(OTHERS)]
    largest = max((abs(row[first] or 0) for row in groups), default=0)
    columns = [
        *(["start"] if query.bucket else []),
        *(column.name for column in (*query.keys, *query.measures)),
        "",
    ]
    print_table(columns, [_line(query, row, first, largest) for row in rows])


def _line(query: QueryPlan, row: Row, first: str, largest: float) -> list[str | Text]:
    is_others = bool(row.get(OTHERS))
    cells: list[str | Text] = []
    if query.bucket:
        at = None if is_others else datetime.fromisoformat(row["start"])
        cells.append(OTHERS if at is None else start_cell(query, at))
    for i, column in enumerate(query.keys):
        begins = is_others and i == 0 and not query.bucket
        cells.append(Text(OTHERS, "dim") if begins else key_cell(row[column.name], is_others))
    cells += [Text(number(row[c.name]), justify="right") for c in query.measures]
    cells.append(Text("" if is_others else bar(row[first], largest), "cyan"))
    return cells


def key_cell(value: Any, is_others: bool = False) -> str | Text:
    if value is None:
        return "" if is_others else Text("none", "dim")
    if isinstance(value, bool):
        return "yes" if value else "no"
    # Codes are no amounts: a status or an attribute has no commas.
    return repr(value) if isinstance(value, float) else str(value)


def start_cell(query: QueryPlan, start: datetime) -> str:
    assert query.bucket is not None
    at, unit = start.astimezone(query.zone), query.bucket.unit
    if unit in DAYS:
        return f"{at:%Y-%m-%d}"
    return at.strftime(DATES.get(unit, "%Y-%m-%d %H:%M"))


def number(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    value = float(f"{value:.12g}")  # the last digits depend on the order of a sum
    return f"{value:,.1f}" if abs(value) >= 1_000 else f"{value:.4g}"


def bar(value: Any, largest: float) -> str:
    if not value or not largest:
        return ""
    eighths: int = max(round(abs(value) / largest * MAX_BAR_CHARS * 8), 1)
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")

"""How rows are handed to a driver: which columns, and which of their values converted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import is_
from typing import Any

import msgspec
from sqlalchemy import JSON, Column, Table

Rows = Sequence[Sequence[Any]]
"""Rows in the order of ``table.columns``, with Python values."""
Columns = Mapping[int, Sequence[Any]]
"""Columns of equal length by their position in ``table.columns``; JSON as text, others as Python
values. A column that is missing is null."""
Convert = Callable[[Any], Any]
"""Makes the value that a driver takes of one of Python's, or the other way round."""


def encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def is_null(values: Sequence[Any]) -> bool:
    return not any(values) and values.count(None) == len(values)


def columns_of_rows(table: Table, rows: Rows) -> dict[int, Sequence[Any]]:
    every: Iterable[Sequence[Any]] = zip(*rows, strict=True)
    columns = {p: values for p, values in enumerate(every) if not is_null(values)}
    for position, column in enumerate(table.columns):
        if position in columns and isinstance(column.type, JSON):
            columns[position] = converted(columns[position], encode_json)
    return columns


def insert_values_of(
    table: Table, columns: Columns, converter: Callable[[Column[Any]], Convert | None]
) -> tuple[list[str], Iterable[tuple[Any, ...]]]:
    """Return names of columns, and rows of their values as a driver takes them, to be read once; JSON is
    text already.

    Values are converted column by column: most columns need nothing, and those cost nothing.
    """
    every = list(table.columns)
    names, converted_columns = [], []
    for position in sorted(columns):
        column, values = every[position], columns[position]
        convert = None if isinstance(column.type, JSON) else converter(column)
        names.append(column.name)
        converted_columns.append(values if convert is None else converted(values, convert))
    return names, zip(*converted_columns, strict=True)


def converted(values: Sequence[Any], convert: Convert) -> Sequence[Any]:
    if values and all(map(is_, values, repeat(values[0]))):  # as the instant of their call is
        return (None if values[0] is None else convert(values[0]),) * len(values)
    return [None if value is None else convert(value) for value in values]

"""How rows are handed to a driver: which columns, and which of their values converted."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import JSON, Column, Table

Rows = Sequence[Sequence[Any]]
"""Rows in the order of ``table.columns``, with Python values."""
Columns = Mapping[int, Sequence[Any]]
"""Columns of equal length by their position in ``table.columns``; JSON as text, others as Python
values. A column that is missing is null."""
Filled = tuple[int, ...]
"""Positions of the columns that can hold something; the others are null in every row."""
Convert = Callable[[Any], Any]
"""Makes the value that a driver takes of one of Python's, or the other way round."""


def encode_json(value: Any) -> str:
    """JSON as text, the same for every database."""
    return msgspec.json.encode(value).decode()


class BulkPlan:
    """How rows of one table are handed to a driver: which columns, and which of them converted.

    Values are converted column by column: most columns need nothing, and those cost nothing.
    """

    __slots__ = ("_convert", "_pick", "columns", "sql")

    def __init__(
        self,
        table: Table,
        filled: Filled | None,
        converter: Callable[[Column[Any]], Convert | None],
    ) -> None:
        every = list(table.columns)
        positions = filled or tuple(range(len(every)))
        chosen = [every[i] for i in positions]
        self.columns = [column.name for column in chosen]
        self.sql = ""
        found = [(n, converter(column)) for n, column in enumerate(chosen)]
        self._convert = [(n, convert) for n, convert in found if convert is not None]
        self._pick = itemgetter(*positions)

    def records(self, rows: Rows) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them."""
        if not rows:
            return []
        columns: list[Any] = list(zip(*map(self._pick, rows), strict=True))
        for n, convert in self._convert:
            columns[n] = [None if value is None else convert(value) for value in columns[n]]
        return list(zip(*columns, strict=True))


class ColumnPlan:
    """How rows that are given column by column are handed to a driver; JSON is text already."""

    __slots__ = ("_convert", "names", "positions", "sql")

    def __init__(
        self,
        table: Table,
        positions: Filled,
        converter: Callable[[Column[Any]], Convert | None],
    ) -> None:
        every = list(table.columns)
        self.positions = positions
        self.names = [every[position].name for position in positions]
        self.sql = ""
        found = [(p, converter(every[p])) for p in positions if not isinstance(every[p].type, JSON)]
        self._convert = {p: convert for p, convert in found if convert is not None}

    def records(self, columns: Columns) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them, in the same order."""
        return list(zip(*(self._values(p, columns[p]) for p in self.positions), strict=True))

    def _values(self, position: int, values: Sequence[Any]) -> Sequence[Any]:
        convert = self._convert.get(position)
        if convert is None:
            return values
        return [None if value is None else convert(value) for value in values]

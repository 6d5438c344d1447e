"""Rows as a driver gave them, read column by column."""

from collections.abc import Sequence
from typing import Any

from store.dialects.plans import Convert


class Fetched:
    """Rows of a statement as the driver gave them, and how each column's values are read."""

    __slots__ = ("_columns", "_read", "_rows")

    def __init__(
        self, columns: Sequence[str], read: Sequence[Convert | None], rows: Sequence[Any]
    ) -> None:
        self._columns = columns
        self._read = read
        self._rows = rows

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def head(self, size: int, reverse: bool = False) -> dict[str, Sequence[Any]]:
        """The first ``size`` rows, column by column; ``reverse`` puts the last of them first.

        Values are read by column: most need no reading, and those cost nothing.
        """
        rows = self._rows[:size]
        if reverse:
            rows = rows[::-1]
        found = zip(*rows, strict=True) if rows else [()] * len(self._columns)
        return {
            name: values if read is None else list(map(read, values))
            for name, read, values in zip(self._columns, self._read, found, strict=True)
        }

    def by(self, key: Sequence[str]) -> dict[tuple[Any, ...], "Fetched"]:
        """The rows in their order, apart by the values of the columns of ``key``."""
        values = self.head(len(self._rows))
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for found, row in zip(
            zip(*(values[name] for name in key), strict=True), self._rows, strict=True
        ):
            groups.setdefault(found, []).append(row)
        return {found: Fetched(self._columns, self._read, rows) for found, rows in groups.items()}

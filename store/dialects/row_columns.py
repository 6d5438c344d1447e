"""Rows as a driver gave them, read column by column."""

from collections.abc import Sequence
from typing import Any

from models.operation_fields import OPERATION_FIELDS
from store.dialects.insert_plans import Convert, encode_json

LARGE_COLUMNS = frozenset(
    {
        "cancel_reason", "data", "error_message", "hint", "labels", "message", "output", "result",
        "title",
    }
    | {field.name for field in OPERATION_FIELDS if field.large}
)  # fmt: skip
"""Columns whose values may be more than a name: what is read for one answer is bounded by them."""


def size_of(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    return len(encode_json(value)) if isinstance(value, dict | list) else 1


class FetchedColumns:
    __slots__ = ("_columns", "_read", "_rows")

    def __init__(
        self, columns: Sequence[str], read: Sequence[Convert | None], rows: Sequence[Any]
    ) -> None:
        self._columns = columns
        self._read = read
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def size(self) -> int:
        large = [at for at, name in enumerate(self._columns) if name in LARGE_COLUMNS]
        return sum(size_of(row[at]) for at in large for row in self._rows if row[at] is not None)

    def rows(self) -> list[dict[str, Any]]:
        columns = self.head(len(self._rows))
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

    def head(self, size: int, reverse: bool = False) -> dict[str, Sequence[Any]]:
        """Return the first ``size`` rows, column by column; ``reverse`` puts the last of them first.

        Values are read by column: most need no reading, and those cost nothing.
        """
        rows = self._rows[:size]
        if reverse:
            rows = rows[::-1]
        columns = zip(*rows, strict=True) if rows else [()] * len(self._columns)
        return {
            name: values if read is None else list(map(read, values))
            for name, read, values in zip(self._columns, self._read, columns, strict=True)
        }

    def by(self, key: Sequence[str]) -> dict[tuple[Any, ...], "FetchedColumns"]:
        values = self.head(len(self._rows))
        groups: dict[tuple[Any, ...], list[Any]] = {}
        for group_key, row in zip(
            zip(*(values[name] for name in key), strict=True), self._rows, strict=True
        ):
            groups.setdefault(group_key, []).append(row)
        return {
            group_key: FetchedColumns(self._columns, self._read, rows)
            for group_key, rows in groups.items()
        }

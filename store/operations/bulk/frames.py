"""Operations column by column: how a bulk load travels from the caller's drafts to the driver."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter, le
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import JSON

from store.dialects.insert_plans import columns_of_rows, is_null
from store.operations.columns import AT, TABLE, WIDTH
from store.operations.fast_path import ID, OCCURRED_AT, ORGANIZATION, Row

JSON_COLUMNS = tuple(AT[c.name] for c in TABLE.columns if isinstance(c.type, JSON))
Values = Sequence[Any]
Key = tuple[str, datetime, UUID]


class Frame:
    """Columns of equal length by their position in a row; one that is missing is null throughout.

    Columns of JSON hold it as text here, as drivers take it; in rows they hold values.
    """

    __slots__ = ("_in_time", "columns", "count")

    def __init__(self, count: int, columns: dict[int, Values], in_time: bool | None = None) -> None:
        self.count = count
        self.columns = columns
        self._in_time = in_time

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> "Frame":
        return cls(len(rows), columns_of_rows(TABLE, rows))

    @classmethod
    def joined(cls, frames: Sequence["Frame"]) -> "Frame":
        if len(frames) == 1:
            return cls(frames[0].count, dict(frames[0].columns), frames[0]._in_time)
        columns: dict[int, Values] = {}
        for position in sorted(frozenset[int]().union(*(f.columns for f in frames))):
            values: list[Any] = []
            for frame in frames:
                values.extend(frame.column(position))
            columns[position] = values
        return cls(sum(frame.count for frame in frames), columns)

    def column(self, position: int) -> Values:
        values = self.columns.get(position)
        return (None,) * self.count if values is None else values

    def tuples(self, positions: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        return zip(*(self.column(position) for position in positions), strict=True)

    def put(self, position: int, values: Values) -> None:
        if not is_null(values):
            self.columns[position] = values

    def rows(self, part: slice = slice(None)) -> list[Row]:
        every = [self.column(position)[part] for position in range(WIDTH)]
        for position in JSON_COLUMNS:
            every[position] = [
                None if text is None else msgspec.json.decode(text) for text in every[position]
            ]
        return [list(row) for row in zip(*every, strict=True)]

    def keys(self) -> Iterable[Key]:
        columns = self.columns
        return zip(columns[ORGANIZATION], columns[OCCURRED_AT], columns[ID], strict=True)

    @property
    def is_in_time(self) -> bool:
        if self._in_time is None:
            times = self.columns[OCCURRED_AT]
            self._in_time = all(map(le, times, times[1:]))
        return self._in_time

    def in_time(self) -> "Frame":
        columns = self.columns
        ids = [id.int for id in columns[ID]]  # they compare faster, in the same order
        keys = zip(columns[OCCURRED_AT], columns[ORGANIZATION], ids, range(self.count), strict=True)
        pick = itemgetter(*[number for *_, number in sorted(keys)])
        return Frame(self.count, {p: pick(values) for p, values in self.columns.items()})

    def span(self) -> tuple[datetime, datetime]:
        times: Sequence[datetime] = self.columns[OCCURRED_AT]
        return (times[0], times[-1]) if self.is_in_time else (min(times), max(times))

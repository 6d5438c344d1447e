"""Many operations of one call as one entry of the writer."""

from collections.abc import Collection, Iterable, Sequence
from typing import overload

from sqlalchemy import Table

from store.ingest.entries import Entry, ItemResult, Lane
from store.maintenance.partitions import Month, month_of
from store.operations.bulk.frames import Frame, Key
from store.operations.columns import TABLE
from store.operations.fast_path import INTERACTION_TYPE


class BatchResults(Sequence[ItemResult]):
    def __init__(self, keys: Sequence[Key], written: Collection[Key] | None) -> None:
        self._keys = keys
        self._written = written

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> ItemResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[ItemResult]: ...
    def __getitem__(self, index: int | slice) -> ItemResult | list[ItemResult]:
        if isinstance(index, slice):
            return [self._result(key) for key in self._keys[index]]
        return self._result(self._keys[index])

    @property
    def accepted(self) -> int:
        if self._written is None:
            return len(self._keys)
        return sum(key in self._written for key in self._keys)

    def _result(self, key: Key) -> ItemResult:
        if self._written is None or key in self._written:
            return ItemResult.accepted(key[-1], key)
        return ItemResult.duplicate(key[-1], key)


class OperationBatch(Entry):
    """Checked operations of one call, no two with the same id; an applier sets ``results``."""

    __slots__ = ("frame", "keys", "results")

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame
        self.keys: Sequence[Key] = list(frame.keys())
        self.results = BatchResults((), None)

    @property
    def count(self) -> int:
        return self.frame.count

    @property
    def lane(self) -> Lane:
        return Lane.OPERATIONS if self.on_fast_path else Lane.LIMITS

    @property
    def on_fast_path(self) -> bool:
        return INTERACTION_TYPE not in self.frame.columns

    def partitions(self) -> Iterable[tuple[Table, Month]]:
        first, last = (month_of(at) for at in self.frame.span())
        if first == last:
            return ((TABLE, first),)
        return ((TABLE, month) for month in {month_of(at) for _, at, _ in self.keys})

    def settle(self, written: Collection[Key] | None) -> None:
        self.results = BatchResults(self.keys, written)

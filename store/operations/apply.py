"""Writes the operations of a flush: one bulk insert, then what they count against."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec

from models import OperationText, table_of
from models.labels import LABELS
from store.commit_events import CommitEvents
from store.database import Database
from store.dialects import TransactionAttempt
from store.ingest.entries import Entry, Flush, ItemResult
from store.ingest.usage import UsageRecord
from store.operations.bulk.batches import OperationBatch
from store.operations.bulk.frames import Frame, Key
from store.operations.columns import AT, TABLE
from store.operations.costs import fill_costs
from store.operations.fast_path import (
    COUNTS_AGAINST_LIMITS,
    FURTHER_INTERACTIONS,
    INTERACTION_TYPE,
    KEY_WIDTH,
    METHOD,
    OPERATION_TYPE,
    ORGANIZATION,
    ROUTE,
    UNITS,
    Row,
)
from store.operations.prepare import OperationEntry
from store.pricing.price_cache import PriceBookCache
from store.scheduling.slices import COLUMNAR_SLICE_ITEMS, slices_of

TEXTS = table_of(OperationText)
LABEL_NAMES = ("organization_id", *LABELS)
LABEL_POSITIONS = tuple(AT[name] for name in LABEL_NAMES)
WHAT = (
    INTERACTION_TYPE, UNITS, COUNTS_AGAINST_LIMITS, FURTHER_INTERACTIONS,
    OPERATION_TYPE, ROUTE, METHOD,
)  # fmt: skip
"""What an operation counts, and as what."""
DUPLICATE_SLICE_ITEMS = 500
"""Operations inserted by one statement where some of them exist; each is a row of its own then."""
T = TypeVar("T")
Operations: TypeAlias = OperationEntry | OperationBatch


class OperationApplier:
    """Bulk insert first; where a key exists already, only its own operation is a duplicate."""

    kinds = (OperationEntry, OperationBatch)

    def __init__(self, books: PriceBookCache, announcements: CommitEvents) -> None:
        self._books = books
        self._announcements = announcements

    async def apply(self, flush: Flush, entries: list[Operations]) -> None:
        if entries:
            gathered = await self._gather(entries)
            written = await self._insert(flush, gathered.frame)
            gathered.settle(written)
            await self._write_texts(flush, gathered.singles)
            flush.notices.append(partial(self._announce, gathered.frame))
            flush.uses.extend(usages_of(gathered.frame, written))

    async def apply_alone(
        self, database: Database, entries: Sequence[Entry], attempt: TransactionAttempt
    ) -> bool:
        """Write operations in a transaction of their own.

        False where there is more to write than their rows, or one of them exists: nothing is
        written then.
        """
        plain: list[Operations] = []
        for entry in entries:
            if not (isinstance(entry, OperationEntry | OperationBatch) and entry.on_fast_path):
                return False
            plain.append(entry)
        gathered = await self._gather(plain)
        ordered = in_order(gathered.frame)
        await give_turn(ordered)
        if not await database.write_columns(TABLE, ordered.columns, attempt):
            return False
        gathered.settle(None)
        self._announce(gathered.frame)
        return True

    def _announce(self, frame: Frame) -> None:
        if self._announcements.has_subscribers:
            self._announcements.publish_operations(set(frame.columns[ORGANIZATION]))

    async def _gather(self, entries: list[Operations]) -> "FlushOperations":
        gathered = await FlushOperations.of(entries)
        fill_costs(gathered.frame, await self._books.current())
        await give_turn(gathered.frame)
        return gathered

    async def _insert(self, flush: Flush, frame: Frame) -> set[Key] | None:
        ordered = in_order(frame)
        connection, dialect = flush.connection, flush.dialect
        if await dialect.rows.insert_columns_if_new(connection, TABLE, ordered.columns):
            return None
        written: set[Key] = set()
        async for turn in slices_of(range(frame.count), DUPLICATE_SLICE_ITEMS):
            rows = ordered.rows(slice(turn[0], turn[-1] + 1))
            rows = first_of_each(rows, key_of)  # two calls may have sent the same
            inserted = await dialect.rows.insert_ignoring_duplicates(connection, TABLE, rows)
            written.update((organization, at, id) for organization, at, id in inserted)
        return written

    async def _write_texts(self, flush: Flush, entries: list[OperationEntry]) -> None:
        rows = [
            (*entry.key, entry.message, entry.response)
            for entry in entries
            if (entry.message is not None or entry.response is not None) and entry.is_accepted
        ]
        if rows:
            await flush.dialect.rows.bulk_insert(flush.connection, TEXTS, rows)


@dataclass(frozen=True, slots=True)
class FlushOperations:
    frame: Frame
    batches: list[OperationBatch]
    singles: list[OperationEntry]
    fresh: list[OperationEntry]

    @classmethod
    async def of(cls, entries: list[Operations]) -> "FlushOperations":
        batches = [e for e in entries if isinstance(e, OperationBatch)]
        singles = [e for e in entries if isinstance(e, OperationEntry)]
        # Within one flush the id alone tells operations of an organization apart.
        fresh = first_of_each(singles, lambda entry: (entry.row[ORGANIZATION], entry.id))
        frames = [batch.frame for batch in batches]
        frames += [
            Frame.of_rows([entry.row for entry in turn]) async for turn in slices_of(fresh) if turn
        ]
        return cls(Frame.joined(frames), batches, singles, fresh)

    def settle(self, written: set[Key] | None) -> None:
        unclaimed = None if written is None else set(written)
        for batch in self.batches:
            batch.settle(claim_keys(batch.keys, unclaimed))
        settle_entries(self.singles, self.fresh, unclaimed)


async def give_turn(frame: Frame) -> None:
    """Let other calls run after a step that takes long for so many operations."""
    if frame.count > COLUMNAR_SLICE_ITEMS * 2:
        await asyncio.sleep(0)


def in_order(frame: Frame) -> Frame:
    """Sort operations in the order in which all servers write, which avoids deadlocks.

    Time comes first: a bulk load is buffered per partition, and so written partition by partition.
    """
    return frame if frame.is_in_time else frame.in_time()


def first_of_each(items: Iterable[T], key: Callable[[T], object]) -> list[T]:
    first: dict[object, T] = {}
    for item in items:
        first.setdefault(key(item), item)
    return list(first.values())


def key_of(row: Row) -> Any:
    return tuple(row[:KEY_WIDTH])


def claim_keys(keys: Sequence[Key], unclaimed: set[Key] | None) -> set[Key] | None:
    if unclaimed is None:
        return None
    claimed = unclaimed.intersection(keys)
    unclaimed -= claimed
    return claimed


def settle_entries(
    entries: list[OperationEntry], fresh: list[OperationEntry], unclaimed: set[Key] | None
) -> None:
    for entry in fresh:
        if unclaimed is None or entry.key in unclaimed:
            entry.result = ItemResult.accepted(entry.id, entry.key)
        if unclaimed is not None:
            unclaimed.discard(entry.key)
    for entry in entries:
        if entry.result is None:
            entry.result = ItemResult.duplicate(entry.id, entry.key)


def usages_of(frame: Frame, written: set[Key] | None) -> Iterable[UsageRecord]:
    """Return the usage of new operations: they have happened, so they are never refused."""
    if INTERACTION_TYPE not in frame.columns:
        return
    uncounted = None if written is None else set(written)
    label_rows, counted_rows = frame.tuples(LABEL_POSITIONS), frame.tuples(WHAT)
    for key, labels, counted in zip(frame.keys(), label_rows, counted_rows, strict=True):
        if uncounted is not None:
            if key not in uncounted:
                continue
            uncounted.discard(key)
        if counted[0] is not None:
            yield from usages_of_operation(labels, key[1], counted)


def usages_of_operation(
    labels: tuple[Any, ...], at: datetime, counted: tuple[Any, ...]
) -> Iterable[UsageRecord]:
    type, units, against_limits, further, operation_type, route, method = counted
    values_of_labels = dict(zip(LABEL_NAMES, labels, strict=True))
    shared = (operation_type, route, method)
    yield UsageRecord(values_of_labels, type, *shared, units, at, against_limits)
    for use in () if further is None else msgspec.json.decode(further):
        yield UsageRecord(
            values_of_labels, use["type"], *shared, use["units"], at, use["counts_against_limits"]
        )

"""Writes the operations of a flush: one bulk insert, then what they count against."""

from datetime import datetime
from typing import Any
from uuid import UUID

from models import Operation, OperationText, table_of
from store.entries import Flush, ItemResult
from store.operations.prepare import OperationEntry
from store.prices import load_price_book, price_keys
from store.uses import CountedUse

TABLE = table_of(Operation)
TEXTS = table_of(OperationText)
COLUMNS = tuple(column.name for column in TABLE.columns)
Key = tuple[str, datetime, UUID]


class OperationApplier:
    """Bulk insert first; where a key exists already, only its own entry is a duplicate."""

    kinds = (OperationEntry,)

    def __init__(self, default_tool_nanos: int) -> None:
        self._default_tool_nanos = default_tool_nanos

    async def apply(self, flush: Flush, entries: list[OperationEntry]) -> None:
        if not entries:
            return
        fresh = first_of_each_id(entries)
        book = await load_price_book(
            flush.connection,
            (key for e in fresh for key in price_keys(e.values)),
            self._default_tool_nanos,
        )
        # The key's order: neighbours in the index, and no deadlock between two servers. The month
        # comes first: a bulk load is buffered per partition, and so written partition by partition.
        fresh.sort(key=lambda e: (e.month, e.key))
        rows = []
        for entry in fresh:
            book.fill_costs(entry.values)
            rows.append(tuple(map(entry.values.get, COLUMNS)))
        inserted = await flush.dialect.insert_new(flush.connection, TABLE, rows)
        written = fresh if inserted is None else [e for e in fresh if e.key in inserted]
        for entry in written:
            entry.result = ItemResult.accepted(entry.id, entry.key)
        for entry in entries:
            if entry.result is None:
                entry.result = ItemResult.duplicate(entry.id, entry.key)
        await self._write_texts(flush, written)
        flush.uses.extend(map(use_of, filter(counts, written)))

    async def _write_texts(self, flush: Flush, written: list[OperationEntry]) -> None:
        rows = [
            (*entry.key, entry.message, entry.response)
            for entry in written
            if entry.message is not None or entry.response is not None
        ]
        if rows:
            await flush.dialect.bulk_insert(flush.connection, TEXTS, rows)


def first_of_each_id(entries: list[OperationEntry]) -> list[OperationEntry]:
    """The entries without later ones that repeat an id of the same organization."""
    seen: set[tuple[str, UUID]] = set()
    fresh = []
    for entry in entries:
        identity = entry.values["organization_id"], entry.id
        if identity not in seen:
            seen.add(identity)
            fresh.append(entry)
    return fresh


def counts(entry: OperationEntry) -> bool:
    """Whether the operation counts against a plan."""
    return entry.values.get("interaction_type") is not None


def use_of(entry: OperationEntry) -> CountedUse:
    """What an operation counts: it has happened, so it is counted and never refused."""
    values: dict[str, Any] = entry.values
    return CountedUse.of(
        labels=values,
        interaction_type=values["interaction_type"],
        operation_type=values["operation_type"],
        route=values.get("route"),
        method=values.get("method"),
        units=values["units"],
        at=values["occurred_at"],
    )

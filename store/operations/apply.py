"""Writes the operations of a flush: one bulk insert, then what they count against."""

from datetime import datetime
from operator import itemgetter
from uuid import UUID

from models import OperationText, table_of
from store.entries import Flush, ItemResult
from store.operations.columns import COLUMNS, TABLE, columns_of
from store.operations.costs import fill_costs, price_keys
from store.operations.prepare import OperationEntry
from store.operations.quick import ID, INTERACTION_TYPE, KIND, OCCURRED_AT, ORGANIZATION
from store.prices import load_price_book
from store.uses import CountedUse

TEXTS = table_of(OperationText)
Key = tuple[str, datetime, UUID]
BY_TIME = itemgetter(OCCURRED_AT, ORGANIZATION, ID)


class OperationApplier:
    """Bulk insert first; where a key exists already, only its own entry is a duplicate."""

    kinds = (OperationEntry,)

    def __init__(self, default_tool_nanos: int) -> None:
        self._default_tool_nanos = default_tool_nanos

    async def apply(self, flush: Flush, entries: list[OperationEntry]) -> None:
        if not entries:
            return
        fresh = first_of_each_id(entries)
        # One order on all servers, so that they cannot wait for each other. Time comes first: a bulk
        # load is buffered per partition, and so written partition by partition.
        fresh.sort(key=lambda e: BY_TIME(e.row))
        rows = [entry.row for entry in fresh]
        book = await load_price_book(flush.connection, price_keys(rows), self._default_tool_nanos)
        for row in rows:
            fill_costs(row, book)
        filled = columns_of(frozenset([row[KIND] for row in rows]))
        inserted = await flush.dialect.insert_new(flush.connection, TABLE, rows, filled)
        written = fresh if inserted is None else [e for e in fresh if e.key in inserted]
        for entry in written:
            entry.result = ItemResult.accepted(entry.id, entry.key)
        if len(written) < len(entries):
            for entry in entries:
                if entry.result is None:
                    entry.result = ItemResult.duplicate(entry.id, entry.key)
        await self._write_texts(flush, written)
        flush.uses.extend(use_of(e) for e in written if e.row[INTERACTION_TYPE] is not None)

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
    first: dict[tuple[str, UUID], OperationEntry] = {}
    for entry in entries:
        row = entry.row
        first.setdefault((row[ORGANIZATION], row[ID]), entry)
    return list(first.values())


def use_of(entry: OperationEntry) -> CountedUse:
    """What an operation counts: it has happened, so it is counted and never refused."""
    values = dict(zip(COLUMNS, entry.row, strict=True))
    return CountedUse.of(
        labels=values,
        interaction_type=values["interaction_type"],
        operation_type=values["operation_type"],
        route=values["route"],
        method=values["method"],
        units=values["units"],
        at=values["occurred_at"],
    )

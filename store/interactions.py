"""Interaction counters: units per month and full set of labels, summed by upsert."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import case

from models import InteractionCounter, table_of
from store.ingest.entries import Entry, Flush
from store.ingest.usage import UsageRecord

TABLE = table_of(InteractionCounter)
KEY = ("organization_id", "month", "key")


def sum_usage(uses: Iterable[UsageRecord]) -> list[dict[str, Any]]:
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for use in uses:
        key = use.labels["organization_id"], use.month, use.key()
        row = rows.get(key)
        if row is None:
            rows[key] = {
                "month": use.month,
                "key": key[2],
                **use.labels,
                "interaction_type": use.interaction_type,
                "operation_type": use.operation_type,
                "route": use.route,
                "method": use.method,
                "counts_against_limits": use.counts_against_limits,
                "units": use.units,
                "calls": 1,
                "first_at": use.at,
                "last_at": use.at,
            }
            continue
        row["units"] += use.units
        row["calls"] += 1
        row["first_at"] = min(row["first_at"], use.at)
        row["last_at"] = max(row["last_at"], use.at)
    return [rows[key] for key in sorted(rows)]


class InteractionApplier:
    kinds: tuple[type[Entry], ...] = ()

    def __init__(self) -> None:
        self._add: Any = None

    async def apply(self, flush: Flush, entries: list[Any]) -> None:
        del entries
        rows = sum_usage(flush.uses)
        if rows:
            if self._add is None:
                self._add = addition(flush.dialect.rows.insert(TABLE))
            await flush.connection.execute(self._add, rows)


def addition(insert: Any) -> Any:
    """Return the INSERT that adds to counters that exist."""
    stored, sent = TABLE.c, insert.excluded
    first = case((stored.first_at < sent.first_at, stored.first_at), else_=sent.first_at)
    last = case((stored.last_at > sent.last_at, stored.last_at), else_=sent.last_at)
    return insert.on_conflict_do_update(
        index_elements=KEY,
        set_={
            "units": stored.units + sent.units,
            "calls": stored.calls + sent.calls,
            "first_at": first,
            "last_at": last,
        },
    )

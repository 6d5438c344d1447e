"""Recorded operations priced again by the prices in force now, chunk by chunk, rollups included."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, bindparam, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models import OPERATION_ROLLUPS, Operation, table_of
from models.enums import AccessScope, OperationKind, PriceStatus
from models.feeds import FEED_POSITION
from models.rollups import DIMENSIONS
from store.auth.access import Principal, TenantBounds
from store.database import ContentionError, Database
from store.dialects import CommitHorizon
from store.operations.columns import COLUMNS
from store.operations.corrections import Change, corrections_of
from store.operations.costs import COUNTS, NAMES, costs_of
from store.operations.sources import OPERATIONS
from store.pricing.prices import TABLE as PRICES
from store.pricing.prices import PriceBook
from store.pricing.settings import PricingSettings
from store.query.filters import Condition, ConditionCompiler
from store.query.paging import OrderTerm, decode_cursor, encode_cursor
from store.rollups.folded import FOLD_LOCK, contains, fetch_fold

TABLE = table_of(Operation)
KEY = tuple(TABLE.primary_key.columns)
TERMS = tuple(OrderTerm(column.name, column) for column in KEY)
COSTS = ("price_status", "cost_baseline", "cost_actual", "cost_saved")
PRICED_KINDS = (OperationKind.TOOL.value, OperationKind.LLM.value)
NAME_COLUMNS = tuple(COLUMNS[position] for position in NAMES)
COUNT_COLUMNS = tuple(COLUMNS[position] for position in COUNTS)
NEEDED_COLUMNS = tuple(
    dict.fromkeys(
        ("kind", *(c.name for c in KEY), *NAME_COLUMNS, *COUNT_COLUMNS, *COSTS, *DIMENSIONS, FEED_POSITION)
    )
)  # fmt: skip
CHUNK_ROWS = 1_000
"""Operations of one transaction: writers wait for it no longer than some hundredths of a second."""
WORK_SECONDS = 20.0
"""A call ends after so long, well before its caller loses patience."""
MAX_CONTENTION_TRIES = 5
"""How often a chunk is tried while others are in its way."""
MAX_REPRICED_GROUPS = 100
"""Models and tools that are told apart; the least changed ones are told together."""


@dataclass(slots=True)
class CostSums:
    """Nano-dollars; what has no cost counts nothing."""

    baseline: int = 0
    actual: int = 0
    saved: int = 0

    def add(self, costs: Sequence[Any]) -> None:
        self.baseline += costs[1] or 0
        self.actual += costs[2] or 0
        self.saved += costs[3] or 0


@dataclass(slots=True)
class RepricedTotals:
    kind: str | None = None
    name: str | None = None
    operations: int = 0
    changed: int = 0
    newly_priced: int = 0
    newly_unpriced: int = 0
    before: CostSums = field(default_factory=CostSums)
    after: CostSums = field(default_factory=CostSums)

    def add(self, old: Sequence[Any], new: Sequence[Any]) -> None:
        self.operations += 1
        self.before.add(old)
        self.after.add(new)
        if tuple(old) != tuple(new):
            self.changed += 1
            self.newly_priced += new[0] == PRICED != old[0]
            self.newly_unpriced += new[0] == UNPRICED != old[0]

    def merge(self, other: "RepricedTotals") -> None:
        for name in ("operations", "changed", "newly_priced", "newly_unpriced"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for sums, other_sums in ((self.before, other.before), (self.after, other.after)):
            sums.add((None, other_sums.baseline, other_sums.actual, other_sums.saved))


PRICED, UNPRICED = PriceStatus.PRICED.value, PriceStatus.UNPRICED.value


@dataclass(slots=True)
class RepriceResult:
    total: RepricedTotals = field(default_factory=RepricedTotals)
    groups: dict[tuple[str, str], RepricedTotals] = field(default_factory=dict)
    cursor: str | None = None
    more: bool = False

    def add(self, kind: str, name: str, old: Sequence[Any], new: Sequence[Any]) -> None:
        group = self.groups.get((kind, name))
        if group is None:
            group = self.groups[kind, name] = RepricedTotals(kind, name)
        group.add(old, new)

    def parts(self) -> list[RepricedTotals]:
        changed = [group for group in self.groups.values() if group.changed]
        changed.sort(key=lambda g: (-g.changed, g.kind or "", g.name or ""))
        largest, others = changed[:MAX_REPRICED_GROUPS], changed[MAX_REPRICED_GROUPS:]
        if others:
            together = RepricedTotals()
            for group in others:
                together.merge(group)
            largest.append(together)
        return largest


class Repricing:
    """Prices operations again. Every chunk is a transaction; to run it twice changes nothing more."""

    def __init__(self, database: Database, settings: PricingSettings, rolls_up: bool) -> None:
        self._database = database
        self._default_tool_nanos = settings.default_tool_nanos
        self._rolls_up = rolls_up
        self._most = settings.reprice_items

    async def reprice(
        self,
        principal: Principal,
        where: Condition | None,
        dry_run: bool,
        after: str | None = None,
    ) -> RepriceResult:
        """Look at the operations behind ``after`` and, unless it is a dry run, set their costs."""
        principal.require(AccessScope.MANAGE)
        place = decode_cursor(after, TERMS, "after") if after is not None else None
        outcome = RepriceResult(cursor=after)
        until, left = time.monotonic() + WORK_SECONDS, self._most
        while True:
            size = min(CHUNK_ROWS, left)
            rows = await self._patiently(self._statement(principal.bounds, where, place, size),
                                         dry_run, outcome)  # fmt: skip
            left -= len(rows)
            if rows:
                last = rows[-1]._mapping
                place = [last[term.name] for term in TERMS]
                outcome.cursor = encode_cursor(TERMS, last)
            if len(rows) < size:
                break
            if left <= 0 or time.monotonic() > until:
                outcome.more = True
                break
            await asyncio.sleep(0)  # whoever else waits for a turn has it now
        for group in outcome.groups.values():
            outcome.total.merge(group)
        return outcome

    def _statement(
        self, bounds: TenantBounds, where: Condition | None, place: Sequence[Any] | None, size: int
    ) -> Select[Any]:
        statement = bounds.restrict(
            select(*(TABLE.columns[name] for name in NEEDED_COLUMNS)), TABLE
        )
        has_tokens = (TABLE.c[name].is_not(None) for name in COUNT_COLUMNS)
        statement = statement.where(or_(TABLE.c.kind.in_(PRICED_KINDS), *has_tokens))
        if where is not None:
            compiler = ConditionCompiler(OPERATIONS.fields, self._database.dialect)
            statement = statement.where(compiler.compile(where))
        if place is not None:
            values = (literal(v, c.type) for v, c in zip(place, KEY, strict=True))
            statement = statement.where(tuple_(*KEY) > tuple_(*values))
        return statement.order_by(*KEY).limit(size)

    async def _patiently(
        self, statement: Select[Any], dry_run: bool, outcome: RepriceResult
    ) -> Sequence[Row[Any]]:
        for left in reversed(range(MAX_CONTENTION_TRIES)):
            try:
                return await self._chunk(statement, dry_run, outcome)
            except ContentionError:
                if not left:
                    raise
        raise AssertionError

    async def _chunk(
        self, statement: Select[Any], dry_run: bool, outcome: RepriceResult
    ) -> Sequence[Row[Any]]:
        """Look at the operations of one chunk; they are counted once all is committed."""
        database = self._database
        if dry_run:
            async with database.read_for(None) as connection:
                book = await self._book(connection)
                rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
            changes = [priced(book, row) for row in rows]
        else:
            async with database.write() as connection:
                # Before anything is read: a fold that has begun is waited for.
                await database.dialect.locks.share_locks(connection, [FOLD_LOCK])
                folded = await fetch_fold(connection)
                book = await self._book(connection)
                locked = database.dialect.locks.lock_rows(statement)
                rows = (await connection.execute(locked)).all()
                changes = [priced(book, row) for row in rows]
                await self._write(connection, changes, folded)
        for change in changes:
            outcome.add(*named(change.row), change.old, change.new)
        return rows

    async def _book(self, connection: AsyncConnection) -> PriceBook:
        rows = (await connection.execute(select(PRICES))).mappings().all()
        return PriceBook(rows, self._default_tool_nanos)

    async def _write(
        self, connection: AsyncConnection, priced: Sequence[Change], folded: CommitHorizon | None
    ) -> None:
        changes = [change for change in priced if change.old != change.new]
        if not changes:
            return
        statement = (
            update(TABLE)
            .where(*(column == bindparam(f"key_{column.name}") for column in KEY))
            .values({name: bindparam(f"new_{name}") for name in COSTS})
        )
        await connection.execute(statement, [parameters_of(change) for change in changes])
        if not self._rolls_up or folded is None:
            return
        # What no rollup contains yet is folded with its new costs.
        in_rollups = [change for change in changes if contains(folded, change.row[FEED_POSITION])]
        if in_rollups:
            columns = corrections_of(in_rollups)
            await self._database.dialect.rows.bulk_insert_columns(
                connection, OPERATION_ROLLUPS, columns
            )


def priced(book: PriceBook, row: Row[Any]) -> Change:
    values = row._mapping
    names = tuple(values[name] for name in NAME_COLUMNS)
    counts: Any = tuple(values[name] for name in COUNT_COLUMNS)
    old = tuple(values[name] for name in COSTS)
    return Change(values, old, costs_of(book, names, values["occurred_at"], counts))


def named(row: Any) -> tuple[str, str]:
    if row["kind"] == OperationKind.TOOL.value:
        return row["kind"], row["tool_name"] or row["name"]
    return row["kind"], row["model"] or row["tool_name"] or ""


def parameters_of(change: Change) -> dict[str, Any]:
    parameters = {f"key_{column.name}": change.row[column.name] for column in KEY}
    return parameters | {f"new_{n}": value for n, value in zip(COSTS, change.new, strict=True)}

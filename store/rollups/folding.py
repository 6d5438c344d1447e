"""Takes what was committed since the last fold into the rollups, about once a second.

One transaction adds the sums of the records beyond the last fold and moves the fold past them, so that
a statement sees both or neither. A named lock keeps folds apart, and whoever changes recorded
operations shares it: until its transaction ends, no fold begins.
"""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    and_,
    bindparam,
    cast,
    literal,
    not_,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from models.rollups import (
    DIMENSIONS,
    HISTOGRAMS,
    QUANTILES,
    ROLLUPS,
    SUMS,
    Rollup,
    Tier,
    bins_column,
)
from models.types import TransactionNumbers
from store.aggregation.measures import Part
from store.aggregation.queries import Span
from store.aggregation.records import Records
from store.aggregation.relations import BUCKET, GroupedQuery, key_columns, merge_part
from store.aggregation.sources import OPERATIONS
from store.auth.access import UNRESTRICTED
from store.database import ContentionError, Database, NumericOverflowError
from store.dialects import CommitHorizon, DatabaseDialect
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import PeriodicTask, Schedule
from store.rollups.definitions import TABLE, counted_parts, stored_parts
from store.rollups.folded import (
    FOLD_LOCK,
    FOLDS,
    POSITION,
    RECORDS,
    SOURCE,
    columns_of,
    fetch_fold,
    is_unfolded,
    moved,
)
from store.rollups.merging import insertion_of
from store.rollups.rebuilding import HOURLY, insertion, sums_by_hour
from store.rollups.relation import FAR_FUTURE
from store.rollups.state import owns_rollups

SCHEDULE = Schedule(interval=1.0, jitter=0.1)
MAX_FOLDED_RECORDS = 20_000
"""Records of one transaction, and those of the same transaction as the last of them."""
MAX_FOLDED_BY_ONE_WRITER = 2_000
"""The same where the database has one writer: callers wait for it, 9 microseconds a record."""
WORK_SECONDS = 30.0
TENANTS = frozenset({"namespace_id", "workspace_id", "api_key_id"})
"""Dimensions with so many values that sums by them are hardly fewer than the records."""
SHARED_DIMENSIONS = tuple(
    dict.fromkeys(
        name for r in SUMS if not TENANTS.intersection(r.dimensions) for name in r.dimensions
    )
)
HISTOGRAM_DIMENSIONS = tuple(dict.fromkeys(name for r in QUANTILES for name in r.dimensions))

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FoldStats:
    folds: int = 0


class Folding:
    def __init__(self, database: Database) -> None:
        self._database = database
        # To build and compile them takes longer than to run them.
        self._statements: dict[bool, tuple[Insert, ...]] = {}
        self.stats = FoldStats()
        failures = FailureLog(log, "folding records into the rollups failed; retrying")
        self.task = PeriodicTask("folding", self._work, SCHEDULE, failures)

    async def _work(self) -> None:
        # Another server folded at the same moment, or the rollups begin again.
        with suppress(ContentionError):
            await self.run_once()

    async def run_once(self) -> None:
        """Fold all that is committed; after half a minute the rest is left for the next turn."""
        until = time.monotonic() + WORK_SECONDS
        may_be_more = await self._is_behind()
        while may_be_more and time.monotonic() < until:
            may_be_more = await self.fold()

    async def _is_behind(self) -> bool:
        async with self._database.read() as connection:
            known = await fetch_fold(connection)
            if known is None:
                return False
            statement = select(POSITION).where(is_unfolded(self._database.dialect, known)).limit(1)
            return (await connection.execute(statement)).first() is not None

    async def fold(self, most: int | None = None) -> bool:
        """Fold about ``most`` records; return whether there may be more."""
        if most is None:
            has_one_writer = self._database.dialect.parallel_writers == 1
            most = MAX_FOLDED_BY_ONE_WRITER if has_one_writer else MAX_FOLDED_RECORDS
        try:
            return await self._fold(most, singly=False)
        except NumericOverflowError:
            # A sum beyond the range of its type: then every operation has rows of its own.
            return await self._fold(most, singly=True)

    async def _fold(self, most: int, singly: bool) -> bool:
        dialect = self._database.dialect
        async with self._database.write() as connection:
            await dialect.locks.exclusive_lock(connection, FOLD_LOCK)
            known = await fetch_fold(connection)
            if known is None or not await owns_rollups(connection):
                return False
            ended = await dialect.feeds.commit_horizon(connection, RECORDS)
            last = await self._last_position(connection, known, ended, most)
            if last is not None:
                ended = up_to(last, known, ended)
            for statement in self._insertions(singly):
                await connection.execute(statement, parameters_of(known, ended))
            await connection.execute(
                update(FOLDS)
                .where(FOLDS.c.source == SOURCE)
                .values(folded_below=ended.below, pending=list(ended.pending))
            )
        self.stats.folds += 1
        return last is not None

    def _insertions(self, singly: bool) -> tuple[Insert, ...]:
        if singly not in self._statements:
            self._statements[singly] = insertions(self._database.dialect, singly)
        return self._statements[singly]

    async def _last_position(
        self, connection: AsyncConnection, known: CommitHorizon, ended: CommitHorizon, most: int
    ) -> int | None:
        """Return the position of the record after the first ``most``; None where there are no more."""
        statement = select(POSITION).where(is_folded_next(self._database.dialect))
        statement = statement.order_by(POSITION).offset(most).limit(1)
        last: int | None = await connection.scalar(statement, parameters_of(known, ended))
        return last


def up_to(last: int, known: CommitHorizon, ended: CommitHorizon) -> CommitHorizon:
    """Return a fold with all that ``known`` contains and, of what has ended, no position after ``last``."""
    below = max(last + 1, known.below)
    running = set(ended.pending)
    pending = {number for number in known.pending if number > last or number in running}
    pending |= {number for number in running if known.below <= number < below}
    return CommitHorizon(below, tuple(sorted(pending)))


def is_folded_next(dialect: DatabaseDialect) -> ColumnElement[bool]:
    """Return whether a record is beyond one fold and within the next, by ``parameters_of`` both."""
    known, ended = (
        (
            bindparam(f"{name}_below", type_=BigInteger()),
            bindparam(f"{name}_pending", type_=TransactionNumbers),
        )
        for name in ("known", "ended")
    )
    return and_(
        dialect.feeds.is_beyond(POSITION, *known), not_(dialect.feeds.is_beyond(POSITION, *ended))
    )


def parameters_of(known: CommitHorizon, ended: CommitHorizon) -> dict[str, Any]:
    return {
        "known_below": known.below,
        "known_pending": list(known.pending),
        "ended_below": ended.below,
        "ended_pending": list(ended.pending),
    }


def insertions(dialect: DatabaseDialect, singly: bool) -> tuple[Insert, ...]:
    """Return the statements that add the sums of the records to be folded, as rows of the tier FRESH.

    ``singly`` makes rows of each record.
    """
    records = Records(OPERATIONS, dialect, UNRESTRICTED, None, FAR_FUTURE)
    within = is_folded_next(dialect)
    if singly:
        return tuple(
            insertion(
                rollup,
                sums_by_hour(records, rollup, Span(), Tier.FRESH)
                .where(within)
                .group_by(RECORDS.c.id),
            )
            for rollup in ROLLUPS
        )
    shared = records.grouped(GroupedQuery(Span(), SHARED_DIMENSIONS, HOURLY, stored_parts()))
    lanes = {
        bins_column(n): dialect.sketches.bin_indexes_of(records.operand(n)) for n in HISTOGRAMS
    }
    binned = records.grouped(GroupedQuery(Span(), HISTOGRAM_DIMENSIONS, HOURLY, counted_parts()))
    binned = binned.add_columns(*(column.label(name) for name, column in lanes.items()))
    by_tenant = [r for r in SUMS if TENANTS.intersection(r.dimensions)]
    apart = [
        records.grouped(GroupedQuery(Span(), r.dimensions, HOURLY, stored_parts()))
        for r in by_tenant
    ]
    # A common table expression that is read more than once is made once.
    columns = dict.fromkeys(c for grouped in (shared, *apart) for c in columns_of(grouped))
    fresh = select(*columns).where(within).cte("fresh")
    sums = moved(shared, fresh).cte("sums")
    of_sums = [
        *(further(dialect, sums, SHARED_DIMENSIONS, r) for r in SUMS if r not in by_tenant),
        *(
            further(dialect, moved(grouped, fresh).subquery(), r.dimensions, r)
            for r, grouped in zip(by_tenant, apart, strict=True)
        ),
    ]
    bins = binned.where(within).cte("bins")
    of_bins = [further(dialect, bins, HISTOGRAM_DIMENSIONS, r) for r in QUANTILES]
    return insertion_of(union_all(*of_sums)), insertion_of(union_all(*of_bins))


def further(
    dialect: DatabaseDialect, sums: FromClause | CTE, names: tuple[str, ...], rollup: Rollup
) -> Select[Any]:
    """Sum up by the dimensions of a rollup what was summed up by more."""
    parts: dict[str, Part] = counted_parts() if rollup.histograms else stored_parts()
    keys = {
        name: sums.c[column.name]
        for name, (column,) in zip(names, key_columns(OPERATIONS, names), strict=True)
        if name in rollup.dimensions
    }
    columns: list[ColumnElement[Any]] = [
        literal(rollup.number, TABLE.c.rollup.type).label("rollup"),
        literal(Tier.FRESH.value, TABLE.c.tier.type).label("tier"),
        sums.c[BUCKET].label("starts_at"),
    ]
    for name in DIMENSIONS:
        key = keys.get(name)
        columns.append((cast(null(), TABLE.c[name].type) if key is None else key).label(name))
    for name, part in parts.items():
        total = merge_part(part, sums.c[name], dialect, wide=False)
        columns.append(cast(total, TABLE.c[name].type).label(name))
    if rollup.histograms:
        for number in HISTOGRAMS:
            lanes = sums.c[bins_column(number)]
            columns.append(dialect.sketches.join_bins(lanes, lanes.is_not(None)).label(lanes.name))
    return select(*columns).group_by(sums.c[BUCKET], *keys.values())

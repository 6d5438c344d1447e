"""A rollup as a relation: whole hours and days from it, the rest from the records, in one select.

The rest is what lies outside of whole hours, and what was committed since the last fold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, cast, null, select, union_all

from models.rollups import DAY_TIERS, HOUR_TIERS, Rollup, bins_column, sketch_column
from models.types import PackedSketch
from store.aggregation.catalog import Source
from store.aggregation.measures import Fold, Operand, Part
from store.aggregation.queries import Group, Span
from store.aggregation.records import Records
from store.aggregation.relations import BUCKET, GroupedQuery, key_columns
from store.dialects import CommitHorizon, DatabaseDialect
from store.query.filters import ConditionCompiler
from store.rollups.definitions import TABLE, column_of
from store.rollups.folded import is_unfolded_now, only_from
from store.time_buckets import next_day, next_hour, start_of_day, start_of_hour
from store.validation import EARLIEST

FAR_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)
"""Nothing is recorded so far ahead; the next day after the last one there is has no name."""


class Resolution(Enum):
    RECORDS = "records"
    HOURS = "hours"
    DAYS = "days"


Segment = tuple[Resolution, Span]


@dataclass(frozen=True, slots=True)
class RollupRelation:
    """A rollup that covers a question, and the records for what it does not contain.

    ``folded`` is a fold that is known: the last one, or an earlier one. ``sums`` has the counts and
    sums, ``quantiles`` the histograms: their rows stand below each other, since what they mean is their
    sum. ``days`` says that rows of days may be read: every bucket is made of whole UTC days.
    """

    sums: Rollup | None
    quantiles: Rollup | None
    records: Records
    valid_from: datetime
    folded: CommitHorizon
    days: bool

    @property
    def name(self) -> str:
        rollup = self.sums or self.quantiles
        assert rollup is not None
        return rollup.name

    @property
    def dialect(self) -> DatabaseDialect:
        return self.records.dialect

    @property
    def source(self) -> Source:
        return self.records.source

    def merge(self, part: Part, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return self.records.merge(part, column)

    def segments(self, span: Span) -> tuple[Segment, ...]:
        return tuple(cut(span, self.valid_from, self.days))

    def grouped(self, shape: GroupedQuery) -> Select[Any]:
        quantile_operands = [p.of for p in shape.parts.values() if p.fold is Fold.QUANTILE]
        sketched = {
            of: f"h{i}_" for i, of in enumerate(dict.fromkeys(quantile_operands)) if of is not None
        }
        needed = {n: p for n, p in shape.parts.items() if p.fold is not Fold.QUANTILE}
        needed |= {f"n{name}": Part(Fold.NON_NULL_COUNT, of) for of, name in sketched.items()}
        pieces: list[Select[Any]] = []
        rolled: list[Span] = []
        for resolution, span in self.segments(shape.span):
            if resolution is Resolution.RECORDS:
                pieces.append(self._of_records(shape, span, needed, sketched))
                continue
            rolled.append(span)
            if self.sums is not None and (len(needed) > len(sketched) or not sketched):
                pieces.append(self._of_rollup(self.sums, shape, resolution, span, needed, sketched))
            if self.quantiles is not None and (sketched or self.sums is None):
                pieces.append(
                    self._of_rollup(self.quantiles, shape, resolution, span, needed, sketched)
                )
        if rolled:  # they follow each other without a gap
            unfolded = Span(rolled[0].since, rolled[-1].until)
            pieces.append(self._of_unfolded(shape, unfolded, needed, sketched))
        union = (union_all(*pieces) if len(pieces) > 1 else pieces[0]).subquery("pieces")
        names = [c.name for group in key_columns(self.source, shape.groups) for c in group]
        names += [BUCKET] if shape.bucket is not None else []
        keys = [union.c[name] for name in names]
        columns = [self.merge(part, union.c[n]).label(n) for n, part in needed.items()]
        columns += [
            self.dialect.sketches.add_histograms(union.c[h]).label(h) for h in sketched.values()
        ]
        summed = select(*keys, *columns).group_by(*keys)
        return (
            self._finished(summed.subquery("sums"), names, shape, sketched) if sketched else summed
        )

    def _finished(
        self, sums: FromClause, names: list[str], shape: GroupedQuery, sketched: dict[Operand, str]
    ) -> Select[Any]:
        columns: list[ColumnElement[Any]] = [sums.c[name] for name in names]
        for name, part in shape.parts.items():
            if part.fold is not Fold.QUANTILE:
                columns.append(sums.c[name])
                continue
            assert part.of is not None
            assert part.q is not None
            histogram = sketched[part.of]
            present = sums.c[f"n{histogram}"]
            quantile = self.dialect.sketches.histogram_quantile(sums.c[histogram], present, part.q)
            columns.append(quantile.label(name))
        return select(*columns)

    def _of_records(
        self, shape: GroupedQuery, span: Span, needed: dict[str, Part], sketched: dict[Operand, str]
    ) -> Select[Any]:
        piece = GroupedQuery(span, shape.groups, shape.bucket, needed, shape.keys, shape.of_keys)
        dialect, records = self.dialect, self.records
        histograms = (
            dialect.sketches.add_histograms(
                dialect.sketches.histogram_of(records.operand(of))
            ).label(name)
            for of, name in sketched.items()
        )
        return records.grouped(piece).add_columns(*histograms)

    def _of_unfolded(
        self, shape: GroupedQuery, span: Span, needed: dict[str, Part], sketched: dict[Operand, str]
    ) -> Select[Any]:
        of_keys = shape.of_keys or shape.groups
        dimensions = {
            column.name: self.source.dimensions[str(group)].column
            for group, (column,) in zip(of_keys, key_columns(self.source, of_keys), strict=True)
        }
        statement = self._of_records(replace(shape, keys=None), span, needed, sketched)
        conditions = [is_unfolded_now(self.dialect, self.folded), *self.records.within(span)]
        statement, records = only_from(statement, conditions, dimensions.values())
        if shape.keys is not None:
            readings = {name: records.c[column.name] for name, column in dimensions.items()}
            statement = statement.where(shape.keys.condition(readings))
        return statement

    def _of_rollup(
        self,
        rollup: Rollup,
        shape: GroupedQuery,
        resolution: Resolution,
        span: Span,
        needed: dict[str, Part],
        sketched: dict[Operand, str],
    ) -> Select[Any]:
        columns: list[ColumnElement[Any]] = list(self._keys(shape.groups))
        if shape.bucket is not None:
            starts = self.records.bucket_of(shape.bucket, shape.span, TABLE.c.starts_at)
            columns.append(starts.label(BUCKET))
        counts = {f"n{name}" for name in sketched.values()}
        for name, part in needed.items():
            column_name = column_of(part)
            is_here = (name in counts) is rollup.histograms
            columns.append((column_name if is_here else cast(null(), column_name.type)).label(name))
        for of, name in sketched.items():
            packed, lanes = TABLE.c[sketch_column(str(of))], TABLE.c[bins_column(str(of))]
            stored = self.dialect.sketches.stored_histogram(packed, lanes)
            sketch = stored if rollup.histograms else cast(null(), PackedSketch)
            columns.append(sketch.label(name))
        statement = select(*columns).where(*rows_of(rollup, resolution, span))
        statement = self.records.bounds.restrict(statement, TABLE)
        if self.records.where is not None:
            fields = {name: TABLE.c[name] for name in rollup.dimensions}
            compiler = ConditionCompiler(fields, self.dialect)
            statement = statement.where(compiler.compile(self.records.where))
        if shape.keys is not None:
            of_keys = shape.of_keys or shape.groups
            readings = {c.name: c.element for c in self._keys(of_keys)}
            statement = statement.where(shape.keys.condition(readings))
        return statement

    def _keys(self, groups: tuple[Group, ...]) -> Iterator[Any]:
        for group, (column,) in zip(groups, key_columns(self.source, groups), strict=True):
            yield TABLE.c[str(group)].label(column.name)


def rows_of(rollup: Rollup, resolution: Resolution, span: Span) -> Iterator[ColumnElement[bool]]:
    yield TABLE.c.rollup == rollup.number
    yield TABLE.c.tier.in_(DAY_TIERS if resolution is Resolution.DAYS else HOUR_TIERS)
    if span.since is not None:
        yield TABLE.c.starts_at >= span.since
    if span.until is not None:
        yield TABLE.c.starts_at < span.until


def cut(span: Span, valid_from: datetime, days: bool) -> Iterator[Segment]:
    since = None if span.since is None else span.since.astimezone(UTC)
    until = None if span.until is None else span.until.astimezone(UTC)
    if since is not None and since >= FAR_FUTURE:
        yield Resolution.RECORDS, span
        return
    first: datetime | None = next_hour(max(since or EARLIEST, valid_from))
    last = None if until is None else start_of_hour(until)
    if last is not None and first is not None and last <= first:
        yield Resolution.RECORDS, span
        return
    if since is None and valid_from <= EARLIEST:
        first = None
    elif since is None or (first is not None and since < first):
        yield Resolution.RECORDS, Span(since, first)
    yield from _whole_days(first, last) if days else [(Resolution.HOURS, Span(first, last))]
    if until is not None and last is not None and last < until:
        yield Resolution.RECORDS, Span(last, until)


def _whole_days(first: datetime | None, last: datetime | None) -> Iterator[Segment]:
    begin = None if first is None else next_day(first)
    end = None if last is None else start_of_day(last)
    if begin is not None and end is not None and end <= begin:
        yield Resolution.HOURS, Span(first, last)
        return
    if first != begin:
        yield Resolution.HOURS, Span(first, begin)
    yield Resolution.DAYS, Span(begin, end)
    if last != end:
        yield Resolution.HOURS, Span(end, last)

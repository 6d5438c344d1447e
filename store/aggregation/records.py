"""Records as a relation: parts by aggregates over columns, within the bounds of who asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Select,
    case,
    func,
    literal,
    literal_column,
    select,
)

from models.types import Instant
from store.aggregation.buckets import Bucket, Run
from store.aggregation.catalog import Elapsed, Source
from store.aggregation.folds import Folds
from store.aggregation.measures import Attribute, CostAt, Fold, Operand, Part
from store.aggregation.model_prices import ModelPrices
from store.aggregation.periods import to_date
from store.aggregation.queries import Group, Span
from store.aggregation.relations import (
    BUCKET,
    GroupedQuery,
    key_columns,
    merge_part,
)
from store.aggregation.zones import from_seconds
from store.auth.access import TenantBounds
from store.dialects import DatabaseDialect, JsonLeaf
from store.query.filters import Condition, ConditionCompiler
from store.validation import EARLIEST

SHORT_SPAN = timedelta(days=1)
"""A span whose records are worth finding one by one, in the order of a key."""


def is_short(span: Span, now: datetime) -> bool:
    return span.since is not None and (span.until or now) - span.since <= SHORT_SPAN


def index_starts_with_time(source: Source) -> bool:
    """Return whether the key of a source's records is the organization and then the time."""
    key = [column.name for column in source.table.primary_key.columns]
    return key[:2] == ["organization_id", source.time]


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a source that satisfy a condition, as far as ``bounds`` let them be seen.

    ``now`` ends spans that are open, for the purpose of slicing them: no record lies a day after
    it. ``wide`` takes sums that pass the range of their type. ``organizations`` are all that have
    records, where they are known: they are what the records' key begins with, so that a short span
    is found by it. Over a long one it would take longer than to read the table.
    """

    source: Source
    dialect: DatabaseDialect
    bounds: TenantBounds
    where: Condition | None
    now: datetime
    wide: bool = False
    organizations: tuple[str, ...] | None = None
    _prices: dict[str, ModelPrices] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """The prices of each model that was asked about, joined where they are needed."""

    def merge(self, part: Part, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return merge_part(part, column, self.dialect, self.wide)

    def grouped(self, shape: GroupedQuery) -> Select[Any]:
        counted = counted_apart(shape) if self.dialect.hashes_groups else None
        if counted is not None:
            return self._counted_apart(shape, counted)
        keys = dict(self._key_readings(shape.groups))
        if shape.bucket is not None:
            keys[BUCKET] = self.bucket_of(shape.bucket, shape.span, self.source.time_column)
        parts = shape.parts
        folds = Folds(self.source, self.dialect, self.operand, parts.values(), self.wide)
        columns = [column.label(name) for name, column in keys.items()]
        columns += [folds.part(part).label(name) for name, part in parts.items()]
        statement = self._restricted(select(*columns), shape)
        return statement.group_by(*(literal_column(name) for name in keys))

    def first(self, span: Span) -> Select[Any]:
        return self._restricted(select(func.min(self.source.time_column)), GroupedQuery(span))

    # --- which records -----------------------------------------------------------------------------

    def _restricted(self, statement: Select[Any], shape: GroupedQuery) -> Select[Any]:
        source = self.source
        statement = self.bounds.restrict(statement, source.table)
        statement = statement.where(*self.within(shape.span))
        if self.organizations is not None and is_short(shape.span, self.now):
            owner = source.table.c.organization_id
            statement = statement.where(owner.in_(self.organizations))
        if self.where is not None:
            compiler = ConditionCompiler(self._fields(), self.dialect)
            statement = statement.where(compiler.compile(self.where))
        if shape.bucket is not None and source.time_column.nullable:
            statement = statement.where(source.time_column.is_not(None))
        if shape.keys is not None:
            readings = dict(self._key_readings(shape.of_keys or shape.groups))
            statement = statement.where(shape.keys.condition(readings))
        parent = source.parent
        if parent is None:
            records: FromClause = source.table
            needed = statement.get_final_froms()
            for prices in self._prices.values():
                if prices.own in needed:
                    records = prices.joined_to(records)
            return statement.select_from(records)
        if parent.table in statement.get_final_froms() or self._bound_by_parent():
            statement = self.bounds.restrict(statement, parent.table)
            return statement.select_from(source.table.join(parent.table, parent.on))
        return statement.select_from(source.table)

    def _bound_by_parent(self) -> bool:
        return self.bounds.is_partial and "namespace_id" not in self.source.table.columns

    def within(self, span: Span) -> Iterator[ColumnElement[bool]]:
        column = self.source.time_column
        dated = isinstance(column.type, Date)
        if span.since is not None:
            yield column >= (to_date(span.since) if dated else span.since)
        if span.until is not None:
            yield column < (to_date(span.until) if dated else span.until)

    def _fields(self) -> dict[str, ColumnElement[Any]]:
        columns = self.source.filter_columns | dict(self.source.extra_fields)
        derived = [n for n, number in self.source.numbers.items() if n not in columns]
        return columns | {name: self.operand(name) for name in derived}

    # --- expressions over their columns ----------------------------------------------------------

    def operand(self, of: Operand) -> ColumnElement[Any]:
        """Return a number of a record; null where it has none."""
        if isinstance(of, Attribute):
            return self._leaf(of).number
        if isinstance(of, CostAt):
            return self._prices_of(of.model).cost(of.part)
        value = self.source.numbers[of].value
        if isinstance(value, Elapsed):
            between = self.dialect.expressions.milliseconds(value.start, value.end)
            return case((value.end < value.start, literal(0.0, Double())), else_=between)
        return value

    def _prices_of(self, model: str) -> ModelPrices:
        if model not in self._prices:
            widen = self.dialect.expressions.wide if self.wide else None
            self._prices[model] = ModelPrices(model, self.source, widen)
        return self._prices[model]

    def _leaf(self, attribute: Attribute) -> JsonLeaf:
        assert self.source.attributes is not None
        column = self.source.table.columns[self.source.attributes]
        return self.dialect.expressions.json_leaf(column, attribute.path)

    def _key_readings(self, groups: tuple[Group, ...]) -> Iterator[tuple[str, ColumnElement[Any]]]:
        for group, columns in zip(groups, key_columns(self.source, groups), strict=True):
            if isinstance(group, Attribute):
                leaf = self._leaf(group)
                readings = (leaf.text, leaf.number, leaf.truth)
                yield from zip((c.name for c in columns), readings, strict=True)
            else:
                yield columns[0].name, self.source.dimensions[group].column

    def bucket_of(self, bucket: Bucket, span: Span, column: Column[Any]) -> ColumnElement[Any]:
        since = max(span.since or EARLIEST, EARLIEST)
        until = max(span.until or self.now + timedelta(days=2), since)
        if isinstance(column.type, Date):
            starts = [bucket_span.start for bucket_span in bucket.spans(since, until)] or [since]
            dates = [(to_date(start), literal(to_date(start), Date())) for start in starts]
            return _choose(column, dates)
        runs = tuple(bucket.runs(since, until))
        if all(run.step is None for run in runs):
            return _starts(column, runs)
        return _choose(column, [(from_seconds(r.start), self._bin(column, r)) for r in runs])

    def _bin(self, column: Column[Any], run: Run) -> ColumnElement[Any]:
        start = from_seconds(run.start)
        if run.step is None:
            return literal(start, Instant())
        return self.dialect.expressions.bin(column, timedelta(seconds=run.step), start)

    # --- distinct counts ---------------------------------------------------------------------------

    def _counted_apart(self, shape: GroupedQuery, dimension: str) -> Select[Any]:
        """Group by one more key and merge again: each non-null key counts as one distinct value.

        A database can hash keys, where it sorts the distinct values of an aggregate.
        """
        groups = (*shape.groups, dimension)
        parts = {name: part for name, part in shape.parts.items() if part.mergeable}
        of_keys = shape.of_keys or shape.groups
        finer = GroupedQuery(shape.span, groups, shape.bucket, parts, shape.keys, of_keys)
        finer_columns = self.grouped(finer).subquery("finer").c
        *keys, (value,) = key_columns(self.source, groups)
        names = [column.name for group in keys for column in group]
        names += [BUCKET] if shape.bucket is not None else []
        columns = [finer_columns[name] for name in names]
        for name, part in shape.parts.items():
            folded = (
                self.merge(part, finer_columns[name])
                if part.mergeable
                else func.count(finer_columns[value.name])
            )
            columns.append(folded.label(name))
        return select(*columns).group_by(*(finer_columns[name] for name in names))


def counted_apart(shape: GroupedQuery) -> str | None:
    apart = {part for part in shape.parts.values() if not part.mergeable}
    if len(apart) != 1:
        return None
    (part,) = apart
    return str(part.of) if part.fold is Fold.DISTINCT else None


@lru_cache(maxsize=32)
def _starts(column: Column[Any], runs: tuple[Run, ...]) -> ColumnElement[Any]:
    starts = [from_seconds(run.start) for run in runs]
    return _choose(column, [(start, literal(start, Instant())) for start in starts])


def _choose(
    column: Column[Any], choices: Sequence[tuple[Any, ColumnElement[Any]]]
) -> ColumnElement[Any]:
    if len(choices) == 1:
        return choices[0][1]
    middle = len(choices) // 2
    return case(
        (column < choices[middle][0], _choose(column, choices[:middle])),
        else_=_choose(column, choices[middle:]),
    )

"""Questions become one statement each, without I/O.

A question of rows alone is a grouped select, ordered and cut: what one would write by hand. Totals,
others and an earlier span come with it in the same statement, as selects of the same columns joined
by UNION ALL, each with a tag that says what its rows are. Mergeable parts of them are made from the
groups; quantiles and distinct counts need their records once more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    select,
    union_all,
)
from sqlalchemy.types import TypeEngine

from store.aggregation.measures import Fold, Part, parts_of
from store.aggregation.queries import AggregationQuery, ByBucket, ByGroup, Span
from store.aggregation.relations import (
    BUCKET,
    GroupedQuery,
    KeyColumn,
    KeyFilter,
    Relation,
    key_columns,
)
from store.aggregation.terms import Terms

BY_KEY = (ByBucket, ByGroup)
TAG, PLACE, RANK = "tag_", "place_", "rank_"


class Tag(IntEnum):
    ROW = 0
    OTHERS = 1
    TOTALS = 2
    EARLIER_ROW = 3
    EARLIER_OTHERS = 4
    EARLIER_TOTALS = 5


@dataclass(frozen=True, slots=True)
class Spans:
    requested: Span
    compared: Span | None
    now: datetime

    @property
    def every(self) -> tuple[Span, ...]:
        return (self.requested,) if self.compared is None else (self.requested, self.compared)

    @property
    def seconds(self) -> float | None:
        return seconds_in(self.requested, self.now)


def seconds_in(span: Span, now: datetime) -> float | None:
    """Return how long a span lasts up to ``now`` where it is open; None where it has no beginning."""
    if span.since is None:
        return None
    return max(((span.until or now) - span.since).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Compiled:
    statement: Any
    keys: tuple[tuple[KeyColumn, ...], ...]
    parts: tuple[Part, ...]
    tagged: bool
    bucketed: bool


def compile_question(question: AggregationQuery, relation: Relation, spans: Spans) -> Compiled:
    compiler = _Compiler(question, relation, spans)
    tagged = compiler.needs_more_than_rows
    return Compiled(
        statement=compiler.tagged() if tagged else compiler.plain(),
        keys=compiler.key_groups,
        parts=compiler.shown_parts,
        tagged=tagged,
        bucketed=question.bucket is not None,
    )


class _Compiler:
    def __init__(self, question: AggregationQuery, relation: Relation, spans: Spans) -> None:
        self.question = question
        self.relation = relation
        self.spans = spans
        self.key_groups = key_columns(relation.source, question.group_by)
        self.keys = tuple(column for group in self.key_groups for column in group)
        # Without any measure, what is a single row still has to be found.
        several = question.group_by or question.bucket is not None
        bare = (
            () if several and question.top is None and not question.totals else (Part(Fold.ROWS),)
        )
        self.shown_parts = parts_of(question.measures) or bare
        # A single row is the totals, unless having may refuse it.
        self.totals = question.totals and (not question.is_single or bool(question.having))
        top = question.top
        having = tuple(having.by for having in question.having)
        self.key_parts = () if top is None else parts_of((top.by, *having))
        """What top and having look at, of a key as a whole."""
        self.top_of_groups = top is not None and question.bucket is None
        """Whether the keys that top chooses are the groups themselves."""
        in_rows = [term.by for term in question.order_by if not isinstance(term.by, BY_KEY)]
        parts = dict.fromkeys((*self.shown_parts, *parts_of(tuple(in_rows))))
        if top is None:
            parts |= dict.fromkeys(parts_of(having))
        elif self.top_of_groups or mergeable(self.key_parts):
            parts |= dict.fromkeys(self.key_parts)
        self.names = {
            part: f"p{i}_" for i, part in enumerate(parts | dict.fromkeys(self.key_parts))
        }
        self._terms = Terms(question, relation.dialect, self.key_groups, self.names, spans.seconds)
        self.parts = {self.names[part]: part for part in parts}
        """What every group has, by column."""

    @property
    def needs_more_than_rows(self) -> bool:
        question = self.question
        if question.compare is not None or self.totals:
            return True
        top = question.top
        return top is not None and (
            top.others or question.bucket is not None or bool(question.order_by)
        )

    # --- rows ------------------------------------------------------------------------------------

    def plain(self) -> Select[Any]:
        question = self.question
        groups = self._grouped(self.spans.requested).subquery("g")
        rows: Select[Any] = select(*self._shown(groups))
        if question.is_single:
            return self._kept(rows, groups)
        statement = self._kept(rows, groups)
        most = question.limit + 1
        if question.top is not None:
            most = min(most, question.top.n)
        return statement.order_by(*self._terms.order(groups)).limit(most)

    @cached_property
    def _rows(self) -> CTE:
        groups, question = self._groups, self.question
        if question.is_single:
            place: ColumnElement[Any] = literal_column("1")
            single: Select[Any] = select(*self._shown(groups), place.label(PLACE))
            return self._kept(single, groups).cte("r")
        source: FromClause = groups
        if self.top_of_groups:
            source = self._ranked
        place = func.row_number().over(order_by=self._terms.order(source)).label(PLACE)
        statement: Select[Any] = select(*self._shown(source), place)
        if self.top_of_groups:
            statement = statement.where(self._is_top(source))
        elif question.top is not None:
            statement = statement.where(self._top_keys.condition(self._columns(groups)))
        else:
            statement = self._kept(statement, groups)
        return statement.order_by(place).limit(question.limit + 1).cte("r")

    def _grouped(self, span: Span) -> Select[Any]:
        question = self.question
        return self.relation.grouped(
            GroupedQuery(span, question.group_by, question.bucket, self.parts)
        )

    @cached_property
    def _groups(self) -> CTE:
        return stored(self._grouped(self.spans.requested), "g")

    @cached_property
    def _earlier_groups(self) -> CTE:
        assert self.spans.compared is not None
        return stored(self._grouped(self.spans.compared), "e")

    # --- top -------------------------------------------------------------------------------------

    @cached_property
    def _ranked(self) -> CTE:
        groups = self._groups
        order = self._terms.key_order(groups)
        if self.question.having:
            matches_having = and_(*self._terms.having(groups))
            order.insert(0, case((matches_having, 0), else_=1))
        rank = func.row_number().over(order_by=order).label(RANK)
        return stored(select(*groups.c, rank), "ranked")

    def _is_top(self, ranked: FromClause) -> ColumnElement[bool]:
        assert self.question.top is not None
        return and_(ranked.c[RANK] <= self.question.top.n, *self._terms.having(ranked))

    @cached_property
    def _top_keys(self) -> KeyFilter:
        top = self.question.top
        assert top is not None
        if self.top_of_groups:
            chosen: Select[Any] = select(*(self._ranked.c[column.name] for column in self.keys))
            return KeyFilter(chosen.where(self._is_top(self._ranked)).cte("top_keys"), self.keys)
        keyed = self._keyed()
        chosen = self._kept(select(*(keyed.c[column.name] for column in self.keys)), keyed)
        chosen = chosen.order_by(*self._terms.key_order(keyed)).limit(top.n)
        return KeyFilter(stored(chosen, "top_keys"), self.keys)

    def _keyed(self) -> FromClause:
        question = self.question
        if not mergeable(self.key_parts):
            parts = {self.names[part]: part for part in self.key_parts}
            shape = GroupedQuery(self.spans.requested, question.group_by, None, parts)
            return self.relation.grouped(shape).subquery("whole")
        groups = self._groups
        columns: list[ColumnElement[Any]] = [groups.c[column.name] for column in self.keys]
        merged_parts = [self._merged(groups, part) for part in self.key_parts]
        return select(*columns, *merged_parts).group_by(*columns).subquery("whole")

    def _kept(self, statement: Select[Any], source: FromClause) -> Select[Any]:
        return statement.where(*self._terms.having(source))

    # --- what stands beside rows -------------------------------------------------------------------

    def tagged(self) -> Any:
        top = self.question.top
        selects = [self._tagged(Tag.ROW, self._rows)]
        others = top is not None and top.others
        if others:
            selects.append(self._tagged(Tag.OTHERS, self._others()))
        if self.totals:
            selects.append(self._tagged(Tag.TOTALS, self._whole()))
        if self.spans.compared is not None:
            selects.append(self._tagged(Tag.EARLIER_ROW, self._earlier_rows()))
            if others:
                selects.append(self._tagged(Tag.EARLIER_OTHERS, self._others(earlier=True)))
            if self.totals:
                selects.append(self._tagged(Tag.EARLIER_TOTALS, self._whole(earlier=True)))
        return union_all(*selects) if len(selects) > 1 else selects[0]

    def _others(self, earlier: bool = False) -> FromClause:
        keys = self._top_keys
        return self._whole(earlier, KeyFilter(keys.relation, keys.columns, within=False))

    def _whole(self, earlier: bool = False, keys: KeyFilter | None = None) -> FromClause:
        if not mergeable(self.shown_parts):
            parts = {self.names[part]: part for part in self.shown_parts}
            span = self.spans.compared if earlier else self.spans.requested
            assert span is not None
            shape = GroupedQuery(span, parts=parts, keys=keys, of_keys=self.question.group_by)
            return self.relation.grouped(shape).subquery()
        groups: FromClause = self._earlier_groups if earlier else self._groups
        ranked = keys is not None and not earlier and self.top_of_groups
        if ranked:
            groups = self._ranked
        columns = [self._merged(groups, part) for part in self.shown_parts]
        statement: Select[Any] = select(*columns).select_from(groups)
        if ranked:
            is_top = func.coalesce(self._is_top(groups), literal(False))
            statement = statement.where(not_(is_top))
        elif keys is not None:
            statement = statement.where(keys.condition(self._columns(groups)))
        return statement.subquery()

    def _earlier_rows(self) -> FromClause:
        groups = self._earlier_groups
        statement = select(*self._shown(groups))
        if self.keys:
            row_keys = select(*(self._rows.c[column.name] for column in self.keys)).distinct()
            keys = KeyFilter(row_keys.cte("shown"), self.keys)
            statement = statement.where(keys.condition(self._columns(groups)))
        return statement.subquery()

    def _tagged(self, tag: Tag, source: FromClause) -> Select[Any]:
        """Return the columns that all selects have in common; null where ``source`` has none."""
        place = source.c[PLACE] if PLACE in source.c else literal_column("0")
        columns = [literal_column(str(int(tag))).label(TAG), place.label(PLACE)]
        for name, kind in self._types.items():
            column = source.c[name] if name in source.c else cast(null(), kind)
            columns.append(column.label(name))
        return select(*columns).select_from(source)

    @cached_property
    def _types(self) -> dict[str, TypeEngine[Any]]:
        return {column.name: column.type for column in self._shown(self._groups)}

    # --- expressions over grouped columns --------------------------------------------------------

    def _columns(self, source: FromClause) -> dict[str, ColumnElement[Any]]:
        return {column.name: source.c[column.name] for column in self.keys}

    def _shown(self, source: FromClause) -> list[ColumnElement[Any]]:
        names = [column.name for column in self.keys]
        if self.question.bucket is not None:
            names.append(BUCKET)
        names += [self.names[part] for part in self.shown_parts]
        return [source.c[name] for name in names]

    def _merged(self, groups: FromClause, part: Part) -> ColumnElement[Any]:
        name = self.names[part]
        return self.relation.merge(part, groups.c[name]).label(name)


def mergeable(parts: Iterable[Part]) -> bool:
    return all(part.mergeable for part in parts)


def stored(statement: Select[Any], name: str) -> CTE:
    return statement.cte(name).prefix_with("MATERIALIZED")

"""Values, conditions and orders as expressions over the columns of grouped selects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    cast,
    func,
    literal,
    null,
    or_,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from models.types import JsonNumber
from store.aggregation.catalog import Source, Stat
from store.aggregation.measures import (
    COUNTS,
    Attribute,
    Measure,
    Part,
    PerSecond,
    Statistic,
    formula_of,
)
from store.aggregation.queries import (
    AggregationQuery,
    ByBucket,
    ByGroup,
    Having,
    OrderBy,
)
from store.aggregation.relations import BUCKET, KeyColumn
from store.dialects import DatabaseDialect
from store.query.filters import RANGES, ComparisonOperator


@dataclass(frozen=True, slots=True)
class Terms:
    """What a question says of its groups. ``names`` are the columns of parts.

    ``seconds`` is how long the asked span lasts, None where it has no beginning.
    """

    question: AggregationQuery
    dialect: DatabaseDialect
    key_groups: tuple[tuple[KeyColumn, ...], ...]
    names: Mapping[Part, str]
    seconds: float | None

    @property
    def keys(self) -> tuple[KeyColumn, ...]:
        return tuple(column for group in self.key_groups for column in group)

    def value(self, measure: Measure, source: FromClause) -> ColumnElement[Any]:
        formula = formula_of(measure)
        numerator: ColumnElement[Any] = source.c[self.names[formula.numerator]]
        if isinstance(measure, PerSecond):
            if not self.seconds:
                # With a type: PostgreSQL takes a bare null in ORDER BY for a mistaken position.
                return cast(null(), Double())
            return cast(numerator, Double()) / literal(self.seconds, Double())
        if formula.denominator is None:
            return numerator
        denominator: ColumnElement[Any] = cast(source.c[self.names[formula.denominator]], Double())
        return cast(numerator, Double()) / func.nullif(denominator, literal(0.0, Double()))

    def having(self, source: FromClause) -> list[ColumnElement[bool]]:
        return [self._condition(having, source) for having in self.question.having]

    def _condition(self, having: Having, source: FromClause) -> ColumnElement[bool]:
        value = self.value(having.by, source)
        if is_exact(having.by, self.question.source):
            return compare_number(type_coerce(value, JsonNumber()), having, JsonNumber())
        return compare_number(cast(value, Double()), having, Double())

    def order(self, source: FromClause) -> list[ColumnElement[Any]]:
        expressions = [self._term(term, source) for term in self.question.order_by]
        terms = [expression for several in expressions for expression in several]
        if self.question.bucket is not None:
            terms.append(source.c[BUCKET].asc())
        elif self.question.top is not None:
            return [*terms, *self.key_order(source)]
        return terms + [self._by_key(source, column, False) for column in self.keys]

    def _term(self, term: OrderBy, source: FromClause) -> list[ColumnElement[Any]]:
        match term.by:
            case ByBucket():
                bucket = source.c[BUCKET]
                return [bucket.desc() if term.descending else bucket.asc()]
            case ByGroup(group):
                columns = self.key_groups[self.question.group_by.index(group)]
                return [self._by_key(source, column, term.descending) for column in columns]
            case _:
                value = self.value(term.by, source)
                return [(value.desc() if term.descending else value.asc()).nulls_last()]

    def _by_key(
        self, source: FromClause, column: KeyColumn, descending: bool
    ) -> ColumnElement[Any]:
        value: ColumnElement[Any] = source.c[column.name]
        if column.is_text:
            value = self.dialect.expressions.by_code_point(value)
        return (value.desc() if descending else value.asc()).nulls_last()

    def key_order(self, source: FromClause) -> list[ColumnElement[Any]]:
        top = self.question.top
        assert top is not None
        value = self.value(top.by, source).desc().nulls_last()
        return [value, *(self._by_key(source, column, False) for column in self.keys)]


def compare_number(
    measure: ColumnElement[Any], having: Having, type_: TypeEngine[Any]
) -> ColumnElement[bool]:
    """Return the condition that a measure, as a number of this type, compares so."""

    def number(value: Any) -> ColumnElement[Any]:
        return literal(float(value) if isinstance(type_, Double) else value, type_)

    value: Any = having.value
    match having.op:
        case ComparisonOperator.IN:
            return measure.in_(list(map(number, value)))
        case ComparisonOperator.NOT_IN:
            return or_(measure.is_(None), measure.not_in(list(map(number, value))))
        case ComparisonOperator.NE:
            return or_(measure.is_(None), measure != number(value))
        case ComparisonOperator.IS_NULL:
            return measure.is_(None) if value else measure.is_not(None)
        case ComparisonOperator.EQ:
            equal: ColumnElement[bool] = measure == number(value)
            return equal
        case _:
            return RANGES[having.op](measure, number(value))


def is_exact(measure: Measure, source: Source) -> bool:
    formula = formula_of(measure)
    if formula.denominator is not None or formula.per_second:
        return False
    if not isinstance(measure, Statistic):
        return formula.numerator.fold in COUNTS
    of = measure.of
    if isinstance(of, Attribute):
        return measure.stat is not Stat.AVG
    return isinstance(of, str) and source.numbers[of].is_integer

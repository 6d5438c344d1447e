"""Parts as aggregates: over the columns of records, or over records ranked in their groups."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
)

from store.aggregation.catalog import Source
from store.aggregation.measures import Fold, Operand, Part
from store.dialects import DatabaseDialect

WEIGHT = "weight"
VALUED = frozenset({Fold.PRESENT, Fold.SUM, Fold.MIN, Fold.MAX, Fold.QUANTILE})


def value_names(parts: tuple[Part, ...]) -> dict[Operand, str]:
    """A column for the values of each operand that the parts fold."""
    operands = dict.fromkeys(p.of for p in parts if p.fold in VALUED and p.of is not None)
    return {of: f"value_{i}" for i, of in enumerate(operands)}


def rank_name(value: str) -> str:
    """The column of the rank, from 1, of a value in its group; nulls come last."""
    return f"{value}_rank"


def count_name(value: str) -> str:
    """The column of how many values, not null, its group has."""
    return f"{value}_count"


def set_name(flag: str) -> str:
    """The column of whether a record has a flag."""
    return f"set_{flag}"


def known_name(flag: str) -> str:
    """The column of whether a record has an answer to a flag."""
    return f"known_{flag}"


def dimension_name(dimension: str) -> str:
    """The column of a dimension whose values are counted."""
    return f"dimension_{dimension}"


class Folds:
    """Parts as aggregates over the columns of records."""

    def __init__(
        self,
        source: Source,
        dialect: DatabaseDialect,
        operand: Callable[[Operand], ColumnElement[Any]],
        wide: bool,
    ) -> None:
        self._source = source
        self._dialect = dialect
        self._operand = operand
        self._wide = wide

    def part(self, part: Part) -> ColumnElement[Any]:
        """The aggregate of a part."""
        of = part.of
        match part.fold:
            case Fold.ROWS:
                return self._count(None)
            case Fold.SET:
                return self._count(self._flag(str(of), known=False))
            case Fold.KNOWN:
                return self._count(self._flag(str(of), known=True))
            case Fold.DISTINCT:
                return func.count(distinct(self._dimension(str(of))))
            case _:
                assert of is not None
                return self._of_value(part, of, self._value(of))

    def _of_value(self, part: Part, of: Operand, value: ColumnElement[Any]) -> ColumnElement[Any]:
        match part.fold:
            case Fold.PRESENT:
                if self._source.weight is None:
                    return func.count(value)
                return self._count(value.is_not(None))
            case Fold.MIN:
                return func.min(value)
            case Fold.MAX:
                return func.max(value)
            case Fold.QUANTILE:
                assert part.q is not None
                return self._quantile(of, value, part.q)
            case _:
                return self._dialect.wide_sum(value) if self._wide else func.sum(value)

    def _count(self, which: ColumnElement[bool] | None) -> ColumnElement[Any]:
        """How many things the records stand for, of those that satisfy ``which``."""
        weight = self._weight()
        counted = func.count() if weight is None else func.sum(weight)
        found = counted if which is None else counted.filter(which)
        if weight is None:
            return found
        return cast(func.coalesce(found, 0), BigInteger())

    def _weight(self) -> ColumnElement[Any] | None:
        name = self._source.weight
        return None if name is None else self._source.table.columns[name]

    def _flag(self, name: str, known: bool) -> ColumnElement[bool] | None:
        flag = self._source.flags[name]
        return flag.known if known else flag.is_set

    def _dimension(self, name: str) -> ColumnElement[Any]:
        return self._source.dimensions[name].column

    def _value(self, of: Operand) -> ColumnElement[Any]:
        return self._operand(of)

    def _quantile(self, of: Operand, value: ColumnElement[Any], q: float) -> ColumnElement[Any]:
        del of
        found = self._dialect.quantile(value, q)
        assert found is not None
        return found


class RankedFolds(Folds):
    """Parts as aggregates over records whose values are ranked in their groups."""

    def __init__(self, plain: Folds, ranked: Subquery, names: Mapping[Operand, str]) -> None:
        super().__init__(plain._source, plain._dialect, plain._operand, plain._wide)
        self._ranked = ranked.c
        self._names = names

    def _weight(self) -> ColumnElement[Any] | None:
        return None if self._source.weight is None else self._ranked[WEIGHT]

    def _flag(self, name: str, known: bool) -> ColumnElement[bool] | None:
        if known:
            unsure = self._source.flags[name].known is not None
            return self._ranked[known_name(name)] if unsure else None
        return self._ranked[set_name(name)]

    def _dimension(self, name: str) -> ColumnElement[Any]:
        return self._ranked[dimension_name(name)]

    def _value(self, of: Operand) -> ColumnElement[Any]:
        return self._ranked[self._names[of]]

    def _quantile(self, of: Operand, value: ColumnElement[Any], q: float) -> ColumnElement[Any]:
        """The values on both sides of the place q * (n - 1), each by how near it is."""
        name = self._names[of]
        rank, count = self._ranked[rank_name(name)], self._ranked[count_name(name)]
        place: ColumnElement[Any] = literal(q, Double()) * (count - 1)
        below = cast(place, Integer())
        share = place - below
        return func.sum(
            case(
                (rank == below + 1, value * (literal(1.0, Double()) - share)),
                (and_(rank == below + 2, share > 0), value * share),
            )
        )

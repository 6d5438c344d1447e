"""Parts as aggregates over the columns of records."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, distinct, func

from store.aggregation.catalog import Source
from store.aggregation.measures import Fold, Operand, Part
from store.dialects import DatabaseDialect


class Folds:
    """Parts as aggregates over the columns of records; ``parts`` are all that are folded at once."""

    def __init__(
        self,
        source: Source,
        dialect: DatabaseDialect,
        operand: Callable[[Operand], ColumnElement[Any]],
        parts: Iterable[Part],
        wide: bool,
    ) -> None:
        self._source = source
        self._dialect = dialect
        self._operand = operand
        self._wide = wide
        self._quantiles: defaultdict[Operand, list[float]] = defaultdict(list)
        for part in dict.fromkeys(parts):
            if part.of is not None and part.q is not None:
                self._quantiles[part.of].append(part.q)

    def part(self, part: Part) -> ColumnElement[Any]:
        of = part.of
        match part.fold:
            case Fold.ROWS:
                return self._count(None)
            case Fold.TRUE_COUNT:
                return self._count(self._source.flags[str(of)].is_set)
            case Fold.ANSWERED_COUNT:
                return self._count(self._source.flags[str(of)].known)
            case Fold.DISTINCT:
                return func.count(distinct(self._source.dimensions[str(of)].column))
            case _:
                assert of is not None
                return self._of_value(part, of, self._operand(of))

    def _of_value(self, part: Part, of: Operand, value: ColumnElement[Any]) -> ColumnElement[Any]:
        match part.fold:
            case Fold.NON_NULL_COUNT:
                if self._source.weight is None:
                    return func.count(value)
                return self._count(value.is_not(None))
            case Fold.MIN:
                return func.min(value)
            case Fold.MAX:
                return func.max(value)
            case Fold.QUANTILE:
                assert part.q is not None
                return self._dialect.sketches.quantile(value, part.q, tuple(self._quantiles[of]))
            case _:
                return self._dialect.expressions.exact_sum(value) if self._wide else func.sum(value)

    def _count(self, which: ColumnElement[bool] | None) -> ColumnElement[Any]:
        weight = self._source.weight
        if weight is None:
            return func.count() if which is None else func.count().filter(which)
        counted = func.sum(self._source.table.columns[weight])
        matching = counted if which is None else counted.filter(which)
        return cast(func.coalesce(matching, 0), BigInteger())

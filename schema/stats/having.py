"""Define conditions on measures, and convert them to conditions of a query."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import strawberry

from schema.conditions import Path, condition, conditions_in, operators_in
from schema.filter_operators import NumberFilter
from schema.filters import OPERATORS
from schema.hydration import described
from schema.stats.fields import MeasureField, NumberField, ValueField
from schema.stats.shapes import QUANTILES, STATS
from schema.stats.vocabulary import MODEL_TEXT, PATH_TEXT, StatsDimension
from store.aggregation.catalog import Scale
from store.aggregation.measures import (
    Attribute,
    CostPart,
    Distinct,
    Measure,
    Operand,
    Quantile,
    Statistic,
    cost_at,
)
from store.aggregation.queries import (
    Having,
)
from store.errors import InvalidInputError
from store.pricing.prices import NANOS_PER_DOLLAR
from store.query.filters import parse_path


@strawberry.input(
    description="Conditions on the folds of a number. Conditions are combined with AND."
)
class NumberHaving:
    sum: NumberFilter | None = condition("Sum of the values.")
    avg: NumberFilter | None = condition("Mean of the values.")
    min: NumberFilter | None = condition("Smallest value.")
    max: NumberFilter | None = condition("Largest value.")
    p50: NumberFilter | None = condition("The median.")
    p90: NumberFilter | None = condition("90th percentile.")
    p95: NumberFilter | None = condition("95th percentile.")
    p99: NumberFilter | None = condition("99th percentile.")


@strawberry.input(description="Conditions on a number that is stored only as a sum.")
class SumHaving:
    sum: NumberFilter | None = condition("Sum of the values.")
    avg: NumberFilter | None = condition("Mean per counter.")


@strawberry.input(description="Conditions on the numbers at a path in the attributes.")
class AttributeHaving(NumberHaving):
    path: str = described(PATH_TEXT)


@strawberry.input(description="A condition on the number of distinct values of a dimension.")
class DistinctHaving:
    field: StatsDimension = described("Dimension.")
    value: NumberFilter = described("Condition on the number.")


@strawberry.input(description="Conditions on costs at a model's prices, in US dollars.")
class CostAtHaving:
    model: str = described(MODEL_TEXT)
    baseline: NumberFilter | None = condition("Cost without savings and caches.")
    actual: NumberFilter | None = condition("Hypothetical cost.")
    saved: NumberFilter | None = condition("Difference between baseline and actual.")
    unpriced_count: NumberFilter | None = condition("Number of operations without a price.")


class HavingReader:
    """Collect the conditions of a having, and the path of each."""

    def __init__(self, fields: tuple[MeasureField, ...]) -> None:
        self._fields = fields
        self.having: list[Having] = []
        self.paths: list[Path] = []

    def read(self, having: Any) -> None:
        fields = {field.name: field for field in self._fields}
        for part in conditions_in(having, ("having",)):
            match fields[part.name]:
                case ValueField(measure=measure):
                    self._range(measure, part.value, part.path, 1)
                case NumberField(number=number):
                    unit = NANOS_PER_DOLLAR if number.scale is Scale.NANODOLLARS else 1
                    self._number(number.name, part.value, part.path, unit)
                case _:
                    for index, item in enumerate(part.value):
                        self._listed(item, (*part.path, index))

    def _listed(self, item: DistinctHaving | AttributeHaving | CostAtHaving, path: Path) -> None:
        match item:
            case DistinctHaving():
                self._range(Distinct(item.field.value), item.value, (*path, "value"), 1)
            case AttributeHaving():
                self._number(attribute_at(item.path, (*path, "path")), item, path, 1)
            case _:
                self._costs(item, path)

    def _costs(self, item: CostAtHaving, path: Path) -> None:
        for operator in operators_in(item, path, apart_from=("model",)):
            part = CostPart(operator.name)
            unit = 1 if part is CostPart.UNPRICED_COUNT else NANOS_PER_DOLLAR
            self._range(cost_at(item.model, part), operator.value, operator.path, unit)

    def _number(self, of: Operand, item: NumberHaving | SumHaving, path: Path, unit: int) -> None:
        measures = dict(folds_of(of))
        for operator in operators_in(item, path, apart_from=("path",)):
            self._range(measures[operator.name], operator.value, operator.path, unit)

    def _range(self, measure: Measure, number_filter: NumberFilter, path: Path, unit: int) -> None:
        for operator in operators_in(number_filter, path):
            self.having.append(
                Having(measure, OPERATORS[operator.name], scaled(operator.value, unit))
            )
            self.paths.append(operator.path)


def scaled(value: Any, unit: int) -> Any:
    """Return a number, or each one of a list, in the unit of the store; a boolean is unchanged."""
    if isinstance(value, list):
        return [scaled(item, unit) for item in value]
    return value if isinstance(value, bool) else exact(value) * unit


def exact(value: float) -> int | Decimal:
    """Return the number as written: 0.1 is a tenth."""
    return value if isinstance(value, int) else Decimal(repr(value))


def folds_of(of: Operand) -> Iterator[tuple[str, Measure]]:
    for name, stat in STATS.items():
        yield name, Statistic(of, stat)
    for name, q in QUANTILES.items():
        yield name, Quantile(of, q)


def attribute_at(path: str, place: Path) -> Attribute:
    """Return the attribute; raise ``InvalidInputError`` that names ``place``."""
    try:
        return Attribute(parse_path(path))
    except InvalidInputError as error:
        raise InvalidInputError(error.problems[0].message, place) from None

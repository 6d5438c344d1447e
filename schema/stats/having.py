"""Conditions on measures, and how they become conditions of a question."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import strawberry

from schema.conditions import Path, condition, given_in, operators_in
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
    """The folds that have a name."""

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
    """Sum and mean."""

    sum: NumberFilter | None = condition("Sum of the values.")
    avg: NumberFilter | None = condition("Mean per counter.")


@strawberry.input(description="Conditions on the numbers at a path in the attributes.")
class AttributeHaving(NumberHaving):
    """The folds that have a name."""

    path: str = described(PATH_TEXT)


@strawberry.input(description="A condition on the number of distinct values of a dimension.")
class DistinctHaving:
    """A dimension of the source."""

    field: StatsDimension = described("Dimension.")
    value: NumberFilter = described("Condition on the number.")


@strawberry.input(description="Conditions on costs at a model's prices, in US dollars.")
class CostAtHaving:
    """The parts of the measure."""

    model: str = described(MODEL_TEXT)
    baseline: NumberFilter | None = condition("Cost without savings and caches.")
    actual: NumberFilter | None = condition("Hypothetical cost.")
    saved: NumberFilter | None = condition("Difference between baseline and actual.")
    unpriced_count: NumberFilter | None = condition("Number of operations without a price.")


class HavingReader:
    """The conditions of a having, and where in it each one stands."""

    def __init__(self, fields: tuple[MeasureField, ...]) -> None:
        self._fields = fields
        self.having: list[Having] = []
        self.paths: list[Path] = []

    def read(self, asked: Any) -> None:
        """Take every condition of one ``...Having``."""
        fields = {field.name: field for field in self._fields}
        for given in given_in(asked, ("having",)):
            match fields[given.name]:
                case ValueField(measure=measure):
                    self._range(measure, given.value, given.path, 1)
                case NumberField(number=number):
                    unit = NANOS_PER_DOLLAR if number.scale is Scale.NANODOLLARS else 1
                    self._number(number.name, given.value, given.path, unit)
                case _:
                    for place, one in enumerate(given.value):
                        self._listed(one, (*given.path, place))

    def _listed(self, given: DistinctHaving | AttributeHaving | CostAtHaving, path: Path) -> None:
        match given:
            case DistinctHaving():
                self._range(Distinct(given.field.value), given.value, (*path, "value"), 1)
            case AttributeHaving():
                self._number(attribute_at(given.path, (*path, "path")), given, path, 1)
            case _:
                self._costs(given, path)

    def _costs(self, given: CostAtHaving, path: Path) -> None:
        for asked in operators_in(given, path, apart_from=("model",)):
            part = CostPart(asked.name)
            unit = 1 if part is CostPart.UNPRICED_COUNT else NANOS_PER_DOLLAR
            self._range(cost_at(given.model, part), asked.value, asked.path, unit)

    def _number(self, of: Operand, given: NumberHaving | SumHaving, path: Path, unit: int) -> None:
        measures = dict(folds_of(of))
        for asked in operators_in(given, path, apart_from=("path",)):
            self._range(measures[asked.name], asked.value, asked.path, unit)

    def _range(self, measure: Measure, given: NumberFilter, path: Path, unit: int) -> None:
        for asked in operators_in(given, path):
            self.having.append(Having(measure, OPERATORS[asked.name], scaled(asked.value, unit)))
            self.paths.append(asked.path)


def scaled(value: Any, unit: int) -> Any:
    """Return a number, or each one of a list, in the unit of the store; a boolean is unchanged."""
    if isinstance(value, list):
        return [scaled(one, unit) for one in value]
    return value if isinstance(value, bool) else exact(value) * unit


def exact(value: float) -> int | Decimal:
    """Return the number as it was written: 0.1 is a tenth."""
    return value if isinstance(value, int) else Decimal(repr(value))


def folds_of(of: Operand) -> Iterator[tuple[str, Measure]]:
    """Every fold of a number that has a name."""
    for name, stat in STATS.items():
        yield name, Statistic(of, stat)
    for name, q in QUANTILES.items():
        yield name, Quantile(of, q)


def attribute_at(path: str, place: Path) -> Attribute:
    """An attribute; raises ``InvalidInputError`` that names ``place``."""
    try:
        return Attribute(parse_path(path))
    except InvalidInputError as error:
        raise InvalidInputError(error.problems[0].message, place) from None

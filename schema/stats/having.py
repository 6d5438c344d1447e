"""Conditions on measures, and how they become conditions of a question."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from schema.hydration import described
from schema.scalars import Number
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
from store.aggregation.questions import Having, Than
from store.errors import BadInput
from store.filters import parse_path
from store.prices import NANOS_PER_DOLLAR

Path = tuple[str | int, ...]


@strawberry.input(
    description="A condition on a measure. All that is given must hold; null never does."
)
class StatsRange:
    """Money is in US dollars."""

    eq: Number | None = described("Equal.", default=None)
    gt: Number | None = described("Greater.", default=None)
    gte: Number | None = described("Greater or equal.", default=None)
    lt: Number | None = described("Less.", default=None)
    lte: Number | None = described("Less or equal.", default=None)


@strawberry.input(description="Conditions on the folds of a number. All that is given must hold.")
class NumberHaving:
    """The folds that have a name."""

    sum: StatsRange | None = described("All together.", default=None)
    avg: StatsRange | None = described("The mean.", default=None)
    min: StatsRange | None = described("The least.", default=None)
    max: StatsRange | None = described("The greatest.", default=None)
    p50: StatsRange | None = described("The median.", default=None)
    p90: StatsRange | None = described("What 90 % do not pass.", default=None)
    p95: StatsRange | None = described("What 95 % do not pass.", default=None)
    p99: StatsRange | None = described("What 99 % do not pass.", default=None)


@strawberry.input(description="Conditions on a number that is known as a sum only.")
class SumHaving:
    """Sum and mean."""

    sum: StatsRange | None = described("All together.", default=None)
    avg: StatsRange | None = described("The mean per counter.", default=None)


@strawberry.input(description="Conditions on the numbers at a place in the attributes.")
class AttributeHaving(NumberHaving):
    """The folds that have a name."""

    path: str = described(PATH_TEXT)


@strawberry.input(description="A condition on how many different values a dimension has.")
class DistinctHaving:
    """A dimension of the source."""

    field: StatsDimension = described("Which dimension.")
    value: StatsRange = described("How many.")


@strawberry.input(description="Conditions on costs at the prices of a model, in US dollars.")
class CostAtHaving:
    """The parts of the measure."""

    model: str = described(MODEL_TEXT)
    baseline: StatsRange | None = described("Without savings and caches.", default=None)
    actual: StatsRange | None = described("What it would have cost.", default=None)
    saved: StatsRange | None = described("The difference.", default=None)
    unpriced_count: StatsRange | None = described("How many have no price.", default=None)


class HavingReader:
    """The conditions of a having, and where in it each one stands."""

    def __init__(self, fields: tuple[MeasureField, ...]) -> None:
        self._fields = fields
        self.having: list[Having] = []
        self.paths: list[Path] = []

    def read(self, asked: Any) -> None:
        """Take every condition of one ``...Having``."""
        for field in self._fields:
            given = getattr(asked, field.name, None)
            if given is None:
                continue
            path = ("having", field.graphql_name)
            match field:
                case ValueField():
                    self._range(field.measure, given, path, 1)
                case NumberField():
                    is_money = field.number.scale is Scale.NANODOLLARS
                    unit = NANOS_PER_DOLLAR if is_money else 1
                    self._number(field.number.name, given, path, unit)
                case _:
                    for i, one in enumerate(given):
                        self._listed(one, (*path, i))

    def _listed(self, given: DistinctHaving | AttributeHaving | CostAtHaving, path: Path) -> None:
        match given:
            case DistinctHaving():
                self._range(Distinct(given.field.value), given.value, (*path, "value"), 1)
            case AttributeHaving():
                self._number(attribute_at(given.path, (*path, "path")), given, path, 1)
            case _:
                self._costs(given, path)

    def _costs(self, given: CostAtHaving, path: Path) -> None:
        for part in CostPart:
            asked = getattr(given, part.value)
            if asked is not None:
                unit = 1 if part is CostPart.UNPRICED_COUNT else NANOS_PER_DOLLAR
                place = (*path, to_camel_case(part.value))
                self._range(cost_at(given.model, part), asked, place, unit)

    def _number(self, of: Operand, given: NumberHaving | SumHaving, path: Path, unit: int) -> None:
        for name, measure in folds_of(of):
            asked = getattr(given, name, None)
            if asked is not None:
                self._range(measure, asked, (*path, name), unit)

    def _range(self, measure: Measure, given: StatsRange, path: Path, unit: int) -> None:
        definition = get_object_definition(StatsRange, strict=True)
        for field in definition.fields:
            value = getattr(given, field.python_name)
            if value is not None:
                self.having.append(Having(measure, Than(field.python_name), exact(value) * unit))
                self.paths.append((*path, to_camel_case(field.python_name)))


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
    """An attribute; raises ``BadInput`` that names ``place``."""
    try:
        return Attribute(parse_path(path))
    except BadInput as error:
        raise BadInput(error.problems[0].message, place) from None

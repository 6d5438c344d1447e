"""Measures as frozen values: which parts each needs, and how its value comes from them.

A part is what the database folds rows into. Mergeable parts (counts, sums, extremes) of disjoint
sets of rows give the part of their union; quantiles and distinct counts do not. A measure's value
is one part, or one part divided by another, so that SQL and Python say it in the same words.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from store.aggregation.catalog import Stat


@dataclass(frozen=True, slots=True)
class Attribute:
    """A place in the attributes; ``path`` are object keys (``store.query.filters.parse_path``)."""

    path: tuple[str, ...]


class CostPart(StrEnum):
    BASELINE = "baseline"
    ACTUAL = "actual"
    SAVED = "saved"
    UNPRICED_COUNT = "unpriced_count"


@dataclass(frozen=True, slots=True)
class CostAt:
    """What a record's tokens would have cost at the prices of ``model`` (``model_prices``).

    For ``UNPRICED_COUNT`` any value where it has tokens and the model had no price.
    """

    model: str
    part: CostPart


Operand = str | Attribute | CostAt
"""The name of a number of the catalog, a place in the attributes, or a cost at other prices."""


class Fold(StrEnum):
    ROWS = "rows"
    """How many things the rows stand for."""
    TRUE_COUNT = "set"
    """How many of them have the flag ``of``."""
    ANSWERED_COUNT = "known"
    """How many of them have an answer to the flag ``of``."""
    NON_NULL_COUNT = "present"
    """How many of them have a value of ``of``."""
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    QUANTILE = "quantile"
    """The quantile ``q`` of the values of ``of``, by linear interpolation between neighbours."""
    DISTINCT = "distinct"
    """How many different values the dimension ``of`` has; null is none."""


UNMERGEABLE = frozenset({Fold.QUANTILE, Fold.DISTINCT})
COUNTS = frozenset(
    {Fold.ROWS, Fold.TRUE_COUNT, Fold.ANSWERED_COUNT, Fold.NON_NULL_COUNT, Fold.DISTINCT}
)
"""Folds that are zero, and not null, over no rows."""


@dataclass(frozen=True, slots=True)
class Part:
    """One fold of rows: of a number, attribute, flag or dimension, as ``fold`` says."""

    fold: Fold
    of: Operand | None = None
    q: float | None = None

    @property
    def mergeable(self) -> bool:
        return self.fold not in UNMERGEABLE


@dataclass(frozen=True, slots=True)
class Formula:
    """``numerator``, divided by ``denominator`` if there is one; null if that is zero or null.

    ``per_second`` divides by how long the span or bucket lasts.
    """

    numerator: Part
    denominator: Part | None = None
    per_second: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)

    def value(self, numerator: "Value", denominator: "Value", seconds: float | None) -> "Value":
        """Return the value out of its parts; ``seconds`` is how long the span or bucket lasts."""
        if self.per_second:
            return None if numerator is None or not seconds else numerator / seconds
        if self.denominator is None:
            return numerator
        return numerator / denominator if numerator is not None and denominator else None


@dataclass(frozen=True, slots=True)
class Count:
    """How many records; of interactions, how many calls."""


@dataclass(frozen=True, slots=True)
class FlagCount:
    flag: str


@dataclass(frozen=True, slots=True)
class FlagRate:
    """Which part of the records that have an answer has the flag; 0 to 1."""

    flag: str


@dataclass(frozen=True, slots=True)
class Statistic:
    of: Operand
    stat: Stat


@dataclass(frozen=True, slots=True)
class Present:
    of: Operand


@dataclass(frozen=True, slots=True)
class Quantile:
    """The value below which the part ``q`` of a number's values lies."""

    of: Operand
    q: float


@dataclass(frozen=True, slots=True)
class Ratio:
    numerator: Operand
    denominator: Operand


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values a dimension has; null is none."""

    of: str


@dataclass(frozen=True, slots=True)
class PerSecond:
    """Records per second of the bucket, or of the whole span where nothing is bucketed.

    A span that began or ends inside a bucket counts with the part that lies in it.
    """


NumberMeasure = Statistic | Present | Quantile | Ratio
Measure = Count | FlagCount | FlagRate | Distinct | PerSecond | NumberMeasure

COUNT = Count()
ERROR_COUNT, ERROR_RATE = FlagCount("error"), FlagRate("error")
UNPRICED_COUNT = FlagCount("unpriced")
CACHE_HIT_RATE = FlagRate("cache_hit")
SAVINGS_RATE = Ratio("cost_saved", "cost_baseline")
PER_SECOND = PerSecond()

FOLDS = {Stat.SUM: Fold.SUM, Stat.MIN: Fold.MIN, Stat.MAX: Fold.MAX}


def formula_of(measure: Measure) -> Formula:
    match measure:
        case Count() | PerSecond():
            return Formula(Part(Fold.ROWS), per_second=isinstance(measure, PerSecond))
        case FlagCount(flag):
            return Formula(Part(Fold.TRUE_COUNT, flag))
        case FlagRate(flag):
            return Formula(Part(Fold.TRUE_COUNT, flag), Part(Fold.ANSWERED_COUNT, flag))
        case Distinct(of):
            return Formula(Part(Fold.DISTINCT, of))
        case _:
            return _formula_of_number(measure)


def _formula_of_number(measure: NumberMeasure) -> Formula:
    match measure:
        case Statistic(of, Stat.AVG):
            return Formula(Part(Fold.SUM, of), Part(Fold.NON_NULL_COUNT, of))
        case Statistic(of, stat):
            return Formula(Part(FOLDS[stat], of))
        case Present(of):
            return Formula(Part(Fold.NON_NULL_COUNT, of))
        case Quantile(of, q):
            return Formula(Part(Fold.QUANTILE, of, q))
        case Ratio(numerator, denominator):
            return Formula(Part(Fold.SUM, numerator), Part(Fold.SUM, denominator))
        case _:
            assert_never(measure)


def cost_at(model: str, part: CostPart) -> Measure:
    of = CostAt(model, part)
    return Present(of) if part is CostPart.UNPRICED_COUNT else Statistic(of, Stat.SUM)


def parts_of(measures: tuple[Measure, ...]) -> tuple[Part, ...]:
    return tuple(dict.fromkeys(p for m in measures for p in formula_of(m).parts))


Value = int | float | None


def empty_value(measure: Measure, seconds: float | None = None) -> Value:
    formula = formula_of(measure)
    numerator, denominator = (0 if part and part.fold in COUNTS else None
                   for part in (formula.numerator, formula.denominator))  # fmt: skip
    return formula.value(numerator, denominator, seconds)

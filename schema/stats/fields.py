"""The measures of a source as fields: which measures a selection needs, and how they are shown."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from strawberry.utils.str_converters import to_camel_case

from schema.hydration import hydrate
from schema.scalars import Long
from schema.selection import Selection
from schema.stats.shapes import (
    QUANTILES,
    STATS,
    AttributeStats,
    CostChanges,
    CostStats,
    NumberStats,
    SumChanges,
    SumStats,
    WholeChanges,
    WholeStats,
)
from schema.stats.words import FLAGS, NUMBERS, noun_of
from store.aggregation.catalog import EVERY_STAT, Number, Scale, Source, Stat
from store.aggregation.measures import (
    COUNT,
    PER_SECOND,
    UNPRICED_COUNT,
    Attribute,
    CostPart,
    Distinct,
    FlagCount,
    FlagRate,
    Measure,
    Operand,
    Quantile,
    Ratio,
    Statistic,
    Value,
    cost_at,
)
from store.pricing.prices import NANOS_PER_DOLLAR
from store.query.filters import parse_path

T = TypeVar("T")
Values = Mapping[Measure, Value]
Show = Callable[[Values, bool], Any]
"""A field's value out of all values; true where these are quotients and have no unit any more."""
COST_AT_TEXT = (
    "Cost of the same tokens at a model's prices in force when each operation occurred. "
    "Prices of the organization take precedence over those of the installation. A "
    "tool's tokens count as input. Operations without a price at that time have no cost "
    "and are counted in unpricedCount."
)
CHANGES: dict[type[Any], type[Any]] = {
    NumberStats: NumberStats,
    WholeStats: WholeChanges,
    SumStats: SumChanges,
}
"""What says how far the folds of a number moved."""
COSTS = {"baseline": "cost_baseline", "actual": "cost_actual", "saved": "cost_saved"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of an answer as it was selected: what it needs, and its value out of that."""

    name: str
    measures: tuple[Measure, ...]
    show: Show


@dataclass(frozen=True, slots=True)
class MeasureField(ABC):
    """A field of the measures of a source; ``name`` is the Python name of it."""

    name: str
    description: str

    @property
    def graphql_name(self) -> str:
        """As callers write it."""
        return to_camel_case(self.name)

    @abstractmethod
    def annotation(self, changes: bool) -> Any:
        """Its type; of ``changes`` where it says how far something moved."""

    def shown(self, below: Selection) -> Iterator[Shown]:
        """What is to be shown of it, if it is selected."""
        if self.graphql_name in below:
            yield self._shown(below)

    @abstractmethod
    def _shown(self, below: Selection) -> Shown: ...


@dataclass(frozen=True, slots=True)
class ValueField(MeasureField):
    """A single value."""

    measure: Measure
    is_count: bool = False

    def annotation(self, changes: bool) -> Any:
        return Long if self.is_count and not changes else float | None

    def _shown(self, below: Selection) -> Shown:
        del below
        return Shown(self.name, (self.measure,), lambda values, _: values[self.measure])


@dataclass(frozen=True, slots=True)
class NumberField(MeasureField):
    """A number of the catalog with its folds."""

    number: Number

    @property
    def _type(self) -> type[Any]:
        if self.number.stats != EVERY_STAT:
            return SumStats
        is_whole = self.number.is_integer and self.number.scale is not Scale.NANODOLLARS
        return WholeStats if is_whole else NumberStats

    def annotation(self, changes: bool) -> Any:
        if changes:
            return CHANGES[self._type] | None
        return self._type | None

    def _shown(self, below: Selection) -> Shown:
        folds = Folds.of(self.number.name, below.below(self.graphql_name))
        is_money = self.number.scale is Scale.NANODOLLARS
        return Shown(
            self.name, folds.measures, lambda v, quotient: folds.show(v, is_money and not quotient)
        )


@dataclass(frozen=True, slots=True)
class CostField(MeasureField):
    """Sums of money side by side."""

    def annotation(self, changes: bool) -> Any:
        return (CostChanges if changes else CostStats) | None

    def _shown(self, below: Selection) -> Shown:
        found = below.below(self.graphql_name)
        sums: dict[str, Measure] = {
            name: Statistic(column, Stat.SUM) for name, column in COSTS.items() if name in found
        }
        counted = "unpricedCount" in found
        measures = (*sums.values(), *((UNPRICED_COUNT,) if counted else ()))

        def show(values: Values, quotients: bool) -> CostStats:
            unit = as_it_is if quotients else dollars
            shown = {name: unit(values[measure]) for name, measure in sums.items()}
            if counted:
                shown["unpriced_count"] = values[UNPRICED_COUNT]
            return hydrate(CostStats, shown)

        return Shown(self.name, measures, show)


@dataclass(frozen=True, slots=True)
class CostAtField(MeasureField):
    """The same tokens at the prices of a model; which one is an argument."""

    def annotation(self, changes: bool) -> Any:
        return (CostChanges if changes else CostStats) | None

    def _shown(self, below: Selection) -> Shown:
        asked: dict[str, dict[CostPart, Measure]] = {}
        for given, found in below.each(self.graphql_name):
            model = str(given["model"])
            parts = [part for part in CostPart if to_camel_case(part.value) in found]
            asked.setdefault(model, {}).update({part: cost_at(model, part) for part in parts})
        measures = dict.fromkeys(m for parts in asked.values() for m in parts.values())

        def show(values: Values, quotients: bool) -> dict[str, CostStats]:
            return {
                model: hydrate(
                    CostStats,
                    {
                        part.value: shown_cost(part, values[measure], quotients)
                        for part, measure in parts.items()
                    },
                )
                for model, parts in asked.items()
            }

        return Shown("costs_at", tuple(measures), show)


def shown_cost(part: CostPart, value: Value, is_quotient: bool) -> Value:
    """A part of costs in US dollars, counts and quotients as they are."""
    is_plain = is_quotient or part is CostPart.UNPRICED_COUNT
    return value if is_plain else dollars(value)


@dataclass(frozen=True, slots=True)
class DistinctField(MeasureField):
    """How many different values dimensions have; which ones is an argument."""

    def annotation(self, changes: bool) -> Any:
        return float | None if changes else Long

    def _shown(self, below: Selection) -> Shown:
        asked = dict.fromkeys(
            Distinct(str(given["field"]).lower()) for given, _ in below.each(self.graphql_name)
        )
        return Shown(
            "distinct_values",
            tuple(asked),
            lambda values, _: {measure.of: values[measure] for measure in asked},
        )


@dataclass(frozen=True, slots=True)
class AttributeField(MeasureField):
    """Folds of numbers in the attributes; at which place is an argument."""

    def annotation(self, changes: bool) -> Any:
        del changes
        return AttributeStats | None

    def _shown(self, below: Selection) -> Shown:
        folds: dict[tuple[str, ...], Folds] = {}
        for given, found in below.each(self.graphql_name):
            path = parse_path(given["path"])
            asked = Folds.of(Attribute(path), found)
            folds[path] = folds[path].joined(asked) if path in folds else asked
        measures = dict.fromkeys(m for fold in folds.values() for m in fold.measures)
        return Shown(
            "attribute_values",
            tuple(measures),
            lambda values, _: {path: fold.show(values, False) for path, fold in folds.items()},
        )


@dataclass(frozen=True, slots=True)
class Folds:
    """The selected folds of one number, by the names of their fields; quantiles by their q."""

    named: Mapping[str, Measure]
    quantiles: Mapping[float, Measure]

    @classmethod
    def of(cls, operand: Operand, below: Selection) -> "Folds":
        """Of what is selected below a number."""
        named: dict[str, Measure] = {
            name: Statistic(operand, stat) for name, stat in STATS.items() if name in below
        }
        named |= {name: Quantile(operand, q) for name, q in QUANTILES.items() if name in below}
        asked = [float(given["q"]) for given, _ in below.each("quantile")]
        return cls(named, {q: Quantile(operand, q) for q in asked})

    def joined(self, other: "Folds") -> "Folds":
        """Of two selections of the same number."""
        return Folds({**self.named, **other.named}, {**self.quantiles, **other.quantiles})

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is to be computed."""
        return tuple(dict.fromkeys((*self.named.values(), *self.quantiles.values())))

    def show(self, values: Values, is_money: bool) -> NumberStats:
        """The object with these folds; all types of folds have the same names."""
        show = dollars if is_money else as_it_is
        shown: dict[str, Any] = {name: show(values[m]) for name, m in self.named.items()}
        shown["quantiles"] = {q: show(values[m]) for q, m in self.quantiles.items()}
        return hydrate(NumberStats, shown)


def dollars(nanos: Value) -> Value:
    """Nano-dollars, whole or not, in US dollars."""
    return None if nanos is None else nanos / NANOS_PER_DOLLAR


def as_it_is(value: Value) -> Value:
    """The value itself."""
    return value


def measure_fields(source: Source) -> tuple[MeasureField, ...]:
    """Every field of the measures of ``source``, in the order of the schema."""
    return tuple(_fields(source))


def _fields(source: Source) -> Iterator[MeasureField]:
    noun = noun_of(source)
    yield ValueField("count", f"Number of {noun}.", COUNT, is_count=True)
    for flag in source.flags:
        words = FLAGS[flag]
        yield ValueField(f"{flag}_count", f"Number {words}.", FlagCount(flag), is_count=True)
        yield ValueField(
            f"{flag}_rate",
            f"Fraction {words}, from 0 to 1; null if there are no {noun}.",
            FlagRate(flag),
        )
    yield ValueField(
        "per_second", f"{noun.capitalize()} per second of the bucket or time range.", PER_SECOND
    )
    for name, number in source.numbers.items():
        yield NumberField(name, NUMBERS[name], number)
    if set(COSTS.values()) <= set(source.numbers):
        yield CostField("cost", "Costs in US dollars.")
    if source.has_tokens:
        yield CostAtField("cost_at", COST_AT_TEXT)
    if source.savings is not None:
        yield ValueField(
            "savings_rate", "Savings as a fraction of the baseline.", Ratio(*source.savings)
        )
    yield DistinctField("distinct", "Number of distinct values of a dimension, not counting null.")
    if source.attributes is not None:
        yield AttributeField("attribute", "Statistics of the numbers at a path in the attributes.")

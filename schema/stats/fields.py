"""Define the measures of a source as fields: which measures a selection needs, and how they are shown."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from strawberry.utils.str_converters import to_camel_case

from schema.hydration import hydrate
from schema.scalars import Long
from schema.selection import Selection
from schema.stats.descriptions import FLAGS, NUMBERS, noun_of
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
"""Computes a field's value; true if the values are quotients, which have no unit."""
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
"""Types of changes, by the type of the folds."""
COSTS = {"baseline": "cost_baseline", "actual": "cost_actual", "saved": "cost_saved"}


@dataclass(frozen=True, slots=True)
class FieldProjection:
    """Hold a selected field: the measures it needs, and how to compute its value from them."""

    name: str
    measures: tuple[Measure, ...]
    show: Show


@dataclass(frozen=True, slots=True)
class MeasureField(ABC):
    name: str
    description: str

    @property
    def graphql_name(self) -> str:
        return to_camel_case(self.name)

    @abstractmethod
    def annotation(self, changes: bool) -> Any:
        """Return the type of the field, or with ``changes`` of its changes."""

    def project(self, below: Selection) -> Iterator[FieldProjection]:
        if self.graphql_name in below:
            yield self._project(below)

    @abstractmethod
    def _project(self, below: Selection) -> FieldProjection: ...


@dataclass(frozen=True, slots=True)
class ValueField(MeasureField):
    measure: Measure
    is_count: bool = False

    def annotation(self, changes: bool) -> Any:
        return Long if self.is_count and not changes else float | None

    def _project(self, below: Selection) -> FieldProjection:
        del below
        return FieldProjection(self.name, (self.measure,), lambda values, _: values[self.measure])


@dataclass(frozen=True, slots=True)
class NumberField(MeasureField):
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

    def _project(self, below: Selection) -> FieldProjection:
        folds = Folds.of(self.number.name, below.below(self.graphql_name))
        is_money = self.number.scale is Scale.NANODOLLARS
        return FieldProjection(
            self.name, folds.measures, lambda v, quotient: folds.show(v, is_money and not quotient)
        )


@dataclass(frozen=True, slots=True)
class CostField(MeasureField):
    def annotation(self, changes: bool) -> Any:
        return (CostChanges if changes else CostStats) | None

    def _project(self, below: Selection) -> FieldProjection:
        selected = below.below(self.graphql_name)
        sums: dict[str, Measure] = {
            name: Statistic(column, Stat.SUM) for name, column in COSTS.items() if name in selected
        }
        counted = "unpricedCount" in selected
        measures = (*sums.values(), *((UNPRICED_COUNT,) if counted else ()))

        def show(values: Values, quotients: bool) -> CostStats:
            unit = identity if quotients else dollars
            dollars_by_name = {name: unit(values[measure]) for name, measure in sums.items()}
            if counted:
                dollars_by_name["unpriced_count"] = values[UNPRICED_COUNT]
            return hydrate(CostStats, dollars_by_name)

        return FieldProjection(self.name, measures, show)


@dataclass(frozen=True, slots=True)
class CostAtField(MeasureField):
    def annotation(self, changes: bool) -> Any:
        return (CostChanges if changes else CostStats) | None

    def _project(self, below: Selection) -> FieldProjection:
        parts_by_model: dict[str, dict[CostPart, Measure]] = {}
        for arguments, selected in below.each(self.graphql_name):
            model = str(arguments["model"])
            parts = [part for part in CostPart if to_camel_case(part.value) in selected]
            parts_by_model.setdefault(model, {}).update(
                {part: cost_at(model, part) for part in parts}
            )
        measures = dict.fromkeys(m for parts in parts_by_model.values() for m in parts.values())

        def show(values: Values, quotients: bool) -> dict[str, CostStats]:
            return {
                model: hydrate(
                    CostStats,
                    {
                        part.value: shown_cost(part, values[measure], quotients)
                        for part, measure in parts.items()
                    },
                )
                for model, parts in parts_by_model.items()
            }

        return FieldProjection("costs_at", tuple(measures), show)


def shown_cost(part: CostPart, value: Value, is_quotient: bool) -> Value:
    is_plain = is_quotient or part is CostPart.UNPRICED_COUNT
    return value if is_plain else dollars(value)


@dataclass(frozen=True, slots=True)
class DistinctField(MeasureField):
    def annotation(self, changes: bool) -> Any:
        return float | None if changes else Long

    def _project(self, below: Selection) -> FieldProjection:
        counts = dict.fromkeys(
            Distinct(str(arguments["field"]).lower())
            for arguments, _ in below.each(self.graphql_name)
        )
        return FieldProjection(
            "distinct_values",
            tuple(counts),
            lambda values, _: {measure.of: values[measure] for measure in counts},
        )


@dataclass(frozen=True, slots=True)
class AttributeField(MeasureField):
    def annotation(self, changes: bool) -> Any:
        del changes
        return AttributeStats | None

    def _project(self, below: Selection) -> FieldProjection:
        folds: dict[tuple[str, ...], Folds] = {}
        for arguments, selected in below.each(self.graphql_name):
            path = parse_path(arguments["path"])
            selected_folds = Folds.of(Attribute(path), selected)
            folds[path] = folds[path].joined(selected_folds) if path in folds else selected_folds
        measures = dict.fromkeys(m for fold in folds.values() for m in fold.measures)
        return FieldProjection(
            "attribute_values",
            tuple(measures),
            lambda values, _: {path: fold.show(values, False) for path, fold in folds.items()},
        )


@dataclass(frozen=True, slots=True)
class Folds:
    """Hold the selected folds of one number, by field name; quantiles by their q."""

    by_name: Mapping[str, Measure]
    quantiles: Mapping[float, Measure]

    @classmethod
    def of(cls, operand: Operand, below: Selection) -> "Folds":
        by_name: dict[str, Measure] = {
            name: Statistic(operand, stat) for name, stat in STATS.items() if name in below
        }
        by_name |= {name: Quantile(operand, q) for name, q in QUANTILES.items() if name in below}
        quantiles = [float(values["q"]) for values, _ in below.each("quantile")]
        return cls(by_name, {q: Quantile(operand, q) for q in quantiles})

    def joined(self, other: "Folds") -> "Folds":
        return Folds({**self.by_name, **other.by_name}, {**self.quantiles, **other.quantiles})

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(dict.fromkeys((*self.by_name.values(), *self.quantiles.values())))

    def show(self, values: Values, is_money: bool) -> NumberStats:
        """Return the object with these folds; all types of folds have the same names."""
        show = dollars if is_money else identity
        fold_values: dict[str, Any] = {name: show(values[m]) for name, m in self.by_name.items()}
        fold_values["quantiles"] = {q: show(values[m]) for q, m in self.quantiles.items()}
        return hydrate(NumberStats, fold_values)


def dollars(nanos: Value) -> Value:
    return None if nanos is None else nanos / NANOS_PER_DOLLAR


def identity(value: Value) -> Value:
    return value


def measure_fields(source: Source) -> tuple[MeasureField, ...]:
    return tuple(_fields(source))


def _fields(source: Source) -> Iterator[MeasureField]:
    noun = noun_of(source)
    yield ValueField("count", f"Number of {noun}.", COUNT, is_count=True)
    for flag in source.flags:
        phrase = FLAGS[flag]
        yield ValueField(f"{flag}_count", f"Number {phrase}.", FlagCount(flag), is_count=True)
        yield ValueField(
            f"{flag}_rate",
            f"Fraction {phrase}, from 0 to 1; null if there are no {noun}.",
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

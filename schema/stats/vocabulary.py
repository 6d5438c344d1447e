"""Define the enums that aggregations of all sources share, derived from the catalog."""

from enum import StrEnum
from typing import Any

from schema.enums import register
from schema.stats.descriptions import DIMENSIONS, FLAGS, NUMBERS
from store.aggregation.measures import (
    COUNT,
    PER_SECOND,
    SAVINGS_RATE,
    CostPart,
    FlagCount,
    FlagRate,
    Measure,
)
from store.aggregation.sources import SOURCES

PATH_TEXT = "Object keys joined by dots, such as plan.name. Write \\. for a dot in a key."
MODEL_TEXT = "Model name as used in prices. Without a price for the model, all costs are unpriced."
EVERY_FLAG = sorted({flag for source in SOURCES.values() for flag in source.flags})
PLAIN_MEASURES: dict[str, Measure] = {
    "count": COUNT,
    "per_second": PER_SECOND,
    "savings_rate": SAVINGS_RATE,
    **{f"{flag}_count": FlagCount(flag) for flag in EVERY_FLAG},
    **{f"{flag}_rate": FlagRate(flag) for flag in EVERY_FLAG},
}
"""Measures without arguments, by name."""
StatsMeasure: Any = StrEnum("StatsMeasure", {name.upper(): name for name in PLAIN_MEASURES})  # type: ignore[misc]
StatsDimension: Any = StrEnum(  # type: ignore[misc]
    "StatsDimension", {name.upper(): name for s in SOURCES.values() for name in s.dimensions}
)
StatsNumber: Any = StrEnum(  # type: ignore[misc]
    "StatsNumber", {name.upper(): name for s in SOURCES.values() for name in s.numbers}
)


register(
    CostPart,
    "A cost in US dollars, or the number of unpriced records.",
    BASELINE="Cost without savings and caches.",
    ACTUAL="Hypothetical cost.",
    SAVED="Difference between baseline and actual.",
    UNPRICED_COUNT="Number of records without a price.",
)
register(
    StatsDimension,
    "Dimensions of all sources. Use only those of the queried source.",
    **{m.name: DIMENSIONS[m.value] for m in StatsDimension},
)
register(
    StatsNumber,
    "Numbers of all sources. Use only those of the queried source.",
    **{m.name: NUMBERS[m.value] for m in StatsNumber},
)
register(
    StatsMeasure,
    "Measures of all sources that take no arguments. Use only those of the queried source.",
    COUNT="Number of records.",
    PER_SECOND="Number per second of the time range.",
    SAVINGS_RATE="Savings as a fraction of the baseline.",
    **{f"{flag.upper()}_COUNT": f"Number {FLAGS[flag]}." for flag in EVERY_FLAG},
    **{f"{flag.upper()}_RATE": f"Fraction {FLAGS[flag]}." for flag in EVERY_FLAG},
)

"""The words that questions about all sources share, put together from the catalog."""

from enum import StrEnum
from typing import Any

from schema.enums import register
from schema.stats.words import DIMENSIONS, FLAGS, NUMBERS
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

PATH_TEXT = "Object keys joined by dots, such as plan.name; \\. is a dot in a key."
MODEL_TEXT = "A model as its prices name it; one without a price leaves everything unpriced."
EVERY_FLAG = sorted({flag for source in SOURCES.values() for flag in source.flags})
PLAIN: dict[str, Measure] = {
    "count": COUNT,
    "per_second": PER_SECOND,
    "savings_rate": SAVINGS_RATE,
    **{f"{flag}_count": FlagCount(flag) for flag in EVERY_FLAG},
    **{f"{flag}_rate": FlagRate(flag) for flag in EVERY_FLAG},
}
"""Measures that a name says completely."""
StatsMeasure: Any = StrEnum("StatsMeasure", {name.upper(): name for name in PLAIN})  # type: ignore[misc]
StatsDimension: Any = StrEnum(  # type: ignore[misc]
    "StatsDimension", {name.upper(): name for s in SOURCES.values() for name in s.dimensions}
)
StatsNumber: Any = StrEnum(  # type: ignore[misc]
    "StatsNumber", {name.upper(): name for s in SOURCES.values() for name in s.numbers}
)


register(
    CostPart,
    "What is asked of costs, in US dollars but for the count.",
    BASELINE="What it would have cost without savings and caches.",
    ACTUAL="What it would have cost.",
    SAVED="The difference.",
    UNPRICED_COUNT="How many have no price there.",
)
register(
    StatsDimension,
    "Dimensions of all sources; a question may name those of its own.",
    **{m.name: DIMENSIONS[m.value] for m in StatsDimension},
)
register(
    StatsNumber,
    "Numbers of all sources; a question may name those of its own.",
    **{m.name: NUMBERS[m.value] for m in StatsNumber},
)
register(
    StatsMeasure,
    "Measures of all sources that need nothing else; a question may name those of its own.",
    COUNT="How many.",
    PER_SECOND="How many per second of the span.",
    SAVINGS_RATE="What was saved, as a part of the baseline.",
    **{f"{flag.upper()}_COUNT": f"How many are {FLAGS[flag]}." for flag in EVERY_FLAG},
    **{f"{flag.upper()}_RATE": f"Which part is {FLAGS[flag]}." for flag in EVERY_FLAG},
)

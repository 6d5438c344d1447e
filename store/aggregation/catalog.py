"""What an aggregation source is made of: dimensions, numbers, flags, time; declared once per source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Table


class Stat(StrEnum):
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    QUANTILE = "quantile"


class BucketUnit(StrEnum):
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class Scale(StrEnum):
    """What a number counts: free units, milliseconds, or money in nano-dollars."""

    PLAIN = "plain"
    MILLISECONDS = "milliseconds"
    NANODOLLARS = "nanodollars"


EVERY_STAT = frozenset(Stat)
EVERY_UNIT = frozenset(BucketUnit)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Milliseconds from one instant of a row to a later one, at least 0; null while either is missing."""

    start: Column[Any]
    end: Column[Any]


@dataclass(frozen=True, slots=True)
class Dimension:
    name: str
    column: Column[Any]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a row. ``is_integer`` numbers have whole sums, minima and maxima."""

    name: str
    value: Column[Any] | Elapsed
    is_integer: bool
    scale: Scale = Scale.PLAIN
    stats: frozenset[Stat] = EVERY_STAT


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes or no of a row. ``known`` says which rows have an answer at all; None means each."""

    name: str
    is_set: ColumnElement[bool]
    known: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """The table whose rows a source's rows belong to, joined where it is needed.

    The labels that bound a principal stand there, if they do not stand in the source itself.
    """

    table: Table
    on: ColumnElement[bool]


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """Everything that can be asked of one kind of record.

    Names are the columns' names; GraphQL shows them in camelCase. ``weight`` names a column that
    says how many things a row stands for, where a row is itself a count. ``attributes`` names the
    JSON column whose places can be dimensions and numbers.
    """

    name: str
    table: Table
    time: str
    dimensions: Mapping[str, Dimension]
    numbers: Mapping[str, Number]
    flags: Mapping[str, Flag] = field(default_factory=dict)
    attributes: str | None = None
    weight: str | None = None
    parent: Parent | None = None
    units: frozenset[BucketUnit] = EVERY_UNIT
    savings: tuple[str, str] | None = None
    """The number that was saved, and the one that it was saved from."""
    has_tokens: bool = False
    """Whether records have tokens, so that they can be priced (``model_prices``)."""
    extra_fields: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    """Expressions that only filters use."""

    def __repr__(self) -> str:
        return f"<source {self.name}>"

    @property
    def time_column(self) -> Column[Any]:
        return self.table.columns[self.time]

    @property
    def filter_columns(self) -> dict[str, Column[Any]]:
        others = {d.name: d.column for d in self.dimensions.values()}
        return others | {column.name: column for column in self.table.columns}

    @property
    def filter_fields(self) -> frozenset[str]:
        return frozenset(self.filter_columns) | frozenset(self.numbers) | set(self.extra_fields)

"""Rollups: sums of operations by hour and day, declared once; the table follows from the list.

A rollup is a choice of dimensions. All rollups share one table and hold the same parts, so that a new
choice among known dimensions is no new table. Rows are sums: any number of them may stand for one
key and hour, and what they mean together is their sum.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, Column, Double, Index, SmallInteger, Table
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, table_of
from models.operations import Operation
from models.types import Instant, PackedSketch, SketchBins, TransactionNumbers


class Tier(IntEnum):
    """What a row of the table stands for; it decides who reads it.

    A question of hours reads FRESH, HOUR and COUNTED, a question of days FRESH, HOUR and DAY: what
    is in a day already is COUNTED in its hour, and everything else is still to be added to both.
    """

    FRESH = 0
    """Operations of one fold in one hour, or a correction of their costs."""
    HOUR = 1
    """Merged rows of an hour."""
    COUNTED = 2
    """Merged rows of an hour that its day's rows contain, too."""
    DAY = 3
    """Merged rows of a UTC day."""


HOUR_TIERS = (Tier.FRESH, Tier.HOUR, Tier.COUNTED)
DAY_TIERS = (Tier.FRESH, Tier.HOUR, Tier.DAY)


@dataclass(frozen=True, slots=True)
class Rollup:
    """Sums by some dimensions, or histograms by some.

    Histograms are large, so that they have rollups of their own, by fewer dimensions. ``number``
    stands for a rollup in the table and is never used again for another.
    """

    name: str
    number: int
    dimensions: tuple[str, ...]
    histograms: bool = False


SUMS = (
    Rollup("operations_by_organization", 11, ("organization_id",)),
    Rollup("operations_totals", 12, ("organization_id", "kind", "outcome")),
    Rollup("operations_by_client", 13, ("organization_id", "kind", "outcome", "client")),
    Rollup("operations_by_name", 14, ("organization_id", "kind", "name", "operation_type")),
    Rollup("operations_by_model", 15, ("organization_id", "kind", "provider", "model", "client")),
    Rollup(
        "operations_by_tool",
        16,
        ("organization_id", "kind", "tool_name", "operation_mode", "client"),
    ),
    Rollup("operations_by_status", 17, ("organization_id", "kind", "route", "status_code")),
    Rollup(
        "operations_by_route",
        18,
        ("organization_id", "kind", "route", "method", "status_code"),
    ),
    Rollup(
        "operations_by_tenant",
        19,
        ("organization_id", "kind", "namespace_id", "workspace_id", "api_key_id"),
    ),
)
"""Rollups of counts and sums, the smaller ones first: the first that covers a question answers it."""
QUANTILES = (
    Rollup("quantiles_totals", 71, ("organization_id", "kind"), histograms=True),
    Rollup("quantiles_by_model", 72, ("organization_id", "kind", "model"), histograms=True),
    Rollup("quantiles_by_tool", 73, ("organization_id", "kind", "tool_name"), histograms=True),
    Rollup("quantiles_by_route", 74, ("organization_id", "kind", "route"), histograms=True),
    Rollup(
        "quantiles_by_mode",
        75,
        ("organization_id", "kind", "tool_name", "operation_mode"),
        histograms=True,
    ),
)
"""Rollups of histograms, the smaller ones first."""
ROLLUPS = (*SUMS, *QUANTILES)
RETIRED_NUMBERS = (*range(1, 10), *range(65, 70))
"""Rollups whose rows were written with the operations; servers of such a version may still add some."""

FLAGS = {"error": False, "cache_hit": True, "unpriced": True}
"""Flags that are counted; and whether some operations have no answer to it."""
EXTREMES = frozenset({"duration_ms", "input_tokens", "output_tokens"})
"""Numbers whose least and greatest values are kept, too."""
HISTOGRAMS = ("duration_ms", "input_tokens", "output_tokens")
"""Numbers whose quantiles are kept, as histograms."""
NUMBERS = (
    "duration_ms", "tokens_original", "tokens_actual", "tokens_prevented", "input_tokens",
    "output_tokens", "cached_input_tokens", "cache_write_input_tokens", "reasoning_tokens",
    "cost_baseline", "cost_actual", "cost_saved",
)  # fmt: skip
"""Numbers whose sums are kept. Audio tokens are rare: their sums are read from the operations."""
ROWS = "row_count"


def true_count_column(flag: str) -> str:
    return f"{flag}_set"


def answered_count_column(flag: str) -> str:
    return f"{flag}_known" if FLAGS[flag] else ROWS


def number_column(number: str, fold: str) -> str:
    return f"{number}_{fold}"


def bins_column(number: str) -> str:
    return f"{number}_lanes"


def sketch_column(number: str) -> str:
    return f"{number}_packed"


SUM_COLUMNS = tuple(number_column(name, "sum") for name in NUMBERS)
"""The columns that could grow beyond their type."""
DIMENSIONS = tuple(dict.fromkeys(name for rollup in ROLLUPS for name in rollup.dimensions))
"""Every dimension that some rollup has."""


def _columns() -> list[Column[object]]:
    operation = table_of(Operation).columns
    columns: list[Column[object]] = [
        Column("rollup", SmallInteger(), nullable=False),
        Column("tier", SmallInteger(), nullable=False),
        Column("starts_at", Instant(), nullable=False),
        Column("batch", BigInteger()),
    ]
    for name in DIMENSIONS:
        like = operation[name]
        columns.append(Column(name, like.type, nullable=name != "organization_id"))
    columns.append(Column(ROWS, BigInteger(), nullable=False))
    for flag, partial in FLAGS.items():
        columns.append(Column(true_count_column(flag), BigInteger()))
        if partial:
            columns.append(Column(answered_count_column(flag), BigInteger()))
    for number in NUMBERS:
        kind: Double[float] | BigInteger = (
            Double() if isinstance(operation[number].type, Double) else BigInteger()
        )
        columns.append(Column(number_column(number, "present"), BigInteger()))
        columns.append(Column(number_column(number, "sum"), kind))
        if number in EXTREMES:
            columns.append(Column(number_column(number, "min"), kind))
            columns.append(Column(number_column(number, "max"), kind))
    for number in HISTOGRAMS:
        columns.append(Column(bins_column(number), SketchBins))
        columns.append(Column(sketch_column(number), PackedSketch))
    return columns


OPERATION_ROLLUPS = Table(
    "operation_rollups",
    Base.metadata,
    *_columns(),
    Index("ix_operation_rollups_reading", "rollup", "tier", "starts_at", "organization_id"),
)
"""All rollups of operations. ``batch`` names the merge that made a row; null for a fold."""


class RollupState(Base):
    """Since when the rollups of a source are right: every hour from ``valid_from`` on.

    ``fingerprint`` names the list that they were made by; rows of another list are not read.
    ``leased_until`` keeps several servers from merging at once, which would be work for nothing.
    """

    __tablename__ = "rollup_states"

    source: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    valid_from: Mapped[datetime | None]
    leased_until: Mapped[datetime]


class RollupFold(Base):
    """Which records of a source the rollups contain.

    All whose feed position is below ``folded_below``, except those of ``pending``: transactions that had
    begun and not ended when the last fold looked. Records without a position are contained. It has a
    table of its own because it changes every second, beside long transactions that change the state.
    """

    __tablename__ = "rollup_folds"

    source: Mapped[str] = mapped_column(primary_key=True)
    folded_below: Mapped[int] = mapped_column(BigInteger())
    pending: Mapped[list[int]] = mapped_column(TransactionNumbers)

"""Questions as frozen values: which records, grouped and sliced how, which measures, what beside them.

A question knows nothing of the present moment or of who asks: ``store.aggregation.checks`` holds it
against both, and the compiler translates it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from store.aggregation.buckets import Bucket
from store.aggregation.catalog import Source
from store.aggregation.measures import Attribute, Measure
from store.query.filters import ComparisonOperator, Condition

Group = str | Attribute
"""What rows are grouped by: the name of a dimension, or a place in the attributes.

A place that holds no string, number or boolean (null, a list, an object, nothing) is null.
"""


@dataclass(frozen=True, slots=True)
class Having:
    """Keeps rows whose measure compares so: with a list for IN and NOT_IN, a boolean for IS_NULL.

    Null is unequal to every number and compares as false otherwise; money is in nano-dollars.
    """

    by: Measure
    op: ComparisonOperator
    value: int | float | Decimal | Sequence[int | float | Decimal]


@dataclass(frozen=True, slots=True)
class ByBucket:
    """Orders rows by time."""


@dataclass(frozen=True, slots=True)
class ByGroup:
    group: Group


@dataclass(frozen=True, slots=True)
class OrderBy:
    """One step of an order; nulls come last, whichever way it runs."""

    by: Measure | ByBucket | ByGroup
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Top:
    """Keeps the ``n`` keys with the greatest measure over the whole span; ties go by the key.

    ``having`` is then requested of those keys as a is_integer. ``others`` answers for everything that is
    not among them, so that the rows and it make the totals.
    """

    n: int
    by: Measure
    others: bool = False


class ComparisonPeriod(StrEnum):
    PREVIOUS = "PREVIOUS"
    """As long, and right before; as many buckets where the span is made of whole ones."""
    LAST_YEAR = "LAST_YEAR"
    """The same local times one calendar year before."""


@dataclass(frozen=True, slots=True)
class Span:
    """[since, until); None is open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AggregationQuery:
    """One aggregation.

    The conditions on the source's time that every found record must satisfy (at the top of
    ``where``, joined by and) are the span that is sliced, filled and compared. Rows that ``limit``
    cut off are reported, never silently missing. ``totals`` are of all records that ``where`` finds,
    whatever ``having``, ``top`` and ``limit`` leave out.
    """

    source: Source
    where: Condition | None = None
    group_by: tuple[Group, ...] = ()
    bucket: Bucket | None = None
    measures: tuple[Measure, ...] = ()
    having: tuple[Having, ...] = ()
    order_by: tuple[OrderBy, ...] = ()
    top: Top | None = None
    compare: ComparisonPeriod | Span | None = None
    totals: bool = False
    limit: int = 1_000

    @property
    def is_single(self) -> bool:
        return not self.group_by and self.bucket is None

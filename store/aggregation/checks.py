"""Holds a question against its source, the present moment and the limits; reports every problem.

Paths are those of the GraphQL arguments, such as ``orderBy[1].by``.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, assert_never

from pydantic import Field

from store.aggregation.buckets import Bucket
from store.aggregation.catalog import Source, Stat
from store.aggregation.measures import (
    Attribute,
    CostAt,
    Count,
    Distinct,
    FlagCount,
    FlagRate,
    Measure,
    NumberMeasure,
    Operand,
    PerSecond,
    Present,
    Quantile,
    Ratio,
    Statistic,
)
from store.aggregation.periods import earlier, split
from store.aggregation.queries import AggregationQuery, ByBucket, ByGroup, Group, Span, Top
from store.aggregation.zones import is_zone
from store.errors import Choices, InvalidInputError, Problem
from store.query.filters import MAX_PATH_STEPS, AllOf, AnyOf, Condition, Not
from store.setting_types import GIB, KIB, MIB, ByteCount
from store.validation import EARLIEST

MAX_GROUPS = 8
"""Dimensions of one question; the groups multiply."""
MAX_MEASURES = 100
"""Measures of one question."""
MAX_BUCKET_MULTIPLE = 1_000
"""Units in one bucket."""
MAX_TERMS = 20
"""Steps of an order, and conditions of having."""
MAX_HAVING_VALUES = 1_000
"""Values in all conditions of having; a statement repeats them."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ResultLimits:
    rows: Annotated[
        int,
        Field(
            validation_alias="max_answer_rows",
            ge=1,
            le=1_000_000,
            description="Rows of the largest aggregation.",
        ),
    ] = 10_000
    buckets: Annotated[
        int,
        Field(
            validation_alias="max_buckets",
            ge=1,
            le=100_000,
            description="Buckets of time in one aggregation; a day has 1,440 minutes.",
        ),
    ] = 1_500
    bytes: Annotated[
        ByteCount,
        Field(
            validation_alias="max_answer_bytes",
            ge=KIB,
            le=GIB,
            description="Size of the largest answer, and of a page of an export; a larger one is an "
            "error that says how to ask for less. Four times as much may be read for it.",
        ),
    ] = 32 * MIB


def check_query(question: AggregationQuery, now: datetime, limits: ResultLimits) -> None:
    """Raise ``InvalidInputError`` with everything that is wrong with a question."""
    if problems := find_problems(question, now, limits):
        raise InvalidInputError(problems)


def find_problems(
    question: AggregationQuery, now: datetime, limits: ResultLimits
) -> tuple[Problem, ...]:
    return tuple(
        Problem.of("BAD_USER_INPUT", message, path)
        for message, path in _Checks(question, now, limits).all()
    )


Problems = Iterator[tuple[str | Choices, Path]]


class _Checks:
    def __init__(self, question: AggregationQuery, now: datetime, limits: ResultLimits) -> None:
        self.question = question
        self.source: Source = question.source
        self.now = now
        self.limits = limits

    def all(self) -> Problems:
        question = self.question
        yield from self._where(question.where)
        yield from self._groups()
        if question.bucket is not None:
            yield from self._bucket(question.bucket)
        if len(question.measures) > MAX_MEASURES:
            yield f"{len(question.measures)} measures, at most {MAX_MEASURES}: ask twice", ()
        for measure in question.measures:
            yield from self._measure(measure, ())
        yield from self._having()
        yield from self._order()
        if question.top is not None:
            yield from self._top(question.top)
        yield from self._compare()
        if not 1 <= question.limit <= self.limits.rows:
            yield (
                f"{question.limit:,} rows requested: request 1 to {self.limits.rows:,}",
                ("limit",),
            )

    def _where(self, where: Condition | None) -> Problems:
        match where:
            case None:
                return
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    yield from self._where(part)
            case Not(part):
                yield from self._where(part)
            case _:
                if where.field not in self.source.filter_fields:
                    yield f"{self.source.name} have no field {where.field!r}", ("where",)

    def _groups(self) -> Problems:
        groups = self.question.group_by
        if len(groups) > MAX_GROUPS:
            yield f"{len(groups)} groups, at most {MAX_GROUPS}: leave some out", ("groupBy",)
        for i, group in enumerate(groups):
            if group in groups[:i]:
                yield "this is grouped by already: leave it out", ("groupBy", i)
            yield from self._group(group, ("groupBy", i))

    def _group(self, group: Group, path: Path) -> Problems:
        if isinstance(group, Attribute):
            yield from self._attribute(group, path)
        elif group not in self.source.dimensions:
            wrong = f"{self.source.name} have no dimension {group!r}"
            known = ", ".join(sorted(self.source.dimensions))
            yield Choices(f"{wrong}: one of {known}", wrong), path

    def _attribute(self, attribute: Attribute, path: Path) -> Problems:
        if self.source.attributes is None:
            yield f"{self.source.name} have no attributes: name a field", path
        elif not all(attribute.path) or not 1 <= len(attribute.path) <= MAX_PATH_STEPS:
            yield f"an attribute is named by 1 to {MAX_PATH_STEPS} keys joined by dots", path
        elif any('"' in key for key in attribute.path):
            yield "Attribute keys must not contain a quotation mark.", path

    def _bucket(self, bucket: Bucket) -> Problems:
        if bucket.unit not in self.source.units:
            units = ", ".join(u.value for u in type(bucket.unit) if u in self.source.units)
            wrong = f"{self.source.name} are counted per month"
            yield Choices(f"{wrong}: ask for {units}", wrong), ("bucket", "unit")
        if not 1 <= bucket.every <= MAX_BUCKET_MULTIPLE:
            yield (
                f"{bucket.every} units in a bucket: ask for 1 to {MAX_BUCKET_MULTIPLE:,}",
                (
                    "bucket",
                    "every",
                ),
            )
        if not is_zone(bucket.zone):
            yield (
                f"Invalid time zone {bucket.zone[:80]!r}. Use an IANA name such as Europe/Berlin.",
                ("bucket", "zone"),
            )
        elif bucket.unit not in self.source.units or not 1 <= bucket.every <= MAX_BUCKET_MULTIPLE:
            return
        elif len(self.source.units) < len(type(bucket.unit)) and bucket.zone != "UTC":
            yield f"{self.source.name} are counted per UTC month: leave it out", ("bucket", "zone")
        else:
            yield from self._bucket_count(bucket)

    def _bucket_count(self, bucket: Bucket) -> Problems:
        span = split(self.question.where, self.source.time).span
        if span.since is None:
            return
        since = max(span.since, EARLIEST)
        until = self.now if span.until is None else span.until
        bucket_count = bucket.count(since, until, self.limits.buckets)
        if bucket_count > self.limits.buckets:
            yield too_many_buckets(bucket_count, self.limits.buckets), ("bucket",)

    def _measure(self, measure: Measure, path: Path) -> Problems:
        match measure:
            case Count() | PerSecond():
                return
            case FlagCount(flag) | FlagRate(flag):
                if flag not in self.source.flags:
                    yield f"{self.source.name} have no flag {flag!r}", path
            case Distinct(of):
                if of not in self.source.dimensions:
                    yield f"{self.source.name} have no dimension {of!r}", path
            case _:
                yield from self._of_numbers(measure, path)

    def _of_numbers(self, measure: NumberMeasure, path: Path) -> Problems:
        match measure:
            case Statistic(of, stat):
                yield from self._number(of, stat, path)
            case Present(of):
                yield from self._operand(of, path)
            case Quantile(of, q):
                if not 0 <= q <= 1:  # false for NaN, too
                    yield f"the quantile {q} is not between 0 and 1: write 0.95 for p95", path
                yield from self._number(of, Stat.QUANTILE, path)
            case Ratio(over, under):
                yield from self._number(over, Stat.SUM, path)
                yield from self._number(under, Stat.SUM, path)
            case _:
                assert_never(measure)

    def _operand(self, of: Operand, path: Path) -> Problems:
        if isinstance(of, Attribute):
            yield from self._attribute(of, path)
        elif isinstance(of, CostAt):
            if not self.source.has_tokens:
                yield f"{self.source.name} have no tokens that could be priced", path
        elif of not in self.source.numbers:
            yield f"{self.source.name} have no number {of!r}", path

    def _number(self, of: Operand, stat: Stat, path: Path) -> Problems:
        yield from self._operand(of, path)
        number = self.source.numbers.get(of) if isinstance(of, str) else None
        if number is not None and stat not in number.stats:
            known = ", ".join(sorted(number.stats))
            wrong = f"{of} of {self.source.name} has no {stat.value}"
            yield Choices(f"{wrong}, only {known}", wrong), path

    def _having(self) -> Problems:
        conditions = self.question.having
        if len(conditions) > MAX_TERMS:
            yield f"{len(conditions)} conditions, at most {MAX_TERMS}: leave some out", ("having",)
        count = 0
        for i, having in enumerate(conditions):
            yield from self._measure(having.by, ("having", i, "by"))
            if self.question.top is None:
                yield from self._rate_of_bucket(having.by, ("having", i, "by"))
            values: Any = having.value if isinstance(having.value, list) else [having.value]
            count += len(values)
            for value in values:
                if not math.isfinite(value):
                    yield f"Invalid number {value}. Use a finite number.", ("having", i, "value")
        if count > MAX_HAVING_VALUES:
            text = f"having must not hold more than {MAX_HAVING_VALUES:,} values (got {count:,})."
            yield f"{text} Remove some of them.", ("having",)

    def _rate_of_bucket(self, measure: Measure, path: Path) -> Problems:
        if isinstance(measure, PerSecond) and self.question.bucket is not None:
            yield "buckets may differ in length: ask for the count instead", path

    def _order(self) -> Problems:
        terms = self.question.order_by
        if len(terms) > MAX_TERMS:
            yield f"{len(terms)} steps, at most {MAX_TERMS}: leave some out", ("orderBy",)
        for i, term in enumerate(terms):
            path: Path = ("orderBy", i, "by")
            match term.by:
                case ByBucket():
                    if self.question.bucket is None:
                        yield "there are no buckets to order by: ask for bucket", path
                case ByGroup(group):
                    if group not in self.question.group_by:
                        yield "rows are not grouped by this: add it to groupBy", path
                case _:
                    yield from self._measure(term.by, path)
                    yield from self._rate_of_bucket(term.by, path)

    def _top(self, top: Top) -> Problems:
        if not 1 <= top.n <= self.limits.rows:
            yield f"{top.n:,} keys requested: request 1 to {self.limits.rows:,}", ("top", "n")
        if not self.question.group_by:
            yield "there are no keys to choose from: ask for groupBy", ("top",)
        yield from self._measure(top.by, ("top", "by"))

    def _compare(self) -> Problems:
        compared = self.question.compare
        if compared is None:
            return
        condition_split = split(self.question.where, self.source.time)
        since, until = condition_split.span.since, condition_split.span.until or self.now
        if condition_split.elsewhere:
            message = (
                f"a comparison moves {self.source.time}: ask for it at the top of where, with and"
            )
            yield message, ("where",)
        if isinstance(compared, Span):
            if compared.since is None or compared.until is None or compared.since >= compared.until:
                yield "the span needs a since before its until", ("compare", "range")
            return
        if since is None:
            message = (
                f"the whole past has no earlier span: ask for {self.source.time} since or last"
            )
            yield message, ("compare",)
        elif since >= until:
            yield "the span is empty: since must be before until", ("where", self.source.time)
        elif self.question.bucket is None or is_zone(self.question.bucket.zone):
            try:
                earlier(since, until, compared, None)
            except (OverflowError, ValueError):
                yield "the compared span is out of range: use a shorter span", ("compare",)


def too_many_buckets(bucket_count: int, most: int) -> str:
    return f"{bucket_count:,} buckets requested, at most {most:,}: widen the bucket or shorten the span"

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
            yield (
                (
                    f"A query must not select more than {MAX_MEASURES} measures "
                    f"(got {len(question.measures):,}). Split the query."
                ),
                (),
            )
        for measure in question.measures:
            yield from self._measure(measure, ())
        yield from self._having()
        yield from self._order()
        if question.top is not None:
            yield from self._top(question.top)
        yield from self._compare()
        if not 1 <= question.limit <= self.limits.rows:
            yield (
                f"limit must be from 1 to {self.limits.rows:,} (got {question.limit:,}).",
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
                    yield f"Invalid field {where.field!r} of {self.source.name}.", ("where",)

    def _groups(self) -> Problems:
        groups = self.question.group_by
        if len(groups) > MAX_GROUPS:
            yield (
                f"groupBy must not exceed {MAX_GROUPS} groups (got {len(groups):,}).",
                ("groupBy",),
            )
        for i, group in enumerate(groups):
            if group in groups[:i]:
                yield "Duplicate group. Remove it.", ("groupBy", i)
            yield from self._group(group, ("groupBy", i))

    def _group(self, group: Group, path: Path) -> Problems:
        if isinstance(group, Attribute):
            yield from self._attribute(group, path)
        elif group not in self.source.dimensions:
            wrong = f"Invalid dimension {group!r} of {self.source.name}."
            known = ", ".join(sorted(self.source.dimensions))
            yield Choices(f"{wrong} Use one of {known}.", wrong), path

    def _attribute(self, attribute: Attribute, path: Path) -> Problems:
        if self.source.attributes is None:
            yield f"{self.source.name} have no attributes. Use a field.", path
        elif not all(attribute.path) or not 1 <= len(attribute.path) <= MAX_PATH_STEPS:
            yield f"Invalid attribute path. Use 1 to {MAX_PATH_STEPS} keys joined by dots.", path
        elif any('"' in key for key in attribute.path):
            yield "Attribute keys must not contain a quotation mark.", path

    def _bucket(self, bucket: Bucket) -> Problems:
        if bucket.unit not in self.source.units:
            units = ", ".join(u.value for u in type(bucket.unit) if u in self.source.units)
            wrong = f"{self.source.name} are counted per month."
            yield Choices(f"{wrong} Use {units}.", wrong), ("bucket", "unit")
        if not 1 <= bucket.every <= MAX_BUCKET_MULTIPLE:
            yield (
                f"every must be from 1 to {MAX_BUCKET_MULTIPLE:,} (got {bucket.every:,}).",
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
            yield f"{self.source.name} are counted per UTC month. Omit zone.", ("bucket", "zone")
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
                    yield f"Invalid flag {flag!r} of {self.source.name}.", path
            case Distinct(of):
                if of not in self.source.dimensions:
                    yield f"Invalid dimension {of!r} of {self.source.name}.", path
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
                    yield (
                        f"Invalid quantile {q}. Use a number from 0 to 1, such as 0.95 for p95.",
                        path,
                    )
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
                yield f"{self.source.name} have no tokens to price.", path
        elif of not in self.source.numbers:
            yield f"Invalid number {of!r} of {self.source.name}.", path

    def _number(self, of: Operand, stat: Stat, path: Path) -> Problems:
        yield from self._operand(of, path)
        number = self.source.numbers.get(of) if isinstance(of, str) else None
        if number is not None and stat not in number.stats:
            known = ", ".join(sorted(number.stats))
            wrong = f"{of} of {self.source.name} has no {stat.value}."
            yield Choices(f"{wrong} Use one of {known}.", wrong), path

    def _having(self) -> Problems:
        conditions = self.question.having
        if len(conditions) > MAX_TERMS:
            yield (
                f"having must not exceed {MAX_TERMS} conditions (got {len(conditions):,}).",
                ("having",),
            )
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
            yield "Buckets may differ in length. Use count instead of a rate.", path

    def _order(self) -> Problems:
        terms = self.question.order_by
        if len(terms) > MAX_TERMS:
            yield f"orderBy must not exceed {MAX_TERMS} terms (got {len(terms):,}).", ("orderBy",)
        for i, term in enumerate(terms):
            path: Path = ("orderBy", i, "by")
            match term.by:
                case ByBucket():
                    if self.question.bucket is None:
                        yield "Rows without buckets cannot be ordered by time. Add bucket.", path
                case ByGroup(group):
                    if group not in self.question.group_by:
                        yield "Rows are not grouped by this key. Add it to groupBy.", path
                case _:
                    yield from self._measure(term.by, path)
                    yield from self._rate_of_bucket(term.by, path)

    def _top(self, top: Top) -> Problems:
        if not 1 <= top.n <= self.limits.rows:
            yield f"n must be from 1 to {self.limits.rows:,} (got {top.n:,}).", ("top", "n")
        if not self.question.group_by:
            yield "top requires groupBy. Add groupBy.", ("top",)
        yield from self._measure(top.by, ("top", "by"))

    def _compare(self) -> Problems:
        compared = self.question.compare
        if compared is None:
            return
        condition_split = split(self.question.where, self.source.time)
        since, until = condition_split.span.since, condition_split.span.until or self.now
        if condition_split.elsewhere:
            message = (
                f"compare requires the range of {self.source.time} at the top level of where. Move "
                "it there."
            )
            yield message, ("where",)
        if isinstance(compared, Span):
            if compared.since is None or compared.until is None or compared.since >= compared.until:
                yield "Invalid range. since must be before until.", ("compare", "range")
            return
        if since is None:
            message = f"compare requires a start of {self.source.time}. Add since or last."
            yield message, ("compare",)
        elif since >= until:
            yield "Empty range. since must be before until.", ("where", self.source.time)
        elif self.question.bucket is None or is_zone(self.question.bucket.zone):
            try:
                earlier(since, until, compared, None)
            except (OverflowError, ValueError):
                yield (
                    "The earlier range would begin before year 1. Use a shorter range.",
                    ("compare",),
                )


def too_many_buckets(bucket_count: int, most: int) -> str:
    return (
        f"A query must not exceed {most:,} buckets (got {bucket_count:,}). "
        "Use wider buckets or a shorter range."
    )

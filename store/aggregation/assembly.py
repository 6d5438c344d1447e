"""Rows of a statement become an answer: keys and values read, empty buckets filled, spans matched."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.types import WHOLE_LIMIT
from models.types import read_number as read_exact_number
from store.aggregation.buckets import Bucket, BucketSpan
from store.aggregation.catalog import Source
from store.aggregation.checks import ResultLimits, too_many_buckets
from store.aggregation.compiler import Compiled, Spans, Tag, seconds_in
from store.aggregation.measures import (
    COUNTS,
    Attribute,
    CostAt,
    Fold,
    Part,
    PerSecond,
    Value,
    empty_value,
    formula_of,
)
from store.aggregation.periods import to_instant
from store.aggregation.queries import AggregationQuery, ByBucket, ByGroup
from store.aggregation.results import AggregationResult, Coverage, Group, Row, Values
from store.errors import InvalidInputError

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TaggedRow:
    """One row of a statement: what it is, its key, the start of its bucket, its parts.

    ``parts`` are those of the statement, in its order. ``readings`` are the key as its columns say
    it: there, the number 1 and the boolean true differ.
    """

    tag: Tag
    place: int
    key: Key
    readings: Key
    start: datetime | None
    parts: tuple[Value, ...]


def assemble(
    question: AggregationQuery,
    compiled: Compiled,
    rows: Iterable[Sequence[Any]],
    spans: Spans,
    coverage: Coverage,
    limits: ResultLimits,
) -> AggregationResult:
    """Build the result from rows; raise ``InvalidInputError`` if filling adds too many."""
    return _Assembly(question, compiled, spans, coverage, limits).answer(rows)


class _Assembly:
    def __init__(
        self,
        question: AggregationQuery,
        compiled: Compiled,
        spans: Spans,
        coverage: Coverage,
        limits: ResultLimits,
    ) -> None:
        self.question = question
        self.compiled = compiled
        self.spans = spans
        self.coverage = coverage
        self.limits = limits
        self.timed = any(isinstance(measure, PerSecond) for measure in question.measures)
        self.readers = [reader_of(part, question.source) for part in compiled.parts]
        place = {part: i for i, part in enumerate(compiled.parts)}
        formulas = [formula_of(measure) for measure in question.measures]
        self.formulas = [
            (f, place[f.numerator], place[f.denominator] if f.denominator else None)
            for f in formulas
        ]
        self.nothing = tuple(empty_value(measure) for measure in question.measures)

    def answer(self, rows: Iterable[Sequence[Any]]) -> AggregationResult:
        question, spans = self.question, self.spans
        by_tag: dict[Tag, list[TaggedRow]] = {tag: [] for tag in Tag}
        for row in map(self._read, rows):
            by_tag[row.tag].append(row)
        current_rows = sorted(by_tag[Tag.ROW], key=lambda row: row.place)
        truncated = len(current_rows) > question.limit
        result_rows = self._rows(current_rows[: question.limit], by_tag[Tag.EARLIER_ROW], truncated)
        others = self._one(by_tag[Tag.OTHERS], by_tag[Tag.EARLIER_OTHERS])
        totals = self._one(by_tag[Tag.TOTALS], by_tag[Tag.EARLIER_TOTALS])
        if question.totals and totals is None and result_rows:
            totals = Group(result_rows[0].values, result_rows[0].previous)
        return AggregationResult(
            question=question,
            rows=tuple(result_rows),
            coverage=self.coverage,
            span=spans.requested,
            others=others,
            totals=totals,
            compared=spans.compared,
            truncated=truncated,
        )

    # --- reading ---------------------------------------------------------------------------------

    def _read(self, row: Sequence[Any]) -> TaggedRow:
        tag, place, at = Tag.ROW, 0, 0
        if self.compiled.tagged:
            tag, place, at = Tag(row[0]), row[1], 2
        key, begin = [], at
        for columns in self.compiled.keys:
            several = row[at : at + len(columns)]
            key.append(next((part for part in several if part is not None), None))
            at += len(columns)
        readings = tuple(row[begin:at])
        start = None
        if self.compiled.bucketed:
            start, at = row[at], at + 1
        parts = tuple(read(v) for read, v in zip(self.readers, row[at:], strict=False))
        begins = to_instant(start) if start else None
        return TaggedRow(tag, place, tuple(key), readings, begins, parts)

    def _values(self, row: TaggedRow | None, seconds: float | None) -> Values:
        if row is not None:
            parts = row.parts
            return tuple(
                formula.value(parts[over], None if under is None else parts[under], seconds)
                for formula, over, under in self.formulas
            )
        if not self.timed:
            return self.nothing
        return tuple(empty_value(measure, seconds) for measure in self.question.measures)

    def _one(self, tagged_rows: Sequence[TaggedRow], earlier: Sequence[TaggedRow]) -> Group | None:
        if not tagged_rows:
            return None
        previous = None
        if self.spans.compared is not None:
            previous = self._values(earlier[0] if earlier else None, self._seconds(earlier=True))
        return Group(self._values(tagged_rows[0], self._seconds()), previous)

    def _seconds(self, earlier: bool = False, bucket: BucketSpan | None = None) -> float | None:
        span = self.spans.compared if earlier else self.spans.requested
        if not self.timed or span is None:
            return None
        if bucket is None:
            return seconds_in(span, self.spans.now)
        start = bucket.start if span.since is None else max(bucket.start, span.since)
        end = min(bucket.end, span.until or self.spans.now)
        return max((end - start).total_seconds(), 0.0)

    # --- rows ------------------------------------------------------------------------------------

    def _rows(
        self, current_rows: Sequence[TaggedRow], earlier: Sequence[TaggedRow], truncated: bool
    ) -> list[Row]:
        bucket = self.question.bucket
        if bucket is None:
            by_key = {earlier_row.readings: earlier_row for earlier_row in earlier}
            return [self._row(f, f.key, None, by_key.get(f.readings)) for f in current_rows]
        spans = self._bucket_spans(bucket, current_rows)
        before = self._matched(bucket, earlier, spans)
        if self._fills(bucket):
            if truncated:
                raise InvalidInputError(self._too_many_rows("more than"), ("limit",))
            return self._filled(current_rows, spans, before)
        result_rows = []
        at = {span.start: span for span in spans}
        for earlier_row in current_rows:
            assert earlier_row.start is not None
            span = at.get(earlier_row.start) or bucket.span_of(earlier_row.start)
            result_rows.append(
                self._row(
                    earlier_row,
                    earlier_row.key,
                    span,
                    before.get((earlier_row.readings, span.start)),
                )
            )
        return result_rows

    def _row(
        self,
        tagged_row: TaggedRow | None,
        key: Key,
        bucket: BucketSpan | None,
        earlier: TaggedRow | None,
    ) -> Row:
        previous = None
        if self.spans.compared is not None:
            seconds = self._seconds(earlier=True, bucket=bucket_of(earlier, self.question.bucket))
            previous = self._values(earlier, seconds)
        return Row(self._values(tagged_row, self._seconds(bucket=bucket)), previous, key, bucket)

    def _bucket_spans(self, bucket: Bucket, current_rows: Sequence[TaggedRow]) -> list[BucketSpan]:
        starts = [row.start for row in current_rows if row.start is not None]
        since = self.spans.requested.since or min(starts, default=None)
        if since is None:
            return []
        until = self.spans.requested.until or max([self.spans.now, *starts])
        if self.spans.requested.until is None and starts and until == max(starts):
            until = bucket.span_of(until).end
        most = self.limits.buckets
        if (count := bucket.count(since, until, most)) > most:
            if not self._fills(bucket) and self.spans.compared is None:
                return []
            raise InvalidInputError(too_many_buckets(count, most), ("bucket",))
        return list(bucket.spans(since, until))

    def _matched(
        self, bucket: Bucket, earlier: Sequence[TaggedRow], spans: Sequence[BucketSpan]
    ) -> dict[tuple[Key, datetime], TaggedRow]:
        compared = self.spans.compared
        if compared is None or compared.since is None or compared.until is None:
            return {}
        starts = [span.start for span in spans]
        before = [span.start for span in bucket.spans(compared.since, compared.until)]
        place = dict(zip(before, starts, strict=False))
        return {
            (row.readings, place[row.start]): row
            for row in earlier
            if row.start is not None and row.start in place
        }

    # --- filling ---------------------------------------------------------------------------------

    def _fills(self, bucket: Bucket) -> bool:
        question = self.question
        chosen = question.having and question.top is None
        by_key = all(isinstance(term.by, ByBucket | ByGroup) for term in question.order_by)
        return bucket.fill and not chosen and by_key

    def _filled(
        self,
        current_rows: Sequence[TaggedRow],
        spans: Sequence[BucketSpan],
        before: Mapping[tuple[Key, datetime], TaggedRow],
    ) -> list[Row]:
        keys = {row.readings: row.key for row in current_rows}
        if not self.question.group_by:
            keys = {(): ()}
        if len(keys) * len(spans) > self.limits.rows:
            raise InvalidInputError(
                self._too_many_rows(f"{len(keys) * len(spans):,}"), ("bucket", "fill")
            )
        at = {(row.readings, row.start): row for row in current_rows}
        rows = [
            self._row(at.get((key_part, span.start)), key, span, before.get((key_part, span.start)))
            for span in spans
            for key_part, key in keys.items()
        ]
        return list(self._in_order(rows))

    def _in_order(self, rows: list[Row]) -> Iterator[Row]:
        question = self.question
        steps: list[tuple[int | None, bool]] = []
        for term in question.order_by:
            if isinstance(term.by, ByGroup):
                steps.append((question.group_by.index(term.by.group), term.descending))
            else:
                steps.append((None, term.descending))
        steps += [(None, False), *((i, False) for i in range(len(question.group_by)))]
        for place, descending in reversed(steps):
            if place is None:
                rows.sort(key=start_of, reverse=descending)
                continue
            reading = question.group_by[place]
            present = [row for row in rows if row.key[place] is not None]
            absent = [row for row in rows if row.key[place] is None]
            if isinstance(reading, Attribute):
                # Strings, numbers and booleans stand apart; each kind is last for those before it.
                groups = [[r for r in present if kind_of(r.key[place]) == k] for k in range(3)]
            else:
                groups = [present]
            rows = []
            for group in groups:
                rows += sorted(group, key=key_at(place), reverse=descending)
            rows += absent
        return iter(rows)

    def _too_many_rows(self, count: str) -> str:
        most = min(self.question.limit, self.limits.rows)
        fix = "Raise limit, use top or wider buckets, or set fill to false."
        if count == "more than":
            return f"The result has more than {most:,} rows with its empty buckets. {fix}"
        limit = f"must not exceed {self.limits.rows:,} rows with its empty buckets (got {count})."
        return f"The result {limit} {fix}"


def start_of(row: Row) -> datetime:
    assert row.bucket is not None
    return row.bucket.start


def key_at(place: int) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        return row.key[place]

    return read


def kind_of(value: Any) -> int:
    """Order strings before numbers before booleans, as the statement does."""
    if isinstance(value, str):
        return 0
    return 2 if isinstance(value, bool) else 1


def bucket_of(row: TaggedRow | None, bucket: Bucket | None) -> BucketSpan | None:
    if row is None or row.start is None or bucket is None:
        return None
    return bucket.span_of(row.start)


def reader_of(part: Part, source: Source) -> Any:
    if part.fold in COUNTS:
        return read_count
    of = part.of
    if part.fold in (Fold.SUM, Fold.MIN, Fold.MAX):
        if isinstance(of, Attribute):
            return read_exact
        if isinstance(of, CostAt) or source.numbers[str(of)].is_integer:
            return read_whole
    return read_number


def read_count(value: Any) -> Value:
    return 0 if value is None else int(value)


def read_whole(value: Any) -> Value:
    """Return an exact integer; a float where a sum exceeds 64 bits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, float) and abs(value) >= WHOLE_LIMIT else int(value)


def read_exact(value: Any) -> Value:
    """Return a whole number of 64 bits, exact, or a float; None if it is out of range."""
    if value is None:
        return None
    number = read_exact_number(value)
    return number if math.isfinite(number) else None


def read_number(value: Any) -> Value:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None

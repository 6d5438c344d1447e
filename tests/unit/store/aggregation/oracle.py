"""What a question means, in plain Python over plain rows."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from store.aggregation.buckets import BucketSpan
from store.aggregation.catalog import Stat
from store.aggregation.measures import (
    Attribute,
    CostAt,
    Count,
    Distinct,
    FlagCount,
    FlagRate,
    Measure,
    PerSecond,
    Present,
    Quantile,
    Ratio,
    Statistic,
)
from store.aggregation.periods import earlier, split
from store.aggregation.queries import (
    AggregationQuery,
    ByBucket,
    ByGroup,
    Span,
)
from store.aggregation.results import AggregationResult, Group
from tests.unit.store.filter_oracle import compares, matches

Row = Mapping[str, Any]
Key = tuple[Any, ...]
Told = tuple[Any, ...]
FLAGS: dict[str, Callable[[Row], Any]] = {
    "error": lambda row: row["outcome"] == "ERROR",
    "cache_hit": lambda row: row["cache_hit"],
    "unpriced": lambda row: None if row["price_status"] is None else row["price_status"] == "UNPRICED",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Truth:
    """What the answer must be: rows as (bucket, key, values, previous), others, totals."""

    rows: list[Told]
    others: Told | None
    totals: Told | None
    truncated: bool


def leaf(row: Row, path: Sequence[str]) -> Any:
    """The string, number or boolean at a place in the attributes."""
    found: Any = row["attributes"]
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str | int | float | bool) else None


def number(row: Row, of: Any) -> Any:
    """A number of a row; None where there is none."""
    if isinstance(of, CostAt):
        return row["costs"][of]
    if not isinstance(of, Attribute):
        return row[of]
    found = leaf(row, of.path)
    return None if isinstance(found, bool | str) or found is None else float(found)


def measured(measure: Measure, rows: Sequence[Row], seconds: float | None) -> Any:
    """The value of a measure over rows."""
    match measure:
        case Count():
            return len(rows)
        case FlagCount(flag):
            return sum(bool(FLAGS[flag](row)) for row in rows)
        case FlagRate(flag):
            known = [told for row in rows if (told := FLAGS[flag](row)) is not None]
            return sum(known) / len(known) if known else None
        case Statistic(of, stat):
            return folded(stat, [v for row in rows if (v := number(row, of)) is not None])
        case Present(of):
            return sum(number(row, of) is not None for row in rows)
        case Quantile(of, q):
            return quantile(sorted(v for row in rows if (v := number(row, of)) is not None), q)
        case Ratio(over, under):
            top = [v for row in rows if (v := number(row, over)) is not None]
            bottom = [v for row in rows if (v := number(row, under)) is not None]
            return sum(top) / sum(bottom) if top and sum(bottom) else None
        case Distinct(of):
            return len({row[of] for row in rows} - {None})
        case PerSecond():
            return len(rows) / seconds if seconds else None
        case _:
            assert_never(measure)


def quantile(values: list[Any], q: float) -> Any:
    """A quantile of values in order, by linear interpolation; None of none."""
    if not values:
        return None
    place = q * (len(values) - 1)
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def folded(stat: Stat, values: list[Any]) -> Any:
    """A statistic of values; None of none."""
    if not values:
        return None
    folds: dict[Stat, Callable[[list[Any]], Any]] = {Stat.SUM: sum, Stat.MIN: min, Stat.MAX: max}
    return sum(values) / len(values) if stat is Stat.AVG else folds[stat](values)


class Oracle:
    """The answer to one question over some rows."""

    def __init__(self, question: AggregationQuery, rows: Sequence[Row], now: datetime) -> None:
        self.question = question
        self.now = now
        found = split(question.where, "occurred_at")
        self.span = found.span
        self.rows = [r for r in rows if question.where is None or matches(question.where, r)]
        self.before: list[Row] = []
        self.compared: Span | None = None
        if question.compare is not None:
            assert self.span.since is not None
            self.compared = earlier(
                self.span.since, self.span.until or now, question.compare, question.bucket
            )
            assert self.compared.since is not None
            assert self.compared.until is not None
            self.before = [
                row
                for row in rows
                if self.compared.since <= row["occurred_at"] < self.compared.until
                and (found.remaining is None or matches(found.remaining, row))
            ]

    def key(self, row: Row) -> Key:
        """What a row is grouped by, with its kind: in Python true and 1 are equal."""
        values = (
            leaf(row, group.path) if isinstance(group, Attribute) else row[group]
            for group in self.question.group_by
        )
        return tuple((isinstance(value, bool), value) for value in values)

    def bucket(self, row: Row) -> BucketSpan | None:
        """The bucket of a row."""
        bucket = self.question.bucket
        return None if bucket is None else bucket.span_of(row["occurred_at"])

    def seconds(self, span: Span | None, bucket: BucketSpan | None) -> float | None:
        """How long a span, or the part of it in a bucket, lasts."""
        if span is None:
            return None
        if bucket is None:
            if span.since is None:
                return None
            return max(((span.until or self.now) - span.since).total_seconds(), 0)
        start = max(bucket.start, span.since or bucket.start)
        return max((min(bucket.end, span.until or self.now) - start).total_seconds(), 0)

    def values(self, rows: Sequence[Row], bucket: BucketSpan | None = None) -> Told:
        """All measures of rows of the asked span."""
        seconds = self.seconds(self.span, bucket)
        return tuple(measured(m, rows, seconds) for m in self.question.measures)

    def previous(self, rows: Sequence[Row], bucket: BucketSpan | None = None) -> Told | None:
        """All measures of rows of the compared span."""
        if self.compared is None:
            return None
        seconds = self.seconds(self.compared, bucket)
        return tuple(measured(m, rows, seconds) for m in self.question.measures)

    def keeps(self, rows: Sequence[Row]) -> bool:
        """Whether having lets a group pass."""
        return all(
            compares(
                measured(having.by, rows, self.seconds(self.span, None)), having.op, having.value
            )
            for having in self.question.having
        )

    # --- groups ----------------------------------------------------------------------------------

    def groups(self, rows: Sequence[Row]) -> dict[tuple[BucketSpan | None, Key], list[Row]]:
        """Rows by bucket and key."""
        found: dict[tuple[BucketSpan | None, Key], list[Row]] = {}
        for row in rows:
            found.setdefault((self.bucket(row), self.key(row)), []).append(row)
        if self.question.is_single and not found:
            found[None, ()] = []
        return found

    def top_keys(self) -> set[Key]:
        """The keys that top keeps."""
        top = self.question.top
        assert top is not None
        by_key: dict[Key, list[Row]] = {}
        for row in self.rows:
            by_key.setdefault(self.key(row), []).append(row)
        kept = [key for key, rows in by_key.items() if self.keeps(rows)]
        kept.sort(key=lambda key: self.top_place(by_key[key], key))
        return set(kept[: top.n])

    def top_place(self, rows: Sequence[Row], key: Key) -> Any:
        """Where top sees a key."""
        assert self.question.top is not None
        value = measured(self.question.top.by, rows, self.seconds(self.span, None))
        return placed(value, True), *(placed_key(part, False) for part in key)

    def truth(self) -> Truth:
        """Everything together."""
        question = self.question
        groups = self.groups(self.rows)
        others = None
        if question.top is not None:
            chosen = self.top_keys()
            if question.top.others:
                left = [row for row in self.rows if self.key(row) not in chosen]
                before = [row for row in self.before if self.key(row) not in chosen]
                others = (self.values(left), self.previous(before))
            groups = {at: rows for at, rows in groups.items() if at[1] in chosen}
        else:
            groups = {at: rows for at, rows in groups.items() if self.keeps(rows)}
        order = sorted(groups, key=lambda at: self.place(at, groups[at]))
        truncated = len(order) > question.limit
        order = order[: question.limit]
        if self.fills():
            keys = list(dict.fromkeys(key for _, key in order)) if question.group_by else [()]
            spans = self.spans([bucket for bucket, _ in order if bucket is not None])
            order = [(span, key) for span in spans for key in keys]
            order.sort(key=lambda at: self.place(at, []))
        before_groups = self.groups(self.before)
        rows = []
        for at in order:
            counterpart = self.counterpart(at[0])
            before = before_groups.get((counterpart, at[1]), [])
            shown = self.values(groups.get(at, []), at[0])
            key = tuple(value for _, value in at[1])
            rows.append((at[0], key, shown, self.previous(before, counterpart)))
        totals = (self.values(self.rows), self.previous(self.before)) if question.totals else None
        return Truth(rows, others, totals, truncated)

    def fills(self) -> bool:
        """Whether empty buckets are shown."""
        question = self.question
        if question.bucket is None or not question.bucket.fill:
            return False
        by_key = all(isinstance(term.by, ByBucket | ByGroup) for term in question.order_by)
        return by_key and (not question.having or question.top is not None)

    def spans(self, found: Sequence[BucketSpan]) -> list[BucketSpan]:
        """Every bucket of the asked span."""
        assert self.question.bucket is not None
        since = self.span.since or min((b.start for b in found), default=None)
        if since is None:
            return []
        until = self.span.until or max([self.now, *(b.end for b in found)])
        return list(self.question.bucket.spans(since, until))

    def counterpart(self, bucket: BucketSpan | None) -> BucketSpan | None:
        """The bucket of the compared span that stands where ``bucket`` stands in the asked one."""
        if bucket is None or self.compared is None:
            return None
        assert self.question.bucket is not None
        assert self.compared.since is not None
        assert self.compared.until is not None
        assert self.span.since is not None
        here = list(self.question.bucket.spans(self.span.since, self.span.until or self.now))
        there = list(self.question.bucket.spans(self.compared.since, self.compared.until))
        place = here.index(bucket) if bucket in here else len(there)
        return there[place] if place < len(there) else None

    def place(self, at: tuple[BucketSpan | None, Key], rows: Sequence[Row]) -> Any:
        """Where a row stands in the order asked for."""
        question = self.question
        bucket, key = at
        found: list[Any] = []
        for term in question.order_by:
            match term.by:
                case ByBucket():
                    assert bucket is not None
                    found.append(placed(bucket.start.timestamp(), term.descending))
                case ByGroup(group):
                    part = key[question.group_by.index(group)]
                    found.append(placed_key(part, term.descending))
                case _:
                    value = measured(term.by, rows, self.seconds(self.span, None))
                    found.append(placed(value, term.descending))
        if bucket is not None:
            found.append(placed(bucket.start.timestamp(), False))
        elif question.top is not None:
            found.append(self.top_place(rows, key))
        return *found, *(placed_key(part, False) for part in key)


def placed(value: Any, descending: bool) -> Any:
    """A number's place; null is last."""
    if value is None:
        return (1, 0)
    return (0, -value if descending else value)


def placed_key(kept: tuple[bool, Any], descending: bool) -> Any:
    """The place of a key: text by code points, then numbers, then booleans, then null."""
    value = kept[1]
    if isinstance(value, UUID):
        return (0, -value.int if descending else value.int)
    if value is None:
        return (3, 0)
    if isinstance(value, str):
        points = [ord(c) for c in value]
        return (0, [-p for p in points] + [1] if descending else points)
    return (2 if isinstance(value, bool) else 1, -value if descending else value)


def told(answer: AggregationResult) -> Truth:
    """An answer in the form of the truth."""

    def of(group: Group | None) -> Told | None:
        return None if group is None else (group.values, group.previous)

    rows = [(row.bucket, row.key, row.values, row.previous) for row in answer.rows]
    return Truth(rows, of(answer.others), of(answer.totals), answer.truncated)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, floats but for their last bits."""
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        if one is None or other is None or isinstance(one, bool) or isinstance(other, bool):
            return False
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    # True equals 1 in Python, and nowhere else; drivers have kinds of UUID of their own.
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)

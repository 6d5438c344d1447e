"""Spans of time: found in a filter, taken out of it, and moved to what they are compared with."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from store.aggregation.buckets import Bucket, same_time_last_year
from store.aggregation.queries import ComparisonPeriod, Span
from store.query.filters import AllOf, AnyOf, Compare, ComparisonOperator, Condition, Not

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Split:
    """A filter in two: the span that every record must lie in, and all other conditions.

    ``elsewhere`` says that those others speak of the time, too, so that they cannot be moved.
    """

    span: Span
    remaining: Condition | None
    elsewhere: bool


def split(where: Condition | None, time_name: str) -> Split:
    spans: list[Span] = []
    remaining = _take(where, time_name, spans) if where is not None else None
    since = max((s.since for s in spans if s.since is not None), default=None)
    until = min((s.until for s in spans if s.until is not None), default=None)
    return Split(
        Span(since, until), remaining, remaining is not None and _mentions(remaining, time_name)
    )


def _take(where: Condition, name: str, spans: list[Span]) -> Condition | None:
    if isinstance(where, AllOf):
        left = [
            part
            for part_of_all in where.parts
            if (part := _take(part_of_all, name, spans)) is not None
        ]
        return AllOf(tuple(left)) if left else None
    if isinstance(where, Compare) and where.field == name:
        span = _span_of(where)
        if span is not None:
            spans.append(span)
            return None
    return where


def _span_of(comparison: Compare) -> Span | None:
    value = comparison.value
    if not isinstance(value, date):
        return None
    step = MICROSECOND if isinstance(value, datetime) else timedelta(days=1)
    at = to_instant(value)
    try:
        match comparison.op:
            case ComparisonOperator.GTE:
                return Span(at, None)
            case ComparisonOperator.GT:
                return Span(at + step, None)
            case ComparisonOperator.LT:
                return Span(None, at)
            case ComparisonOperator.LTE:
                return Span(None, at + step)
            case ComparisonOperator.EQ:
                return Span(at, at + step)
            case _:
                return None
    except OverflowError:
        return None


def to_instant(value: date) -> datetime:
    """Return an instant unchanged, a date as its first instant in UTC."""
    return value if isinstance(value, datetime) else datetime.combine(value, time.min, UTC)


def to_date(instant: datetime) -> date:
    """Return the first UTC date that begins at ``instant`` or later."""
    date_of_instant = instant.astimezone(UTC).date()
    if to_instant(date_of_instant) >= instant or date_of_instant == date.max:
        return date_of_instant
    return date_of_instant + timedelta(days=1)


def _mentions(where: Condition, name: str) -> bool:
    match where:
        case AllOf(parts) | AnyOf(parts):
            return any(_mentions(part, name) for part in parts)
        case Not(part):
            return _mentions(part, name)
        case _:
            return where.field == name


def earlier(
    since: datetime, until: datetime, comparison: ComparisonPeriod | Span, bucket: Bucket | None
) -> Span:
    """Return the span that [since, until) is compared with; raise ``OverflowError`` before year 1."""
    if isinstance(comparison, Span):
        return comparison
    zone = "UTC" if bucket is None else bucket.zone
    if comparison is ComparisonPeriod.LAST_YEAR:
        return Span(same_time_last_year(since, zone), same_time_last_year(until, zone))
    if bucket is not None and bucket.is_calendar:
        starts = [span.start for span in bucket.spans(since, until)]
        if starts and starts[0] == since and bucket.span_of(until).start == until:
            return Span(bucket.shift(since, -len(starts)), since)
    return Span(since - (until - since), since)

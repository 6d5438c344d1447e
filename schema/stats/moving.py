"""Compute when the answer to a query changes because time passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition

from schema.filter_operators import DateTimeFilter
from schema.filters import condition_of
from schema.selection import Selection
from schema.stats.answers import StatsSelection
from schema.stats.arguments import Arguments
from schema.stats.types import SourceTypes
from store.aggregation.buckets import Bucket
from store.aggregation.measures import PerSecond
from store.aggregation.periods import split
from store.time_ranges import TimeRange

STEPS_PER_WINDOW = 600
"""Steps in which a window over busy data moves: for an hour every 6 seconds."""
MAX_LOOKUP_WINDOW = timedelta(days=1)
"""Up to this length, the first record that leaves the window is looked up."""
MAX_WINDOW_STEP = timedelta(minutes=10)
"""Longest step of a window whose first record is not looked up."""
MIN_WINDOW_STEP = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Window:
    """Describe a time range that ends now; ``applies_to_all`` if every matching record lies in it."""

    field: str
    length: timedelta
    applies_to_all: bool


def windows_of(where: Any, applies_to_all: bool = True) -> Iterator[Window]:
    if where is None or where is strawberry.UNSET:
        return
    for field in get_object_definition(type(where), strict=True).fields:
        name = field.python_name
        value = getattr(where, name)
        if isinstance(value, DateTimeFilter):
            if isinstance(value.last, TimeRange) and value.last.length is not None:
                yield Window(name, value.last.length, applies_to_all)
        elif value is None or value is strawberry.UNSET:
            continue
        elif name in ("and_", "or_"):
            for part in value:
                yield from windows_of(part, applies_to_all and name == "and_")
        elif name == "not_":
            yield from windows_of(value, False)


async def next_change(
    info: strawberry.Info[Any, Any],
    types: SourceTypes,
    where: Any,
    arguments: Arguments,
    at: datetime,
) -> datetime | None:
    """Return when the answer of ``at`` may change without a commit; None for never.

    Needs a statement only to look up the first record of a short window.
    """
    info.context.reader()
    source = types.source
    windows = list(windows_of(where))
    condition = condition_of(where, at)
    instants: list[datetime] = []
    lookup_windows = [
        w
        for w in windows
        if w.applies_to_all and w.field == source.time and w.length <= MAX_LOOKUP_WINDOW
    ]
    if lookup_windows:
        window = min(lookup_windows, key=lambda candidate: candidate.length)
        first_record = await info.context.first_record_at(source, condition, at)
        if first_record is not None:
            instants.append(max(first_record + window.length, at + step_of(window.length)))
        windows = [window_left for window_left in windows if window_left not in lookup_windows]
    instants += [at + step_of(window.length) for window in windows]
    span = split(condition, source.time).span
    if span.until is None or span.until > at:
        bucket = arguments.bucket.bucket() if arguments.bucket else None
        if bucket is not None and bucket.fill:
            instants += boundaries(bucket, at, lookup_windows)
        if any(
            isinstance(m, PerSecond) for m in StatsSelection(types, Selection.of(info)).measures
        ):
            instants += rates(bucket, span.since, at, bool(lookup_windows or windows))
    return min(instants, default=None)


def step_of(length: timedelta) -> timedelta:
    return max(MIN_WINDOW_STEP, min(length / STEPS_PER_WINDOW, MAX_WINDOW_STEP))


def boundaries(bucket: Bucket, at: datetime, windows: Sequence[Window]) -> Iterator[datetime]:
    """Yield the end of the current bucket, and when the first one leaves each window."""
    yield bucket.span_of(at).end
    for window in windows:
        yield bucket.span_of(at - window.length).end + window.length


def rates(
    bucket: Bucket | None, since: datetime | None, at: datetime, moves: bool
) -> Iterator[datetime]:
    """Yield when rates must be computed again: records per second of a growing span."""
    if bucket is not None:
        yield at + step_of(timedelta(seconds=bucket.about_seconds))
    elif since is not None and not moves:
        yield at + step_of(at - since)

"""When the answer to a question changes because time passes, and nothing else happens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition

from schema.filter_operators import DateTimeFilter
from schema.filters import condition_of
from schema.selection import Selection
from schema.stats.answers import Wanted
from schema.stats.asking import Arguments
from schema.stats.types import SourceTypes
from store.aggregation.buckets import Bucket
from store.aggregation.measures import PerSecond
from store.aggregation.periods import split
from store.time_ranges import TimeRange

STEPS_PER_WINDOW = 600
"""A window over busy data moves in steps of this part of its length: an hour every 6 seconds."""
SHORT_WINDOW = timedelta(days=1)
"""Up to this length the first record that leaves the window is looked up."""
MAX_STEP = timedelta(minutes=10)
"""The longest step of a window whose first record is not looked up, however long it is."""
MIN_STEP = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Window:
    """A time range of a filter that ends now; ``joined`` says that every record lies in it."""

    field: str
    length: timedelta
    joined: bool


def windows_of(where: Any, joined: bool = True) -> Iterator[Window]:
    """Find every time range up to now in a filter input."""
    if where is None or where is strawberry.UNSET:
        return
    for field in get_object_definition(type(where), strict=True).fields:
        name = field.python_name
        value = getattr(where, name)
        if isinstance(value, DateTimeFilter):
            if isinstance(value.last, TimeRange) and value.last.length is not None:
                yield Window(name, value.last.length, joined)
        elif value is None or value is strawberry.UNSET:
            continue
        elif name in ("and_", "or_"):
            for part in value:
                yield from windows_of(part, joined and name == "and_")
        elif name == "not_":
            yield from windows_of(value, False)


async def next_change(
    info: strawberry.Info[Any, Any],
    types: SourceTypes,
    where: Any,
    asked: Arguments,
    at: datetime,
) -> datetime | None:
    """Return when the answer of ``at`` may change although nothing is recorded; None for never.

    Costs a statement where the first record of a short window is looked up, and none elsewhere.
    """
    store, bounds = info.context.store, info.context.reader()
    source = types.source
    windows = list(windows_of(where))
    condition = condition_of(where, at, {"attributes": source.attributes or "attributes"})
    found: list[datetime] = []
    short = [w for w in windows if w.joined and w.field == source.time and w.length <= SHORT_WINDOW]
    if short:
        window = min(short, key=lambda one: one.length)
        first = await store.aggregation.first(source, condition, bounds, at)
        if first is not None:
            found.append(max(first + window.length, at + step_of(window.length)))
        windows = [one for one in windows if one not in short]
    found += [at + step_of(window.length) for window in windows]
    span = split(condition, source.time).span
    if span.until is None or span.until > at:
        bucket = asked.bucket.bucket() if asked.bucket else None
        if bucket is not None and bucket.fill:
            found += boundaries(bucket, at, short)
        if any(isinstance(m, PerSecond) for m in Wanted(types, Selection.of(info)).measures):
            found += rates(bucket, span.since, at, bool(short or windows))
    return min(found, default=None)


def step_of(length: timedelta) -> timedelta:
    """Return how long a window of a length may stand before it is moved."""
    return max(MIN_STEP, min(length / STEPS_PER_WINDOW, MAX_STEP))


def boundaries(bucket: Bucket, at: datetime, windows: Sequence[Window]) -> Iterator[datetime]:
    """Find when the present bucket ends, and when the first one leaves each window."""
    yield bucket.span_of(at).end
    for window in windows:
        yield bucket.span_of(at - window.length).end + window.length


def rates(
    bucket: Bucket | None, since: datetime | None, at: datetime, moves: bool
) -> Iterator[datetime]:
    """Find when rates are to be computed again: records per second of a span that grows."""
    if bucket is not None:
        yield at + step_of(timedelta(seconds=bucket.about_seconds))
    elif since is not None and not moves:
        yield at + step_of(at - since)

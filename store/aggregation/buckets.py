"""Slices of time: minutes to years, in any zone, right where its clocks change.

Minutes and hours are stretches of elapsed time that begin where the local clock shows a multiple
of their length since midnight of a Monday; the hour that comes twice in autumn is two hours. Where
a clock is moved by something that is no multiple of the length, the bucket is cut in two. Days and
longer units are stretches of the local calendar: a day has 23 or 25 hours when clocks change. Every
bucket begins at an instant and ends where the next one begins.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from store.aggregation.catalog import BucketUnit
from store.aggregation.zones import Zone, from_seconds, to_seconds, zone_table

DAY = 86_400
MONDAY = 4 * DAY
"""1970-01-05, a Monday: days and weeks are counted from it, so that seven days are a week."""
MONDAY_ORDINAL = date(1970, 1, 5).toordinal()
CLOCK_SECONDS = {BucketUnit.MINUTE: 60, BucketUnit.HOUR: 3_600}
CALENDAR_DAYS = {BucketUnit.DAY: 1, BucketUnit.WEEK: 7}
CALENDAR_MONTHS = {BucketUnit.MONTH: 1, BucketUnit.QUARTER: 3, BucketUnit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class BucketSpan:
    """One bucket: [start, end), in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """Buckets of one length in a row: from ``start``, each ``step`` seconds, until the next run.

    ``step`` is None for a single bucket.
    """

    start: int
    step: int | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """How time is sliced: ``every`` units of a zone's clock or calendar; ``fill`` shows empty ones."""

    unit: BucketUnit
    every: int = 1
    zone: str = "UTC"
    fill: bool = True

    @property
    def is_calendar(self) -> bool:
        return self.unit not in CLOCK_SECONDS

    @property
    def about_seconds(self) -> int:
        """Return the approximate length of a bucket in seconds, never too long except at clock changes."""
        if self.unit in CLOCK_SECONDS:
            return CLOCK_SECONDS[self.unit] * self.every
        if self.unit in CALENDAR_DAYS:
            return CALENDAR_DAYS[self.unit] * DAY * self.every
        return CALENDAR_MONTHS[self.unit] * 28 * DAY * self.every

    def span_of(self, instant: datetime) -> BucketSpan:
        start, end = self.around(math.floor(to_seconds(instant)))
        return BucketSpan(from_seconds(start), from_seconds(end))

    def count(self, since: datetime, until: datetime, most: int) -> int:
        """Return how many buckets [since, until) touches; an estimate where that is far above ``most``."""
        about = math.ceil((until - since).total_seconds() / self.about_seconds)
        if about > 2 * most + 10:
            return about
        if since >= until:
            return 0
        stop = math.ceil(to_seconds(until))
        ends = self._stretches(self.runs(since, until), stop)
        return sum(
            1 if run.step is None else -(-(end - run.start) // run.step) for run, end in ends
        )

    def spans(self, since: datetime, until: datetime) -> Iterator[BucketSpan]:
        """Yield the buckets that [since, until) touches, in order."""
        if since >= until:
            return
        stop = math.ceil(to_seconds(until))
        for run, end in self._stretches(self.runs(since, until), stop):
            at, last = from_seconds(run.start), from_seconds(end)
            step = last - at if run.step is None else timedelta(seconds=run.step)
            while at < last:
                following = at + step
                if following >= last:
                    # Where the run is cut, be it after what was asked for.
                    following = self.span_of(at).end
                yield BucketSpan(at, following)
                at = following

    @staticmethod
    def _stretches(runs: list[Run], stop: int) -> Iterator[tuple[Run, int]]:
        for run, following in pairwise(runs):
            yield run, following.start
        yield runs[-1], stop

    def shift(self, start: datetime, by: int) -> datetime:
        """Return the start of the bucket ``by`` buckets after (before, if negative) the one at ``start``."""
        span = self.span_of(start)
        for _ in range(abs(by)):
            beside = span.end if by > 0 else span.start - timedelta(microseconds=1)
            span = self.span_of(beside)
        return span.start

    def runs(self, since: datetime, until: datetime) -> list[Run]:
        """Split [since, until) into as few runs of equal buckets as possible."""
        zone = zone_table(self.zone)
        first = math.floor(to_seconds(since))
        last = max(math.ceil(to_seconds(until)) - 1, first)
        if self.unit in CLOCK_SECONDS:
            return self._clock_runs(zone, first, last)
        start, following = self.around(first)
        constant = zone.stretch(start) == zone.stretch(self.around(last)[1])
        # A bucket that begins where days were skipped is shorter, though no clock is moved in it.
        if self.unit in CALENDAR_DAYS and constant and following - start == self.about_seconds:
            return [Run(start, self.about_seconds)]
        return list(_calendar_runs(self, self.around(first)[0], self.around(last)[0]))

    # --- one bucket ----------------------------------------------------------------------------

    def around(self, seconds: int) -> tuple[int, int]:
        """Return the bucket in which an instant lies, in epoch seconds."""
        zone = zone_table(self.zone)
        if self.unit in CLOCK_SECONDS:
            return self._clock(zone, seconds)
        number = self._number(date.fromordinal(_ordinal(seconds, zone)))
        # A clock that is moved back over midnight shows a day twice; it began the first time.
        while (end := self._begins(zone, number + 1)) <= seconds:
            number += 1
        start = self._begins(zone, number)
        return start, end

    def _clock(self, zone: Zone, seconds: int) -> tuple[int, int]:
        size = self.about_seconds
        stretch = zone.stretch(seconds)
        offset = zone.offsets[stretch]
        start = seconds - (seconds + offset - MONDAY) % size
        end = start + size
        for index in range(stretch, 0, -1):
            if start >= zone.starts[index]:
                break
            if (zone.offsets[index] - zone.offsets[index - 1]) % size:
                start = zone.starts[index]
                break
        for index in range(stretch + 1, len(zone.starts)):
            if end <= zone.starts[index]:
                break
            if (zone.offsets[index] - zone.offsets[index - 1]) % size:
                end = zone.starts[index]
                break
        return start, end

    def _number(self, day: date) -> int:
        if self.unit in CALENDAR_DAYS:
            return (day.toordinal() - MONDAY_ORDINAL) // (CALENDAR_DAYS[self.unit] * self.every)
        months = day.year * 12 + day.month - 1
        return months // (CALENDAR_MONTHS[self.unit] * self.every)

    def _begins(self, zone: Zone, number: int) -> int:
        if self.unit in CALENDAR_DAYS:
            days = number * CALENDAR_DAYS[self.unit] * self.every + MONDAY // DAY
        else:
            year, month = divmod(number * CALENDAR_MONTHS[self.unit] * self.every, 12)
            # The first bucket of very long ones begins before the calendar of the library does.
            days = (date(max(year, 1), month + 1, 1) - date(1970, 1, 1)).days
        return zone.first_showing(days * DAY)

    # --- many buckets --------------------------------------------------------------------------

    def _clock_runs(self, zone: Zone, first: int, last: int) -> list[Run]:
        size = self.about_seconds
        cuts = [
            zone.starts[index]
            for index in range(zone.stretch(first) + 1, zone.stretch(last) + 1)
            if (zone.offsets[index] - zone.offsets[index - 1]) % size
        ]
        runs: list[Run] = []
        for begin in (first, *cuts):
            start, end = self._clock(zone, begin)
            if end - start == size:
                runs.append(Run(start, size))
                continue
            runs.append(Run(start, None))
            if end not in cuts and end <= last:
                runs.append(Run(end, size))
        return runs


@lru_cache(maxsize=64)
def _calendar_runs(bucket: Bucket, first: int, last: int) -> tuple[Run, ...]:
    """Return the runs between two buckets: equal lengths are merged, each month is a run.

    Remembered, because a span without a beginning has hundreds of months.
    """
    runs: list[Run] = []
    start, end = bucket.around(first)
    while True:
        step = end - start if bucket.unit in CALENDAR_DAYS else None
        if not runs or step is None or runs[-1].step != step:
            runs.append(Run(start, step))
        if end > last:
            return tuple(runs)
        start, end = bucket.around(end)


def _ordinal(seconds: int, zone: Zone) -> int:
    local = seconds + zone.offsets[zone.stretch(seconds)]
    return date(1970, 1, 1).toordinal() + local // DAY


def same_time_last_year(instant: datetime, zone: str) -> datetime:
    table = zone_table(zone)
    seconds = math.floor(to_seconds(instant))
    local = seconds + table.offsets[table.stretch(seconds)]
    remainder = instant - from_seconds(seconds)
    day = date.fromordinal(date(1970, 1, 1).toordinal() + local // DAY)
    before = day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
    moved = (before - date(1970, 1, 1)).days * DAY + local % DAY
    return (from_seconds(table.first_showing(moved)) + remainder).astimezone(UTC)

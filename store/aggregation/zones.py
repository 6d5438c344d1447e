"""IANA zones as tables of offsets: when a zone's clock was moved, and what it showed since."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from models.types import EPOCH

FIRST_TABLE_INSTANT, LAST_TABLE_INSTANT = (
    datetime(1999, 1, 1, tzinfo=UTC),
    datetime(2101, 1, 1, tzinfo=UTC),
)
"""The instants that tables cover: a year more than records and questions can reach."""
FIRST_INSTANT = datetime(1, 1, 1, tzinfo=UTC)
"""When the first offset of a table is taken to have begun."""
DAY_SECONDS = 86_400
MAX_CACHED_ZONES = 1_000
"""Tables kept: of all zones that there are. One takes up to 15 KB and a tenth of a second to make."""
SCAN_STEP_SECONDS = 43_200
"""Seconds between two looks at a clock; no zone moved its clock twice in so short a time."""


def to_seconds(instant: datetime) -> float:
    """Return seconds since 1970-01-01T00:00:00Z; exact for whole seconds."""
    return (instant - EPOCH) / timedelta(seconds=1)


def from_seconds(seconds: int) -> datetime:
    """Return the UTC instant that many seconds after 1970-01-01T00:00:00Z."""
    return EPOCH + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone's offsets: ``offsets[i]`` seconds hold from ``starts[i]`` on, in epoch seconds."""

    name: str
    starts: tuple[int, ...]
    offsets: tuple[int, ...]

    def stretch(self, seconds: float) -> int:
        return max(bisect_right(self.starts, seconds) - 1, 0)

    def end(self, stretch: int) -> int | None:
        return self.starts[stretch + 1] if stretch + 1 < len(self.starts) else None

    def first_showing(self, local: int) -> int:
        """Return the first instant at which the local clock shows ``local`` seconds or later.

        That is local midnight where it exists once, its first time where it comes twice, and the
        end of the gap where it was skipped.
        """
        # Clocks were moved by at most a day, so that the stretch of two days before is early enough.
        stretch = self.stretch(local - 2 * 86_400)
        while True:
            instant = max(local - self.offsets[stretch], self.starts[stretch])
            end = self.end(stretch)
            if end is None or instant < end:
                return instant
            stretch += 1


def is_zone(name: str) -> bool:
    return name in known_zones()


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@lru_cache(maxsize=MAX_CACHED_ZONES)
def zone_table(name: str) -> Zone:
    zone = ZoneInfo(name)
    began = round(to_seconds(FIRST_INSTANT))
    fixed = zone.utcoffset(None)
    if fixed is not None:  # clocks such as UTC's were never moved: there is nothing to look for
        return Zone(name, (began,), (round(fixed.total_seconds()),))

    def offset(seconds: int) -> int:
        utc_offset = datetime.fromtimestamp(seconds, zone).utcoffset()
        return utc_offset.days * DAY_SECONDS + utc_offset.seconds if utc_offset is not None else 0

    first, last = round(to_seconds(FIRST_TABLE_INSTANT)), round(to_seconds(LAST_TABLE_INSTANT))
    starts, offsets = [began], [offset(first)]
    for seen in range(first, last, SCAN_STEP_SECONDS):
        low, high = seen, seen + SCAN_STEP_SECONDS
        after = offset(high)
        if after == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        starts.append(high)
        offsets.append(after)
    return Zone(name, tuple(starts), tuple(offsets))

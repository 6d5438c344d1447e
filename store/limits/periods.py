"""Calendar periods in a zone, computed when they are used, so that no job can forget a reset."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import assert_never
from zoneinfo import ZoneInfo

from models.enums import LimitPeriod
from models.types import EPOCH

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PeriodSpan:
    """A period as instants: [start, end); ``end`` is None for a lifetime."""

    start: datetime
    end: datetime | None


def span_at(period: LimitPeriod, at: datetime, zone: str) -> PeriodSpan:
    """Return the calendar period of ``zone`` in which ``at`` lies.

    Days, weeks (from Monday), months and years begin at local midnight, so that the day on which
    clocks change has 23 or 25 hours. Hours begin at local full hours, and where clocks change by
    less than an hour.
    """
    local = at.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    match period:
        case LimitPeriod.HOUR:
            # Counted on the UTC line: local hours repeat or vanish when clocks change.
            past = timedelta(minutes=local.minute, seconds=local.second)
            start = at.astimezone(UTC).replace(microsecond=0) - past
            return _of_one_offset(start, start + HOUR, at, local.tzinfo)
        case LimitPeriod.DAY:
            return _span(midnight, midnight + timedelta(days=1))
        case LimitPeriod.WEEK:
            monday = midnight - timedelta(days=midnight.weekday())
            return _span(monday, monday + timedelta(days=7))
        case LimitPeriod.MONTH:
            first = midnight.replace(day=1)
            following = (first + timedelta(days=32)).replace(day=1)
            return _span(first, following)
        case LimitPeriod.YEAR:
            first = midnight.replace(month=1, day=1)
            return _span(first, first.replace(year=first.year + 1))
        case LimitPeriod.LIFETIME:
            return PeriodSpan(EPOCH, None)
        case _:
            assert_never(period)


def _span(start: datetime, end: datetime) -> PeriodSpan:
    return PeriodSpan(start.astimezone(UTC), end.astimezone(UTC))


def _of_one_offset(start: datetime, end: datetime, at: datetime, zone: tzinfo | None) -> PeriodSpan:
    """Return the part around ``at`` of an hour that may be cut in two where clocks change by a part of it.

    Whole hours need no cut: on both sides of such a change hours begin at the same instants.
    """
    before, after = (_offset(instant, zone) for instant in (start, end - timedelta(seconds=1)))
    if (after - before) % HOUR:
        low, high = 0, int((end - start).total_seconds()) - 1
        while high - low > 1:
            middle = (low + high) // 2
            passed = _offset(start + timedelta(seconds=middle), zone) == after
            low, high = (low, middle) if passed else (middle, high)
        change = start + timedelta(seconds=high)
        start, end = (start, change) if at < change else (change, end)
    return PeriodSpan(start, end)


def _offset(instant: datetime, zone: tzinfo | None) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()

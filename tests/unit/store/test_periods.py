"""Calendar periods in zones whose clocks change, skip midnight, or never were on the hour."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.enums import LimitPeriod
from store.limits.periods import span_at

CALENDAR = (
    LimitPeriod.HOUR,
    LimitPeriod.DAY,
    LimitPeriod.WEEK,
    LimitPeriod.MONTH,
    LimitPeriod.YEAR,
)
ZONES = (
    "UTC",
    "Europe/Zurich",
    "America/New_York",
    "America/Havana",  # midnight comes twice when summer ends
    "America/Sao_Paulo",  # and did not come at all when it began, until 2018
    "America/Asuncion",
    "America/Caracas",  # went half an hour ahead in 2016, at half past two
    "Atlantic/Azores",
    "Africa/Cairo",
    "Asia/Kathmandu",  # +05:45
    "Asia/Kolkata",
    "Asia/Pyongyang",  # half an hour back in 2015, at midnight, and ahead in 2018, before it
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Pacific/Apia",  # went without 30 December 2011
    "Pacific/Auckland",
    "Pacific/Chatham",  # +12:45, +13:45
    "Pacific/Kiritimati",  # +14
)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


def hours(period: LimitPeriod, when: str, zone: str) -> float:
    """How long the period is in which that instant lies."""
    span = span_at(period, at(when), zone)
    assert span.end is not None
    return (span.end - span.start) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "noon", "length"),
    [
        ("Europe/Zurich", "2026-03-29T12:00+02:00", 23),
        ("Europe/Zurich", "2026-10-25T12:00+01:00", 25),
        ("Europe/Zurich", "2026-10-26T12:00+01:00", 24),
        ("America/New_York", "2026-03-08T12:00-04:00", 23),
        ("America/New_York", "2026-11-01T12:00-05:00", 25),
        ("Pacific/Auckland", "2026-04-05T12:00+12:00", 25),
        ("Pacific/Auckland", "2026-09-27T12:00+13:00", 23),
        ("America/Sao_Paulo", "2018-11-04T12:00-02:00", 23),
        ("America/Sao_Paulo", "2018-02-17T12:00-02:00", 25),
        ("America/Havana", "2026-11-01T12:00-05:00", 25),
        ("Australia/Lord_Howe", "2026-10-04T12:00+11:00", 23.5),
        ("Asia/Kathmandu", "2026-03-29T12:00+05:45", 24),
    ],
)
def test_days_on_which_clocks_change(zone: str, noon: str, length: float) -> None:
    assert hours(LimitPeriod.DAY, noon, zone) == length


@pytest.mark.parametrize(
    ("period", "zone", "when", "start", "end"),
    [
        ("DAY", "Asia/Kathmandu", "2026-11-20T18:14:59Z", "2026-11-19T18:15Z", "2026-11-20T18:15Z"),
        ("DAY", "Asia/Kathmandu", "2026-11-20T18:15:00Z", "2026-11-20T18:15Z", "2026-11-21T18:15Z"),
        # The first hour of 4 November 2018 did not exist: the day begins at one o'clock.
        ("DAY", "America/Sao_Paulo", "2018-11-04T03:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
        ("DAY", "America/Sao_Paulo", "2018-11-04T02:59Z", "2018-11-03T03:00Z", "2018-11-04T03:00Z"),
        # Midnight of 1 November 2026 comes twice: the day begins with the first one.
        ("DAY", "America/Havana", "2026-11-01T05:30Z", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        ("DAY", "Pacific/Apia", "2011-12-30T09:59Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("DAY", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
        ("WEEK", "UTC", "2026-11-22T23:59Z", "2026-11-16T00:00Z", "2026-11-23T00:00Z"),
        ("WEEK", "UTC", "2026-11-23T00:00Z", "2026-11-23T00:00Z", "2026-11-30T00:00Z"),
        ("WEEK", "UTC", "2027-01-01T00:00Z", "2026-12-28T00:00Z", "2027-01-04T00:00Z"),
        (
            "WEEK", "Pacific/Auckland", "2026-09-27T12:00Z",
            "2026-09-27T11:00Z", "2026-10-04T11:00Z",
        ),
        ("MONTH", "UTC", "2024-02-29T23:59:59.999999Z", "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
        ("MONTH", "UTC", "2026-02-28T23:59Z", "2026-02-01T00:00Z", "2026-03-01T00:00Z"),
        ("MONTH", "UTC", "2026-12-31T23:59Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        ("MONTH", "UTC", "2026-01-31T00:00Z", "2026-01-01T00:00Z", "2026-02-01T00:00Z"),
        (
            "MONTH", "Pacific/Auckland", "2026-10-31T11:00Z",
            "2026-10-31T11:00Z", "2026-11-30T11:00Z",
        ),
        ("YEAR", "UTC", "2024-02-29T12:00Z", "2024-01-01T00:00Z", "2025-01-01T00:00Z"),
        (
            "YEAR", "Pacific/Kiritimati", "2026-12-31T10:00Z",
            "2026-12-31T10:00Z", "2027-12-31T10:00Z",
        ),
        ("HOUR", "Asia/Kathmandu", "2026-11-21T09:30Z", "2026-11-21T09:15Z", "2026-11-21T10:15Z"),
        # The hour from two to three comes twice in Zurich: two periods, not one of two hours.
        ("HOUR", "Europe/Zurich", "2026-10-25T00:30Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
        ("HOUR", "Europe/Zurich", "2026-10-25T01:30Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"),
        # At two o'clock Lord Howe's clocks go back to half past one.
        (
            "HOUR", "Australia/Lord_Howe", "2026-04-04T14:45Z",
            "2026-04-04T14:00Z", "2026-04-04T15:00Z",
        ),
        (
            "HOUR", "Australia/Lord_Howe", "2026-04-04T15:10Z",
            "2026-04-04T15:00Z", "2026-04-04T15:30Z",
        ),
    ],
)  # fmt: skip
def test_spans(period: str, zone: str, when: str, start: str, end: str) -> None:
    span = span_at(LimitPeriod(period), at(when), zone)
    assert (span.start, span.end) == (at(start), at(end))
    assert span.start.tzinfo is UTC


def test_a_lifetime_has_no_end() -> None:
    early, late = (
        span_at(LimitPeriod.LIFETIME, at(when), "Asia/Tokyo")
        for when in ("2000-01-01T00:00Z", "2040-01-01T00:00Z")
    )
    assert early == late
    assert early.end is None


@given(st.sampled_from(CALENDAR), INSTANTS, st.sampled_from(ZONES))
@example(LimitPeriod.HOUR, datetime(2026, 4, 4, 15, 10, tzinfo=UTC), "Australia/Lord_Howe")
@example(LimitPeriod.HOUR, datetime(2026, 10, 3, 15, 40, tzinfo=UTC), "Australia/Lord_Howe")
@example(LimitPeriod.HOUR, datetime(2016, 5, 1, 6, 50, tzinfo=UTC), "America/Caracas")
@example(LimitPeriod.HOUR, datetime(2016, 5, 1, 7, 10, tzinfo=UTC), "America/Caracas")
@example(LimitPeriod.HOUR, datetime(2018, 5, 4, 14, 45, tzinfo=UTC), "Asia/Pyongyang")
@example(LimitPeriod.DAY, datetime(2015, 8, 14, 14, 45, tzinfo=UTC), "Asia/Pyongyang")
@example(LimitPeriod.DAY, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/Havana")
def test_periods_tile_the_line(period: LimitPeriod, when: datetime, zone: str) -> None:
    span = span_at(period, when, zone)
    assert span.end is not None
    assert span.start <= when < span.end
    last = span.end - timedelta(microseconds=1)
    assert span_at(period, span.start, zone) == span_at(period, last, zone) == span
    assert span_at(period, span.end, zone).start == span.end


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_of_forty_years_begins_at_local_midnight(zone: str) -> None:
    day, days = at("2000-01-01T12:00Z"), []
    while day.year < 2040:
        span = span_at(LimitPeriod.DAY, day, zone)
        assert span.end is not None
        days.append(span)
        day = span.end
    assert all(one.end == other.start for one, other in pairwise(days))
    odd = [s for s in days if s.start.astimezone(ZoneInfo(zone)).hour]
    # Where a day does not begin at midnight, there was none: clocks went from 24:00 to 1:00.
    assert all((s.start - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).hour == 23 for s in odd)


@given(st.sampled_from(CALENDAR), INSTANTS, st.sampled_from(ZONES), st.integers(-14 * 60, 14 * 60))
def test_the_zone_that_an_instant_is_written_in_does_not_matter(
    period: LimitPeriod, when: datetime, zone: str, offset: int
) -> None:
    from_elsewhere = when.astimezone(ZoneInfo("Asia/Tokyo")) + timedelta(minutes=offset)
    assert span_at(period, from_elsewhere, zone) == span_at(
        period, from_elsewhere.astimezone(UTC), zone
    )

"""Buckets against the standard library's zones, around every kind of change of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.aggregation import zones
from store.aggregation.buckets import Bucket, BucketSpan, Run, same_time_last_year
from store.aggregation.catalog import BucketUnit
from store.aggregation.zones import from_seconds, is_zone, to_seconds, zone_table

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Casablanca",
)
# Days on which clocks of these zones were moved, and one on which none was.
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2018, 11, 4, 3, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 2, 15, 2, tzinfo=UTC),
    datetime(2024, 2, 29, 12, tzinfo=UTC),
)
INSTANTS = st.builds(
    lambda change, moved: change + moved,
    st.sampled_from(CHANGES),
    st.timedeltas(timedelta(days=-3), timedelta(days=3)),
)
EVERY = st.sampled_from([1, 1, 2, 3, 5, 6, 7, 12, 30, 90])


def local(instant: datetime, zone: str) -> datetime:
    """What the clock of a zone shows, without the zone."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@settings(max_examples=400)
@given(st.sampled_from(ZONES), INSTANTS)
def test_calendar_days_are_those_of_the_clock(zone: str, instant: datetime) -> None:
    span = Bucket(BucketUnit.DAY, zone=zone).span_of(instant)
    assert span.start <= instant < span.end
    day = local(instant, zone).date()
    assert local(span.start, zone).date() == day
    assert local(span.end - timedelta(microseconds=1), zone).date() == day
    assert local(span.end, zone).date() > day
    assert local(span.start - timedelta(microseconds=1), zone).date() < day


@settings(max_examples=300)
@given(st.sampled_from(ZONES), INSTANTS, st.sampled_from(list(BucketUnit)))
def test_calendar_units_begin_where_they_should(
    zone: str, instant: datetime, unit: BucketUnit
) -> None:
    span = Bucket(unit, zone=zone).span_of(instant)
    first, seen = local(span.start, zone), local(instant, zone).date()
    if unit is BucketUnit.WEEK:
        monday = seen - timedelta(days=seen.weekday())
        skipped = zone == "Pacific/Apia" and monday.isoformat() == "2011-12-30"
        assert first.date() == monday or skipped
    if unit is BucketUnit.MONTH:
        assert first.date() == seen.replace(day=1)
    if unit is BucketUnit.QUARTER:
        assert first.date() == seen.replace(day=1, month=(seen.month - 1) // 3 * 3 + 1)
    if unit is BucketUnit.YEAR:
        assert first.date() == seen.replace(day=1, month=1)


@settings(max_examples=300)
@given(st.sampled_from(ZONES), INSTANTS, st.sampled_from(["MINUTE", "HOUR"]), EVERY)
def test_clock_buckets_are_elapsed_time(
    zone: str, instant: datetime, unit: str, every: int
) -> None:
    bucket = Bucket(BucketUnit(unit), every, zone)
    span = bucket.span_of(instant)
    assert span.start <= instant < span.end
    length = span.end - span.start
    assert length <= timedelta(seconds=bucket.about_seconds)
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    if length == timedelta(seconds=bucket.about_seconds):
        shown = to_seconds(span.start) + (offset or timedelta()).total_seconds()
        assert (shown - 4 * 86_400) % bucket.about_seconds == 0


@settings(max_examples=300)
@given(st.sampled_from(ZONES), INSTANTS, st.sampled_from(list(BucketUnit)), EVERY)
def test_buckets_follow_one_another(
    zone: str, instant: datetime, unit: BucketUnit, every: int
) -> None:
    bucket = Bucket(unit, every, zone)
    until = instant + timedelta(seconds=bucket.about_seconds * 3 + 7_200)
    spans = list(bucket.spans(instant, until))
    assert spans[0].start <= instant < spans[0].end
    assert spans[-1].start < until <= spans[-1].end
    for one, following in pairwise(spans):
        assert one.end == following.start
    for span in spans:
        assert bucket.span_of(span.start) == span
        assert bucket.span_of(span.end - timedelta(microseconds=1)) == span
    assert bucket.count(instant, until, 100) == len(spans)
    stepped = [bucket.span_of(instant)]
    while stepped[-1].end < until:
        stepped.append(bucket.span_of(stepped[-1].end))
    assert spans == stepped
    assert bucket.shift(spans[0].start, len(spans) - 1) == spans[-1].start
    assert bucket.shift(spans[-1].start, 1 - len(spans)) == spans[0].start


def of_runs(runs: list[Run], instant: datetime) -> datetime:
    """The start of an instant's bucket as runs say it."""
    seconds = to_seconds(instant)
    run = [r for r in runs if r.start <= seconds][-1]
    if run.step is None:
        return from_seconds(run.start)
    return from_seconds(run.start + int(seconds - run.start) // run.step * run.step)


@settings(max_examples=400)
@given(
    st.sampled_from(ZONES),
    INSTANTS,
    st.timedeltas(timedelta(minutes=1), timedelta(days=400)),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(list(BucketUnit)),
    EVERY,
)
def test_runs_say_the_same(
    zone: str, since: datetime, length: timedelta, at: float, unit: BucketUnit, every: int
) -> None:
    bucket = Bucket(unit, every, zone)
    runs = bucket.runs(since, since + length)
    for instant in (since, since + length * at, since + length - timedelta(microseconds=1)):
        assert of_runs(runs, instant) == bucket.span_of(instant).start
    assert len(runs) < 500


def test_runs_know_a_bucket_that_a_skipped_day_left_short() -> None:
    bucket = Bucket(BucketUnit.DAY, 2, "Pacific/Apia")
    since = datetime(2011, 12, 30, 10, tzinfo=UTC)
    runs = bucket.runs(since, since + timedelta(days=5))
    for hours in range(5 * 24):
        instant = since + timedelta(hours=hours)
        assert of_runs(runs, instant) == bucket.span_of(instant).start


def test_runs_are_few() -> None:
    since, until = datetime(2000, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    assert len(Bucket(BucketUnit.DAY).runs(since, until)) == 1
    assert len(Bucket(BucketUnit.MINUTE, zone="Europe/Berlin").runs(since, until)) == 1
    assert len(Bucket(BucketUnit.HOUR, zone="Asia/Kathmandu").runs(since, until)) == 1
    assert len(Bucket(BucketUnit.DAY, zone="Europe/Berlin").runs(since, until)) < 120


def test_the_hour_that_comes_twice() -> None:
    hour = Bucket(BucketUnit.HOUR, zone="Europe/Berlin")
    spans = list(
        hour.spans(datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC))
    )
    assert [local(s.start, "Europe/Berlin").hour for s in spans] == [2, 2]
    day = Bucket(BucketUnit.DAY, zone="Europe/Berlin").span_of(spans[0].start)
    assert day.end - day.start == timedelta(hours=25)


def test_half_an_hour_cuts_an_hour_in_two() -> None:
    hour = Bucket(BucketUnit.HOUR, zone="Australia/Lord_Howe")
    change = datetime(2026, 4, 4, 15, tzinfo=UTC)  # 02:00 +11 became 01:30 +10:30
    spans = list(hour.spans(change - timedelta(hours=1), change + timedelta(hours=1)))
    assert [(s.end - s.start) // timedelta(minutes=1) for s in spans] == [60, 30, 60]


def test_the_day_that_was_skipped() -> None:
    day = Bucket(BucketUnit.DAY, zone="Pacific/Apia")
    since = datetime(2011, 12, 29, 10, tzinfo=UTC)
    spans = day.spans(since, since + timedelta(days=2))
    assert [local(s.start, day.zone).day for s in spans] == [29, 31]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2023, 2, 28, 12, tzinfo=UTC)),
        (datetime(2026, 11, 1, 0, 0, 0, 7, tzinfo=UTC), datetime(2025, 11, 1, 0, 0, 0, 7, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_last_year(asked: datetime, found: datetime) -> None:
    assert same_time_last_year(asked, "UTC") == found


def test_last_year_keeps_the_local_clock() -> None:
    # Summer time had not ended yet on this day in 2024.
    asked = datetime(2025, 10, 26, 23, tzinfo=UTC)
    assert same_time_last_year(asked, "Europe/Berlin") == datetime(2024, 10, 26, 22, tzinfo=UTC)


def test_seven_days_are_a_week_and_three_months_a_quarter() -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for one, other in (
        (Bucket(BucketUnit.DAY, 7), Bucket(BucketUnit.WEEK)),
        (Bucket(BucketUnit.MONTH, 3), Bucket(BucketUnit.QUARTER)),
        (Bucket(BucketUnit.QUARTER, 4), Bucket(BucketUnit.YEAR)),
    ):
        assert one.span_of(at) == other.span_of(at)
    assert Bucket(BucketUnit.WEEK).span_of(at) == BucketSpan(
        datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
    )


def test_zones_by_name() -> None:
    assert is_zone("Europe/Berlin")
    assert not any(
        map(is_zone, ["", "Mars/Olympus", "../etc/passwd", "localtime", "europe/berlin"])
    )
    assert zone_table("UTC").offsets == (0,)


def test_the_table_of_a_fixed_zone_takes_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[datetime | None] = []

    class CountedZone(ZoneInfo):
        def utcoffset(self, dt: datetime | None, /) -> timedelta | None:
            readings.append(dt)
            return super().utcoffset(dt)

    monkeypatch.setattr(zones, "ZoneInfo", CountedZone)
    for name, hours in (("UTC", 0), ("Etc/GMT+10", -10), ("Asia/Kolkata", None)):
        readings.clear()
        table = zone_table.__wrapped__(name)
        assert (len(readings) == 1) == (hours is not None), name
        assert hours is None or (len(table.starts), table.offsets) == (1, (hours * 3_600,)), name

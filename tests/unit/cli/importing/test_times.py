"""Times as files write them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
import typer

from cli.importing.options import parse_time_format, parse_zone
from cli.importing.times import MissingTimeZoneError, read_log_time, time_reader, write_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-16 18:17:03.9799600", "2023-11-16T18:17:03.979960Z"),
        ("2023-11-16T18:17:03.979960999Z", "2023-11-16T18:17:03.979960Z"),
        ("2023-11-16 18:17:03,5", "2023-11-16T18:17:03.500000Z"),
        ("2023-11-16 18:17", "2023-11-16T18:17:00Z"),
        ("2023-11-16", "2023-11-16T00:00:00Z"),
        (" 2023-11-16 18:17:03 UTC ", "2023-11-16T18:17:03Z"),
        ("2023-11-16T18:17:03+0530", "2023-11-16T12:47:03Z"),
        ("2023-11-16T18:17:03 -08:00", "2023-11-17T02:17:03Z"),
        ("1700158623", "2023-11-16T18:17:03Z"),
        ("1700158623.97996", "2023-11-16T18:17:03.979960Z"),
        ("1700158623979", "2023-11-16T18:17:03.979000Z"),
        ("1700158623979960", "2023-11-16T18:17:03.979960Z"),
        ("1700158623979960123", "2023-11-16T18:17:03.979960Z"),
        ("1700158623979.96", "2023-11-16T18:17:03.979960Z"),
        ("-0.5", "1969-12-31T23:59:59.500000Z"),
        # PostgreSQL, SQL Server, BigQuery, Snowflake, Go
        ("2026-11-20 09:30:00+00", "2026-11-20T09:30:00Z"),
        ("2026-11-20 09:30:00.123456+05:30", "2026-11-20T04:00:00.123456Z"),
        ("2026-11-20 09:30:00.5-03", "2026-11-20T12:30:00.500000Z"),
        ("2026-11-20 09:30:00+05:53:28", "2026-11-20T03:36:32Z"),
        ("2026-11-20 09:30:00.1234567 +01:00", "2026-11-20T08:30:00.123456Z"),
        ("2026-11-20 09:30:00.123456 UTC", "2026-11-20T09:30:00.123456Z"),
        ("2026-11-20 09:30:00.000 +0100", "2026-11-20T08:30:00Z"),
        ("2026-11-20 09:30:00.123 +0100 CET", "2026-11-20T08:30:00.123000Z"),
        ("2026-11-20t09:30:00z", "2026-11-20T09:30:00Z"),
        ("2026-11-20 09:30:00 GMT", "2026-11-20T09:30:00Z"),
        # Names of months, and halves of the day
        ("Fri, 20 Nov 2026 09:30:00 +0100", "2026-11-20T08:30:00Z"),
        ("Fri, 20 Nov 2026 09:30:00 GMT", "2026-11-20T09:30:00Z"),
        ("Fri Nov 20 2026 09:30:00 GMT+0100 (CET)", "2026-11-20T08:30:00Z"),
        ("20-NOV-2026 09:30:00", "2026-11-20T09:30:00Z"),
        ("20/Nov/2026:09:30:00 +0100", "2026-11-20T08:30:00Z"),
        ("November 20, 2026 9:30 PM", "2026-11-20T21:30:00Z"),
        ("Nov 20 2026 12:05:00 a.m.", "2026-11-20T00:05:00Z"),
        ("2026-11-20 12:05:00 PM", "2026-11-20T12:05:00Z"),
    ],
)
def test_the_usual_forms(text: str, expected: str) -> None:
    assert write_time(time_reader(UTC, None)(text)) == expected


def test_a_zone_holds_for_times_without_one() -> None:
    read = time_reader(BERLIN, None)
    assert read("2026-07-01 12:00:00") == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert read("2026-01-01 12:00:00") == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert read("2026-01-01 12:00:00Z") == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_no_zone_anywhere_is_told_with_the_mend() -> None:
    with pytest.raises(MissingTimeZoneError, match="has no time zone: add --zone UTC"):
        time_reader(None, None)("2026-01-01 12:00:00")


def test_a_form_of_ones_own() -> None:
    read = time_reader(BERLIN, "%d.%m.%Y %H:%M")
    assert read("03.02.2026 10:15") == datetime(2026, 2, 3, 9, 15, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"is not a time of the form %d\.%m"):
        read("2026-02-03 10:15")


@pytest.mark.parametrize(
    "text",
    ["yesterday", "", "2023-13-01 00:00:00", "2023-11-16 25:00:00", "16/11/2023", "9" * 25,
     "-99999999999", "0001-01-01T00:00:00+10:00", "2026-11-20 24:00:00", "2026-11-20 09:60",
     "2026-11-20 13:00 PM", "2026-11-20 0:30 AM", "2026-11-20 09:30:00+99", "20-Nov-26 09:30:00",
     "20 Brumaire 2026 09:30", "2026-02-30 10:00:00", "1.7e9", "1700158623,5", "\u0661700158623"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|outside the calendar"):
        time_reader(UTC, None)(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("11/12/2026 09:30", "--time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y"),
        ("12.11.2026 09:30", "day and month are ambiguous"),
        ("11-12-26", "day and month are ambiguous"),
        ("20261120", "use --time-format %Y%m%d"),
        ("20261120093000", "use --time-format %Y%m%d%H%M%S"),
        ("202611200930", "use --time-format %Y%m%d%H%M"),
        ("2026-11-20 09:30:00 EST", "'EST' is ambiguous: use an offset"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match="is not a time") as error:
        time_reader(UTC, None)(text)
    assert advice in str(error.value)


@pytest.mark.parametrize("pattern", [None, "%Y-%m-%d %H:%M:%S"])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2026-10-25 02:30:00", "happens twice in Europe/Berlin"),
        ("2026-03-29 02:30:00", "does not exist in Europe/Berlin"),
    ],
)
def test_local_times_where_clocks_change_are_refused(
    text: str, what: str, pattern: str | None
) -> None:
    with pytest.raises(ValueError, match=what):
        time_reader(BERLIN, pattern)(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-10-25 01:59:59", "2026-10-24T23:59:59Z"),
        ("2026-10-25 03:00:00", "2026-10-25T02:00:00Z"),
        ("2026-10-25 02:30:00+02", "2026-10-25T00:30:00Z"),
        ("2026-10-25 02:30:00+01", "2026-10-25T01:30:00Z"),
    ],
)
def test_times_around_them_are_read(text: str, expected: str) -> None:
    assert write_time(time_reader(BERLIN, None)(text)) == expected


def test_a_zone_may_be_an_offset() -> None:
    read = time_reader(parse_zone("+05:30"), None)
    assert write_time(read("2026-11-20 09:30:00")) == "2026-11-20T04:00:00Z"
    assert parse_zone("-0800") == timezone(-timedelta(hours=8))
    with pytest.raises(typer.BadParameter, match="is not a zone such as UTC"):
        parse_zone("+99:00")


def test_a_form_with_the_name_of_a_zone_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="names such as EST are ambiguous"):
        parse_time_format("%Y-%m-%d %H:%M:%S %Z")
    assert parse_time_format("%Y %%Z") == "%Y %%Z"


@pytest.mark.parametrize("offset", ["+9900", "+0060", "-1600"])
def test_offsets_that_no_zone_has(offset: str) -> None:
    with pytest.raises(ValueError, match="not in the calendar"):
        read_log_time(f"17/May/2015:10:05:03 {offset}")


def test_times_of_logs() -> None:
    read = read_log_time("17/May/2015:10:05:03 +0000")
    assert read == datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC)
    assert read_log_time("01/Jan/2026:00:10:00 +0530") == datetime(2025, 12, 31, 18, 40, tzinfo=UTC)
    assert read_log_time("31/Dec/2025:20:00:00 -0800") == datetime(2026, 1, 1, 4, tzinfo=UTC)

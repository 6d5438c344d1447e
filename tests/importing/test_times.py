"""Times as files write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.cli.importing.times import NoZone, read_log_time, time_reader, write_time

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
    with pytest.raises(NoZone, match="has no zone: add --zone UTC"):
        time_reader(None, None)("2026-01-01 12:00:00")


def test_a_form_of_ones_own() -> None:
    read = time_reader(BERLIN, "%d.%m.%Y %H:%M")
    assert read("03.02.2026 10:15") == datetime(2026, 2, 3, 9, 15, tzinfo=UTC)
    with pytest.raises(ValueError, match=r"is not a time of the form %d\.%m"):
        read("2026-02-03 10:15")


@pytest.mark.parametrize(
    "text",
    ["yesterday", "", "2023-13-01 00:00:00", "2023-11-16 25:00:00", "16/11/2023", "9" * 25,
     "-99999999999", "0001-01-01T00:00:00+10:00"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|outside the calendar"):
        time_reader(UTC, None)(text)


def test_times_of_logs() -> None:
    read = read_log_time("17/May/2015:10:05:03 +0000")
    assert read == datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC)
    assert read_log_time("01/Jan/2026:00:10:00 +0530") == datetime(2025, 12, 31, 18, 40, tzinfo=UTC)
    assert read_log_time("31/Dec/2025:20:00:00 -0800") == datetime(2026, 1, 1, 4, tzinfo=UTC)

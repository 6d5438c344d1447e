"""Times as files write them, read into instants."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from models.types import EPOCH

ReadTime = Callable[[str], datetime]
"""Reads a text; raises ``ValueError`` with the mend."""

ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))? ?([Zz]|UTC|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
NUMBER = re.compile(r"-?\d{1,19}(\.\d{1,9})?", re.ASCII)
DIVISORS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (0, 1))
"""From which size on a number since 1970 counts nanoseconds, microseconds, milliseconds, seconds:
in each unit these are instants of the years 1973 to 5138, and so told apart for all that happens."""
MICROSECOND = timedelta(microseconds=1)
MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
LOG_TIME = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII
)


class NoZone(ValueError):
    """A time that says nothing of its zone, where none was given either."""


def time_reader(zone: tzinfo | None, pattern: str | None) -> ReadTime:
    """The reader for times of ``pattern`` (``strptime``), or of the usual forms without one.

    ``zone`` is that of times which name none; without it they raise ``NoZone``. Digits finer than
    a microsecond are cut.
    """

    def read(text: str) -> datetime:
        text = text.strip()
        try:
            found = datetime.strptime(text, pattern) if pattern else _usual(text)  # noqa: DTZ007 the zone is added below
        except ValueError as error:
            if pattern:
                raise ValueError(f"{text!r} is not a time of the form {pattern}") from None
            raise ValueError(
                f"{text!r} is not a time ({error}): write 2023-11-16 18:17:03.97, or seconds since "
                "1970, or name its form with --time-format"
            ) from None
        if found.tzinfo is None:
            if zone is None:
                raise NoZone(f"{text!r} has no zone: add --zone UTC, or the zone of its clock")
            found = found.replace(tzinfo=zone)
        try:
            return found.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{text!r} is outside the calendar") from None

    return read


def _usual(text: str) -> datetime:
    """ISO 8601 with up to nine digits of a second, or a number since 1970."""
    if NUMBER.fullmatch(text):
        return _since_1970(text)
    match = ISO.fullmatch(text)
    if match is None:
        raise ValueError("it has another form")
    date, time, fraction, zone = match.groups()
    zone = "+00:00" if zone in ("Z", "z", "UTC") else zone or ""
    seconds = f".{fraction:0<6.6}" if fraction and time.count(":") == 2 else ""
    return datetime.fromisoformat(f"{date}T{time or '00:00'}{seconds}{zone}")


def _since_1970(text: str) -> datetime:
    whole, _, fraction = text.partition(".")
    number = int(whole)
    unit = next(unit for least, unit in DIVISORS if abs(number) >= least)
    microseconds = number * 10**6 // unit
    if fraction and unit == 1:
        part = int(f"{fraction:0<6.6}")
        microseconds += -part if whole.startswith("-") else part
    try:
        return EPOCH + microseconds * MICROSECOND
    except OverflowError:
        raise ValueError("it is outside the calendar") from None


def read_log_time(text: str) -> datetime:
    """A time as web servers log it: ``17/May/2015:10:05:03 +0000``, without regard to the locale."""
    match = LOG_TIME.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        raise ValueError(f"{text!r} is not a time such as 17/May/2015:10:05:03 +0000")
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        local = datetime(
            int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not in the calendar") from None


def write_time(instant: datetime) -> str:
    """RFC 3339 in UTC, as the API takes it."""
    return instant.isoformat().replace("+00:00", "Z")

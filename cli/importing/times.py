"""Parsers of times in files."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

from models.types import EPOCH

ReadTime = Callable[[str], datetime]
"""Reads a text; raises ``ValueError`` with the fix."""

CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?"
ZONE = r"(?: ?(?:([Zz]|UTC|GMT)?([+-]\d\d(?::?\d\d(?::?\d\d)?)?)?(?: ?\(?([A-Za-z]{2,5})\)?)?))"
WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?"
ISO = re.compile(rf"(?P<date>\d{{4}}-\d\d-\d\d)(?:[Tt ]{CLOCK}{ZONE})?", re.ASCII)
DAY_FIRST = re.compile(
    rf"{WEEKDAY}(?P<day>\d{{1,2}})[ /-](?P<month>[A-Za-z]{{3,9}})[ /-](?P<year>\d{{4}})[ T:,]+{CLOCK}{ZONE}",
    re.ASCII,
)
"""RFC 2822, web servers (17/May/2015:10:05:03 +0000) and Oracle with four digits of the year."""
MONTH_FIRST = re.compile(
    rf"{WEEKDAY}(?P<month>[A-Za-z]{{3,9}}) +(?P<day>\d{{1,2}}),? +(?P<year>\d{{4}})[ T,]+{CLOCK}{ZONE}",
    re.ASCII,
)
NUMBERED = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}(?:[T ,].*)?", re.ASCII)
NUMBER = re.compile(r"-?\d{1,19}(\.\d{1,9})?", re.ASCII)
COMPACT = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])?(?:[0-5]\d){0,2}",
    re.ASCII,
)
COMPACT_LENGTHS = (8, 12, 14)
EPOCH_UNITS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (0, 1))
"""Smallest number since 1970 that is in nanoseconds, microseconds, milliseconds and seconds. In each
unit this means the years 1973 to 5138."""
MICROSECOND = timedelta(microseconds=1)
MAX_UTC_OFFSET = timedelta(hours=15, minutes=59)
"""No time zone is further from UTC."""
MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
NOON = 12
LOG_TIME = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII
)


class MissingTimeZoneError(ValueError):
    """The time has no time zone, and no default was set."""


def time_reader(zone: tzinfo | None, pattern: str | None) -> ReadTime:
    """Return a parser for ``pattern`` (``strptime``), or for the usual formats without one.

    ``zone`` is the default time zone; without it, times without one raise ``MissingTimeZoneError``.
    Ambiguous and nonexistent local times are refused. Digits beyond a microsecond are cut.
    """

    def read(text: str) -> datetime:
        text = text.strip()
        try:
            parsed = datetime.strptime(text, pattern) if pattern else _usual(text)  # noqa: DTZ007 the zone is added below
        except ValueError as error:
            if pattern:
                raise ValueError(f"{text!r} is not a time of the form {pattern}") from None
            raise ValueError(
                f"{text!r} is not a time ({error}): use 2023-11-16 18:17:03.97, or seconds since "
                "1970, or set --time-format"
            ) from None
        if parsed.tzinfo is None:
            if zone is None:
                raise MissingTimeZoneError(
                    f"{text!r} has no time zone: add --zone UTC, or the zone of its clock"
                )
            parsed = _in_zone(parsed, zone, text)
        try:
            return parsed.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"{text!r} is outside the calendar") from None

    return read


def _in_zone(local: datetime, zone: tzinfo, text: str) -> datetime:
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        try:
            is_real = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
        except OverflowError:
            is_real = True
        reason = "happens twice" if is_real else "does not exist"
        raise ValueError(
            f"{text!r} {reason} in {zone}, where clocks change. Write times with their offset, or in "
            "UTC"
        )
    return first


def _usual(text: str) -> datetime:
    if NUMBER.fullmatch(text):
        return _since_1970(text)
    if match := ISO.fullmatch(text):
        date = match["date"]
        year, month, day = int(date[:4]), int(date[5:7]), int(date[8:])
        return _instant(year, month, day, match.groups()[1:])
    if match := DAY_FIRST.fullmatch(text) or MONTH_FIRST.fullmatch(text):
        month = _month(match["month"])
        return _instant(int(match["year"]), month, int(match["day"]), match.groups()[3:])
    if NUMBERED.fullmatch(text):
        raise ValueError(
            "day and month are ambiguous: use --time-format '%d/%m/%Y %H:%M' or '%m/%d/%Y %H:%M'"
        )
    raise ValueError("unknown format")


def _month(name: str) -> int:
    for number, full in enumerate(FULL_MONTHS, 1):
        if name.lower() in (full, full[:3]) or (full == "september" and name.lower() == "sept"):
            return number
    raise ValueError(f"{name!r} is not the English name of a month")


def _instant(year: int, month: int, day: int, parts: tuple[str | None, ...]) -> datetime:
    hour_text, minute, second, fraction, half, utc, offset, name = parts
    hour = int(hour_text or 0)
    if half is not None:
        if not 1 <= hour <= NOON:
            raise ValueError(f"{hour} is not an hour before am or pm")
        hour = hour % NOON + (NOON if half in "Pp" else 0)
    micro = int(f"{fraction:0<6.6}") if fraction else 0
    parsed = datetime(year, month, day, hour, int(minute or 0), int(second or 0), micro)  # noqa: DTZ001 the zone follows
    if offset is not None:
        return parsed.replace(tzinfo=_offset(offset))
    if name is not None and name.upper() not in ("UTC", "GMT", "Z"):
        raise ValueError(f"the zone {name!r} is ambiguous: use an offset such as +01:00")
    return parsed.replace(tzinfo=UTC) if utc is not None or name is not None else parsed


def _offset(text: str) -> timezone:
    digits = text[1:].replace(":", "")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4] or 0), int(digits[4:] or 0)
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if offset > MAX_UTC_OFFSET or max(minutes, seconds) >= 60:
        raise ValueError(f"{text} is not an offset of any zone")
    return timezone(-offset if text[0] == "-" else offset)


def _since_1970(text: str) -> datetime:
    integer = text.partition(".")[0]
    if len(integer) in COMPACT_LENGTHS and text == integer and COMPACT.fullmatch(integer):
        forms = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
        raise ValueError(f"it looks like a date: use --time-format {forms[len(integer)]}")
    unit = next(unit for least, unit in EPOCH_UNITS if abs(int(integer)) >= least)
    microseconds = int(Decimal(text) * 10**6 / unit)
    try:
        return EPOCH + microseconds * MICROSECOND
    except OverflowError:
        raise ValueError("it is outside the calendar") from None


def read_log_time(text: str) -> datetime:
    """Parse ``17/May/2015:10:05:03 +0000`` in any locale."""
    match = LOG_TIME.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        raise ValueError(f"{text!r} is not a time such as 17/May/2015:10:05:03 +0000")
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    try:
        offset = _offset(f"{sign}{hours}{minutes}")
        local = datetime(
            int(year), MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=offset
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not in the calendar") from None


def write_time(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")

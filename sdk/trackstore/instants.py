"""Lenient parsing of times: aware datetimes, Unix timestamps and ISO 8601 texts."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from trackstore.values import ACCEPTS, MAX_DIGITS, Problems, describe_value, read_number, unwrapped

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_FUTURE = timedelta(hours=24)
"""How far ahead of the clock a record may be."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMESTAMP_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
"""Units per second of Unix timestamps; the valid ranges do not overlap."""
MAX_LOCAL_DIFFERENCE = timedelta(minutes=5)
"""A naive time this close to now, in UTC or local time, is taken as that."""
AWARE_HINT = "Pass an aware datetime, such as datetime.now(UTC)."


def instant(value: Any, problems: Problems) -> datetime | None:
    now = datetime.now(UTC)
    if type(value) is datetime and value.tzinfo is UTC and EARLIEST <= value <= now + MAX_FUTURE:
        return value
    before = len(problems)
    try:
        moment = _read(value, now, problems)
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        moment = None
    if moment is None:
        if len(problems) == before:
            problems.append(("", f"{describe_value(value)} is not a time. {AWARE_HINT}"))
        return None
    if not EARLIEST <= moment <= now + MAX_FUTURE:
        problems.append(("", f"{moment.isoformat()} is not between 2000 and tomorrow."))
        return None
    return moment


ACCEPTS[instant] = lambda value: (
    type(value) is datetime
    and value.tzinfo is UTC
    and EARLIEST <= value <= datetime.now(UTC) + MAX_FUTURE
)


def elapsed_ms(started: Any, problems: Problems) -> float | None:
    """Return the milliseconds since a datetime, ``time.time()`` or ``time.perf_counter()``."""
    try:
        number = None if issubclass(type(started), datetime) else read_number(started)
        if number is not None and abs(number) < EARLIEST.timestamp():
            return _not_negative((time.perf_counter() - number) * 1_000, started, problems)
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        number = None
    start = instant(started, problems)
    if start is None:
        return None
    return _not_negative((datetime.now(UTC) - start) / timedelta(milliseconds=1), started, problems)


def _not_negative(elapsed: float, started: Any, problems: Problems) -> float | None:
    if elapsed >= 0:
        return elapsed
    problems.append(("", f"The start {describe_value(started)} lies in the future."))
    return None


def _read(value: Any, now: datetime, problems: Problems) -> datetime | None:
    kind = type(value)
    if hasattr(kind, "dtype") and hasattr(kind, "item"):  # NumPy's times have no zone, and are UTC
        plain = unwrapped(value)
        if type(plain) is datetime:
            return plain.replace(tzinfo=UTC)
        value, kind = plain, type(plain)
    if issubclass(kind, str):
        text = str.__str__(value).strip()
        number = None if len(text) > MAX_DIGITS else read_number(text)
        if number is not None:
            return _of_timestamp(number, now)
        value = datetime.fromisoformat(text)
        kind = datetime
    if issubclass(kind, datetime):
        zoned = value if value.utcoffset() is not None else _with_zone(value, now, problems)
        return None if zoned is None else _in_utc(zoned)
    number = read_number(value)
    return None if number is None else _of_timestamp(number, now)


def _of_timestamp(number: float, now: datetime) -> datetime | None:
    for units in TIMESTAMP_UNITS:
        if EARLIEST.timestamp() <= number / units <= (now + MAX_FUTURE).timestamp():
            micros = (
                int(number * 1_000_000) // units if type(number) is int else number / units * 1e6
            )
            return EPOCH + timedelta(microseconds=round(micros))
    return None


def _in_utc(value: datetime) -> datetime:
    utc = value.astimezone(UTC)
    return datetime(
        utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC
    )


def _with_zone(value: datetime, now: datetime, problems: Problems) -> datetime | None:
    """Add the zone to a naive time; return None if it is ambiguous."""
    in_utc, local = value.replace(tzinfo=UTC), value.replace(tzinfo=None).astimezone()
    if in_utc == local or abs(in_utc - now) <= MAX_LOCAL_DIFFERENCE:
        problems.append(
            ("", f"{describe_value(value)} has no time zone and is taken as UTC. {AWARE_HINT}")
        )
        return in_utc
    if abs(local - now) <= MAX_LOCAL_DIFFERENCE:
        problems.append(
            ("", f"{describe_value(value)} has no time zone and is taken as local. {AWARE_HINT}")
        )
        return local
    problems.append(("", f"{describe_value(value)} has no time zone. {AWARE_HINT}"))
    return None

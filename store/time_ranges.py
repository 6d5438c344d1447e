"""Durations and time ranges as callers write them: 90m, 24h, 7d, 2w, PT1H, all."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

SHORT = re.compile(r"(\d{1,9})\s?([smhdw])", re.ASCII | re.IGNORECASE)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
ISO = re.compile(
    r"P(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,12})(?:\.(?P<microseconds>\d{1,6}))?S)?)?",
    re.ASCII,
)
ALL = "all"
NAMED = re.compile(r"(?:last_)?(.+)", re.ASCII | re.IGNORECASE)
"""Ranges may be written as constants, too: LAST_24H, ALL."""
MAX_VALUE_CHARS = 80
"""Characters of a refused value that a message repeats."""


def message_for(value: Any) -> str:
    text = repr(value)
    text = text if len(text) <= MAX_VALUE_CHARS else text[:MAX_VALUE_CHARS] + "..."
    return f"Invalid duration {text}. Use 90m, 24h, 7d or 2w."


def parse_duration(value: Any) -> timedelta:
    """Return the duration of 90m, 24h, 7d, 2w, or of ISO 8601 weeks to seconds; raise ValueError."""
    duration = _duration(value) if isinstance(value, str) else None
    if duration is None:
        raise ValueError(message_for(value))
    return duration


def _duration(text: str) -> timedelta | None:
    short = SHORT.fullmatch(text)
    try:
        if short is not None:
            return timedelta(**{UNITS[short[2].lower()]: int(short[1])})
        iso = ISO.fullmatch(text)
        parts = {name: digits for name, digits in iso.groupdict().items() if digits} if iso else {}
        if not parts:
            return None
        fraction = parts.pop("microseconds", "").ljust(6, "0")
        return timedelta(microseconds=int(fraction), **{k: int(v) for k, v in parts.items()})
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A span that ends now, by the name it was asked for with; ``length`` None is everything."""

    name: str
    length: timedelta | None

    def since(self, now: datetime) -> datetime | None:
        if self.length is None:
            return None
        try:
            return now - self.length
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    def __str__(self) -> str:
        return self.name


def parse_time_range(value: Any) -> TimeRange:
    named = NAMED.fullmatch(value) if isinstance(value, str) else None
    text = named[1] if named is not None else ""
    if text.lower() == ALL:
        return TimeRange(ALL, None)
    length = _duration(text)
    if length is None:
        raise ValueError(f"{message_for(value)} Use all for everything.")
    short = SHORT.fullmatch(text)
    return TimeRange(f"{int(short[1])}{short[2].lower()}" if short else text, length)

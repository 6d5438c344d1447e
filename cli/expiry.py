"""Expiry times of API keys: 90d, 12h, a date or an instant."""

import re
from datetime import UTC, datetime, timedelta

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
RELATIVE = re.compile(r"(\d{1,6})([hdw])")
ACCEPTED_FORMS = (
    "Use 12h, 90d or 52w from now, a date such as 2030-12-31, or 2030-12-31T18:00+01:00."
)


def parse_expiry(text: str, now: datetime) -> datetime:
    """Return the instant of expiry; raise ``ValueError`` with the accepted forms.

    A date means its end in UTC, so that a key works on its last day.
    """
    try:
        relative = RELATIVE.fullmatch(text.strip().lower())
        expires = (
            now + int(relative[1]) * UNITS[relative[2]] if relative else _calendar(text.strip())
        )
    except OverflowError:
        raise ValueError(f"{text} is after the year 9999. {ACCEPTED_FORMS}") from None
    if expires <= now:
        raise ValueError(f"{text} is not in the future. {ACCEPTED_FORMS}")
    return expires


def _calendar(text: str) -> datetime:
    try:
        expires = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time. {ACCEPTED_FORMS}") from None
    if "T" not in text.upper() and " " not in text:
        return expires.replace(tzinfo=UTC) + timedelta(days=1)
    if expires.tzinfo is None:
        raise ValueError(f"{text} has no time zone. Add Z for UTC, or an offset such as +01:00.")
    return expires.astimezone(UTC)

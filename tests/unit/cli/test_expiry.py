"""When a key expires, in the ways people write it."""

from datetime import UTC, datetime

import pytest

from cli.expiry import parse_expiry

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("12h", datetime(2026, 12, 1, 0, tzinfo=UTC)),
        ("90d", datetime(2027, 2, 28, 12, tzinfo=UTC)),
        ("1W", datetime(2026, 12, 7, 12, tzinfo=UTC)),
        ("2026-11-30", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2027-01-31T18:00+01:00", datetime(2027, 1, 31, 17, tzinfo=UTC)),
        ("2027-01-31T18:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
    ],
)
def test_forms(text: str, expires: datetime) -> None:
    assert parse_expiry(text, NOW) == expires


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "is not a time. Use 12h, 90d"),
        ("-1d", "is not a time"),
        ("0d", "is not in the future"),
        ("2026-11-29", "is not in the future"),
        ("2027-01-31T18:00", "has no time zone"),
        ("9999-12-31", "after the year 9999"),
        ("999999w", "after the year 9999"),
    ],
)
def test_what_cannot_be_meant(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_expiry(text, NOW)
